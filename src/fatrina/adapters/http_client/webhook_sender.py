"""Send a webhook to another host and return the status of the response."""

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
"""Concurrent name lookups: twice the number of concurrent messages, so that names whose servers
never respond leave slots for others, although such a lookup outlives its message."""


class WebhookSender:
    """Sends JSON; thread-safe. It keeps no cookies and no connections."""

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
        """Close every connection; no further message is sent."""
        with self._lock:
            self._closed = True
            connections = list(self._open_connections)
        for connection in connections:
            connection.shut_down()

    def post(self, url: str, headers: Headers, body: bytes) -> int:
        """Send `body` and return the status of the response; the rest of the response is not read.

        `seconds` of wall-clock time are the limit for everything. Redirects are not followed.

        Raises:
            errors.LinkError: a subclass for each failure.
        """
        link = parse(url)
        with (
            self._connector.connect(link, Deadline(self._seconds)) as connection,
            self._registered(connection),
        ):
            length = ("Content-Length", str(len(body)))
            response = Exchange(connection).request(
                link, [*self._headers, length, *headers], "POST", body
            )
            return response.status_code

    @contextmanager
    def _registered(self, connection: Connection) -> Iterator[None]:
        """Register a connection so that `close` can close it."""
        with self._lock:
            if self._closed:
                raise errors.LinkUnreachable
            self._open_connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open_connections.discard(connection)
