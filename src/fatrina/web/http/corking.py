"""Corking: send the head of a response and the start of its body in one packet."""

import asyncio
from typing import Any, Final

_STATUS_LINE: Final = b"HTTP/1.1 "
_INTERIM_STATUS_LINE: Final = b"HTTP/1.1 1"  # 100 Continue: the client is waiting for it
_END_OF_HEAD: Final = b"\r\n\r\n"
_MAX_COPY_BYTES: Final = 65_536
"""Largest body chunk in bytes that is copied to save a packet."""


class CorkedTransport(asyncio.Transport):
    """A transport that buffers the head of a response until its first body chunk is written.

    Two packets wake the client twice, which makes a thumbnail 25% more expensive.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Buffer a response head; write other bytes, after the buffered head if there is one."""
        data = bytes(data)
        if self._head and len(data) <= _MAX_COPY_BYTES:
            data, self._head = self._head + data, b""
        elif (
            data.startswith(_STATUS_LINE)
            and not data.startswith(_INTERIM_STATUS_LINE)
            and data.endswith(_END_OF_HEAD)
        ):
            self.flush()
            self._head = data
            return
        self.flush()
        self._transport.write(data)

    def write_response(self, response: bytes) -> None:
        """Write a complete response."""
        self.flush()
        self._transport.write(response)

    def flush(self) -> None:
        """Write the buffered head; the response has no more data."""
        kept, self._head = self._head, b""
        if kept:
            self._transport.write(kept)

    def close(self) -> None:
        """Close the connection after all data has been sent."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection immediately."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Return True if the connection is closing or closed."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Stop reading from the client."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading from the client."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return information about the connection; see asyncio.BaseTransport."""
        return self._transport.get_extra_info(name, default)
