"""A queue between the service and its log, so that a log nobody reads never stops a request."""

import json
import os
import select
import threading
from queue import Empty, SimpleQueue
from typing import Final

_LINES: Final = 4096
_BATCH: Final = 256
"""Lines that one call of `write` takes at most."""


class LogQueue:
    """A file that is written by a thread of its own: `write` never blocks and never raises."""

    def __init__(self, descriptor: int) -> None:
        """Write to the open file `descriptor` from now on."""
        self._descriptor = descriptor
        self._waiting: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._rejected = 0  # written by the threads that log, which hold structlog's lock
        self._failed = 0  # written by the thread that writes
        self._within_line = False
        threading.Thread(target=self._run, name="log", daemon=True).start()

    @property
    def dropped(self) -> int:
        """How many lines were dropped, as the queue was full or the file could not be written."""
        return self._rejected + self._failed

    def write(self, line: bytes) -> int:
        """Take one line; drop it when 4,096 lines are waiting."""
        if self._waiting.qsize() < _LINES:
            self._waiting.put(line)
        else:
            self._rejected += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: the thread writes as soon as it can."""

    def close(self, seconds: float) -> None:
        """Wait until all lines are written, but no longer than `seconds`."""
        done = threading.Event()
        self._waiting.put(done)
        done.wait(seconds)

    def _run(self) -> None:
        reported = 0
        while True:
            lines, done = self._batch()
            dropped = self.dropped
            if dropped > reported:
                lines = [_dropped_line(dropped - reported), *lines]
            if lines and self._write_all(b"".join(lines)):
                reported = dropped
            else:
                self._failed += len(lines) - (dropped > reported)
            if done is not None:
                done.set()

    def _batch(self) -> tuple[list[bytes], threading.Event | None]:
        """Wait for a line, and take what else is waiting."""
        lines: list[bytes] = []
        each = self._waiting.get()
        while not isinstance(each, threading.Event):
            lines.append(each)
            if len(lines) == _BATCH:
                return lines, None
            try:
                each = self._waiting.get_nowait()
            except Empty:
                return lines, None
        return lines, each

    def _write_all(self, data: bytes) -> bool:
        """Write all of `data`; False when the file cannot be written."""
        left = memoryview(b"\n" + data if self._within_line else data)
        begun = False
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
                begun = True
            except BlockingIOError:  # a pipe that its reader made non-blocking
                select.select([], [self._descriptor], [])
            except (OSError, ValueError):
                self._within_line = self._within_line or begun
                return False
        self._within_line = False
        return True


def _dropped_line(count: int) -> bytes:
    line = {"count": count, "event": "log_lines_dropped", "level": "warning"}
    return json.dumps(line).encode() + b"\n"
