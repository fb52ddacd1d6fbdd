"""As many decoders as there are cores, each lent to one photo at a time."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from fatrina.adapters.decoder.process import Decoder, Handshake
from fatrina.domain import errors
from fatrina.domain.photo import Limits

_RETRY_AFTER_SECONDS: Final = 2
_QUEUE_TIMEOUT_SECONDS: Final = (
    30.0  # seconds a photo waits for a decoder; the queue's length bounds it first
)


class DecoderPool:
    """The decoders of one service."""

    def __init__(self, count: int, limits: Limits, max_waiting: int) -> None:
        """Start `count` decoders, for which at most `room` photos wait."""
        self.limits = limits
        self._room = max_waiting
        self._waiting = 0
        self._faults = 0
        self._closed = False
        self._lock = Lock()
        self._idle: queue.SimpleQueue[Decoder] = queue.SimpleQueue()
        self._all = {Decoder(limits.memory) for _ in range(count)}
        for decoder in self._all:
            self._idle.put(decoder)

    @property
    def pids(self) -> list[int]:
        """The processes' ids, for those who watch or measure them."""
        return sorted(decoder.pid for decoder in self._all)

    @property
    def waiting(self) -> int:
        """How many photos wait for a decoder now."""
        return self._waiting

    @property
    def internal_errors(self) -> int:
        """How many exceptions that nothing expects decoders have met."""
        return self._faults

    def count_internal_error(self) -> None:
        """Count one of them."""
        with self._lock:
            self._faults += 1

    def check_capacity(self) -> None:
        """Pass when one photo more may wait; asked before its bytes are read.

        Raises:
            errors.Busy: too many wait already.
        """
        if self._waiting >= self._room:
            raise errors.Busy(retry=_RETRY_AFTER_SECONDS)

    def handshake(self) -> Handshake:
        """What a decoder says of itself; waits until one is ready."""
        with self.acquire() as decoder:
            return decoder.handshake()

    @contextmanager
    def acquire(self) -> Iterator[Decoder]:
        """Lend a ready decoder for one photo; one that died is replaced at once.

        Raises:
            errors.Busy: too many photos wait already, or none came free in time.
            errors.DecoderFailed: a new one did not come up.
        """
        decoder = self._take_idle()
        try:
            if not decoder.alive:
                decoder = self._replace(decoder)
            decoder.handshake()
            yield decoder
        finally:
            if not decoder.alive:
                decoder = self._replace(decoder)
            self._idle.put(decoder)

    def close(self) -> None:
        """End all the processes; photos in work are lost."""
        with self._lock:
            self._closed = True
            everyone = [*self._all]
        for decoder in everyone:
            decoder.kill()

    def _take_idle(self) -> Decoder:
        with self._lock:
            self.check_capacity()
            self._waiting += 1
        try:
            return self._idle.get(timeout=_QUEUE_TIMEOUT_SECONDS)
        except queue.Empty:
            raise errors.Busy(retry=_RETRY_AFTER_SECONDS) from None
        finally:
            with self._lock:
                self._waiting -= 1

    def _replace(self, dead: Decoder) -> Decoder:
        dead.kill()
        with self._lock:
            if self._closed:
                return dead
            try:
                fresh = Decoder(self.limits.memory)
            except OSError:  # no process now: the dead one holds the place for the next try
                return dead
            self._all.discard(dead)
            self._all.add(fresh)
        return fresh
