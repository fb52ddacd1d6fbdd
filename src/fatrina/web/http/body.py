"""Request bodies as streams, limited in size, idle time and total time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from fatrina.domain import errors

_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class BodyTimeouts:
    """Timeouts for receiving a request body."""

    idle: float = 30.0
    """Maximum seconds between two chunks."""
    total: float = 600.0
    """Maximum seconds for the complete body."""


def content_length(request: Request) -> int:
    """Return the request's Content-Length in bytes, or 0 if it is absent or malformed."""
    value = request.headers.get("content-length", "")
    return int(value) if value and set(value) <= _DIGITS else 0


async def iter_chunks(
    request: Request, max_bytes: int, timeouts: BodyTimeouts
) -> AsyncIterator[bytes]:
    """Yield the chunks of the body without buffering, so a stalled upload holds no memory.

    Raises:
        errors.PayloadTooLarge: the body has more than `max_bytes` bytes.
        errors.RequestTimeout: the idle or the total timeout has expired.
        errors.IncompleteBody: the client has disconnected.
    """
    loop = asyncio.get_running_loop()
    deadline, size = loop.time() + timeouts.total, 0
    while True:
        seconds = min(timeouts.idle, deadline - loop.time())
        try:
            async with asyncio.timeout(seconds):
                message = await request.receive()
        except TimeoutError:
            raise errors.RequestTimeout(seconds=timeouts.idle) from None
        if message["type"] == "http.disconnect":
            raise errors.IncompleteBody
        size += len(message.get("body", b""))
        if size > max_bytes:
            raise errors.PayloadTooLarge(limit=max_bytes)
        last = not message.get("more_body", False)
        if message.get("body"):
            yield message.pop("body")
        if last:
            return


async def read_body(request: Request, max_bytes: int, timeouts: BodyTimeouts) -> bytes:
    """Return a complete small body; raises the same errors as `iter_chunks`."""
    return b"".join([chunk async for chunk in iter_chunks(request, max_bytes, timeouts)])
