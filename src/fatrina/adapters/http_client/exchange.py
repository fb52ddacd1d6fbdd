"""One HTTP/1.1 request and its response on one connection, with h11 as the protocol parser."""

from collections.abc import Iterator
from typing import Final

import h11

from fatrina.adapters.http_client.connection import Connection
from fatrina.domain import errors
from fatrina.domain.link import Link

MAX_HEAD_BYTES: Final = 65_536
"""Maximum bytes of a status line with its headers, of a chunk's header, or of trailers."""
MAX_INTERIM_RESPONSES: Final = 8
"""Maximum 1xx responses before the final one; more are treated as a flood."""
MAX_SMALL_CHUNKS: Final = 10_000
"""Small chunks tolerated before the average chunk must reach SMALL_CHUNK_BYTES.

One-byte chunks would keep a core busy until the deadline: 200,000 per second, measured.
"""
SMALL_CHUNK_BYTES: Final = 128

Headers = list[tuple[str, str]]


class Exchange:
    """A request and its response; call `request` first, then `body`.

    Both raise `errors.LinkInvalidResponse` for a response that is not HTTP/1.1, is truncated, has
    headers without end or comes in chunks that are too small, and the errors of the connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def request(
        self, link: Link, headers: Headers, method: str = "GET", body: bytes = b""
    ) -> h11.Response:
        """Send a request with only `headers` and Host; return the head of the response."""
        request = h11.Request(
            method=method, target=link.target, headers=[("Host", link.authority), *headers]
        )
        events = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        self._connection.write(b"".join(self._protocol.send(event) or b"" for event in events))
        for _ in range(MAX_INTERIM_RESPONSES):
            event = self._next_event()
            if isinstance(event, h11.Response):
                return event
        raise errors.LinkInvalidResponse

    def body(self) -> Iterator[bytes]:
        """Yield the body's bytes as they arrive, without the framing."""
        chunks = size = 0
        while isinstance(event := self._next_event(), h11.Data):
            chunks, size = chunks + 1, size + len(event.data)
            if chunks > MAX_SMALL_CHUNKS + size // SMALL_CHUNK_BYTES:
                raise errors.LinkInvalidResponse
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise errors.LinkInvalidResponse

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                self._protocol.receive_data(self._connection.read())
        except h11.ProtocolError as exc:
            raise errors.LinkInvalidResponse from exc
        return event
