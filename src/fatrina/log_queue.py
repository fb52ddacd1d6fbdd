"""A bounded queue in front of the log, so that a blocked log never blocks a request."""

import json
import os
import select
import threading
from queue import Empty, SimpleQueue
from time import sleep
from typing import Final

_MAX_QUEUED_LINES: Final = 4096
_MAX_BATCH_LINES: Final = 2048
"""Maximum lines per write to the file."""
_PAUSE_SECONDS: Final = 0.01
"""Time between two writes, in which lines are collected: each write interrupts the event loop."""


class LogQueue:
    """File-like object with a background writer thread: `write` never blocks and never raises."""

    def __init__(self, descriptor: int) -> None:
        """Start the thread that writes to the open file `descriptor`."""
        self._descriptor = descriptor
        self._queue: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._rejected = 0  # updated by threads that log; they hold structlog's lock
        self._failed = 0  # updated by the writer thread
        self._is_mid_line = False
        threading.Thread(target=self._run, name="log", daemon=True).start()

    @property
    def dropped(self) -> int:
        """The number of lines dropped because the queue was full or the file was not writable."""
        return self._rejected + self._failed

    def write(self, line: bytes) -> int:
        """Queue one line, or drop it if the queue already holds 4,096 lines."""
        if self._queue.qsize() < _MAX_QUEUED_LINES:
            self._queue.put(line)
        else:
            self._rejected += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: the writer thread writes as soon as possible."""

    def close(self, seconds: float) -> None:
        """Wait until all queued lines are written, at most `seconds`."""
        done = threading.Event()
        self._queue.put(done)
        done.wait(seconds)

    def _run(self) -> None:
        reported = 0
        while True:
            lines, done = self._next_batch()
            dropped = self.dropped
            if dropped > reported:
                lines = [_dropped_line(dropped - reported), *lines]
            if lines and self._write_all(b"".join(lines)):
                reported = dropped
            else:
                self._failed += len(lines) - (dropped > reported)
            if done is not None:
                done.set()
            else:
                sleep(_PAUSE_SECONDS)

    def _next_batch(self) -> tuple[list[bytes], threading.Event | None]:
        """Wait for lines; return at most one batch of them, and the event of `close`, if any."""
        lines: list[bytes] = []
        item = self._queue.get()
        while not isinstance(item, threading.Event):
            lines.append(item)
            if len(lines) == _MAX_BATCH_LINES:
                return lines, None
            try:
                item = self._queue.get_nowait()
            except Empty:
                return lines, None
        return lines, item

    def _write_all(self, data: bytes) -> bool:
        """Write all of `data`; return false if the file is not writable."""
        remaining = memoryview(b"\n" + data if self._is_mid_line else data)
        has_started = False
        while remaining:
            try:
                remaining = remaining[os.write(self._descriptor, remaining) :]
                has_started = True
            except BlockingIOError:  # the reader of the pipe made it non-blocking
                select.select([], [self._descriptor], [])
            except (OSError, ValueError):
                self._is_mid_line = self._is_mid_line or has_started
                return False
        self._is_mid_line = False
        return True


def _dropped_line(count: int) -> bytes:
    line = {"count": count, "event": "log_lines_dropped", "level": "warning"}
    return json.dumps(line).encode() + b"\n"
