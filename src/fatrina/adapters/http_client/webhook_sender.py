"""Post a message to another host, and hear what it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from fatrina.adapters.http_client.connection import Connection, Deadline
from fatrina.adapters.http_client.connector import Connector
from fatrina.adapters.http_client.exchange import Exchange, Headers
from fatrina.domain import errors
from fatrina.domain.address_policy import AddressPolicy
from fatrina.domain.link import parse

MAX_LOOKUPS: Final = 256
"""Lookups of names at once: twice the messages at once, so that names whose servers never answer
leave places for others, though such a lookup outlives its message."""


class WebhookSender:
    """Posts JSON; one serves all threads. It keeps no cookie and no connection."""

    def __init__(self, *, policy: AddressPolicy, seconds: float = 30, user_agent: str) -> None:
        self._connector = Connector(policy, MAX_LOOKUPS)
        self._seconds = seconds
        self._headers: Headers = [
            ("User-Agent", user_agent),
            ("Content-Type", "application/json"),
            ("Connection", "close"),
        ]
        self._lock = Lock()
        self._open_connections: set[Connection] = set()
        self._closed = False

    def close(self) -> None:
        """Cut every connection; no further message is sent."""
        with self._lock:
            self._closed = True
            lines = list(self._open_connections)
        for line in lines:
            line.shut_down()

    def post(self, url: str, headers: Headers, body: bytes) -> int:
        """Send `body`; the status of the answer, of which no more is read.

        `seconds` of wall-clock time are for all of it. No redirect is followed.

        Raises:
            errors.LinkError: one of its leaves.
        """
        link = parse(url)
        with self._connector.connect(link, Deadline(self._seconds)) as line, self._registered(line):
            length = ("Content-Length", str(len(body)))
            answer = Exchange(line).request(link, [*self._headers, length, *headers], "POST", body)
            return answer.status_code

    @contextmanager
    def _registered(self, line: Connection) -> Iterator[None]:
        """List a connection among those that `close` cuts."""
        with self._lock:
            if self._closed:
                raise errors.LinkUnreachable
            self._open_connections.add(line)
        try:
            yield
        finally:
            with self._lock:
                self._open_connections.discard(line)
