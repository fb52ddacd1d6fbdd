"""One request over one line: h11 knows the protocol, the line keeps the time."""

from collections.abc import Iterator
from typing import Final

import h11

from fatrina.adapters.http_client.connection import Connection
from fatrina.domain import errors
from fatrina.domain.link import Link

MAX_HEAD_BYTES: Final = 65_536
"""Bytes of a status line with its headers, of a chunk's own line, or of trailers."""
MAX_INTERIM_RESPONSES: Final = 8
"""Answers of class 1xx before the real one; more are a flood."""
MAX_SMALL_CHUNKS: Final = 10_000
"""Pieces of a body that may be small; the rest have to have `CRUMB` bytes on the average.

One-byte chunks would keep a core busy for the whole budget: 200,000 a second, measured.
"""
SMALL_CHUNK_BYTES: Final = 128

Headers = list[tuple[str, str]]


class Exchange:
    """A request and its answer; `ask` first, then `body`.

    Both raise `errors.LinkInvalidResponse` for an answer that is not HTTP/1.1, is cut short, has a
    head without end or comes in crumbs, and what the line raises.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def request(
        self, link: Link, headers: Headers, method: str = "GET", body: bytes = b""
    ) -> h11.Response:
        """Send a request with `headers` and no others but Host; return the head of the answer."""
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
        """Give the body's bytes as they come, without the framing."""
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
        except h11.ProtocolError as broken:
            raise errors.LinkInvalidResponse from broken
        return event
