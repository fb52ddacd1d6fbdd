"""Post a message to another host, and hear what it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from fatrina.adapters.download.exchange import Exchange, Headers
from fatrina.adapters.download.line import Budget, Line
from fatrina.adapters.download.reach import Reach
from fatrina.domain import errors
from fatrina.domain.address import Allow
from fatrina.domain.link import parse

LOOKUPS: Final = 256
"""Lookups of names at once: twice the messages at once, so that names whose servers never answer
leave places for others, though such a lookup outlives its message."""


class Messenger:
    """Posts JSON; one serves all threads. It keeps no cookie and no connection."""

    def __init__(self, *, allow: Allow, seconds: float = 30, user_agent: str) -> None:
        self._reach = Reach(allow, LOOKUPS)
        self._seconds = seconds
        self._headers: Headers = [
            ("User-Agent", user_agent),
            ("Content-Type", "application/json"),
            ("Connection", "close"),
        ]
        self._lock = Lock()
        self._open: set[Line] = set()
        self._closed = False

    def close(self) -> None:
        """Cut every connection; no further message is sent."""
        with self._lock:
            self._closed = True
            lines = list(self._open)
        for line in lines:
            line.cut()

    def post(self, url: str, headers: Headers, body: bytes) -> int:
        """Send `body`; the status of the answer, of which no more is read.

        `seconds` of wall-clock time are for all of it. No redirect is followed.

        Raises:
            errors.LinkRefused: one of its leaves.
        """
        link = parse(url)
        with self._reach.line(link, Budget(self._seconds)) as line, self._listed(line):
            length = ("Content-Length", str(len(body)))
            answer = Exchange(line).ask(link, [*self._headers, length, *headers], "POST", body)
            return answer.status_code

    @contextmanager
    def _listed(self, line: Line) -> Iterator[None]:
        """List a connection among those that `close` cuts."""
        with self._lock:
            if self._closed:
                raise errors.LinkUnreachable
            self._open.add(line)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(line)
