"""A pool of decoder processes, one per core, each used by one photo at a time."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from fatrina.adapters.decoder.process import Decoder, Handshake
from fatrina.domain import errors
from fatrina.domain.photo import Limits

_RETRY_AFTER_SECONDS: Final = 2
_QUEUE_TIMEOUT_SECONDS: Final = 30.0  # the queue's length limits it first


class DecoderPool:
    """The decoder processes of one service."""

    def __init__(self, count: int, limits: Limits, max_waiting: int) -> None:
        """Start `count` decoders; at most `max_waiting` photos wait for one."""
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
        """The process ids, for monitoring and measurements."""
        return sorted(decoder.pid for decoder in self._all)

    @property
    def waiting(self) -> int:
        """Number of photos that wait for a decoder now."""
        return self._waiting

    @property
    def internal_errors(self) -> int:
        """Number of unexpected exceptions in decoders."""
        return self._faults

    def count_internal_error(self) -> None:
        """Increment the number of unexpected exceptions."""
        with self._lock:
            self._faults += 1

    def check_capacity(self) -> None:
        """Check that one more photo may wait; called before its bytes are read.

        Raises:
            errors.Busy: too many photos wait already.
        """
        if self._waiting >= self._room:
            raise errors.Busy(retry=_RETRY_AFTER_SECONDS)

    def handshake(self) -> Handshake:
        """Return a decoder's report about itself; wait until one is ready."""
        with self.acquire() as decoder:
            return decoder.handshake()

    @contextmanager
    def acquire(self) -> Iterator[Decoder]:
        """Acquire a ready decoder for one photo; a decoder that has exited is replaced immediately.

        Raises:
            errors.Busy: too many photos wait already, or no decoder became idle in time.
            errors.DecoderFailed: a new decoder did not start.
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
        """Kill all processes; photos in progress are lost."""
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
            except OSError:  # the dead decoder stays in the pool until the next attempt
                return dead
            self._all.discard(dead)
            self._all.add(fresh)
        return fresh
