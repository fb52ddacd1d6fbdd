"""A request's body as it arrives: bounded in bytes, in silence and in time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from fatrina.domain import errors

_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class BodyTimeouts:
    """How slowly a body may come."""

    idle: float = 30.0
    """Seconds without a byte after which it is cut."""
    total: float = 600.0
    """Seconds that all of it may take."""


def content_length(request: Request) -> int:
    """The length that the request declares; 0 when it declares none."""
    value = request.headers.get("content-length", "")
    return int(value) if value and set(value) <= _DIGITS else 0


async def iter_chunks(
    request: Request, max_bytes: int, timeouts: BodyTimeouts
) -> AsyncIterator[bytes]:
    """The body, piece by piece; of an upload that stands still not even the last is kept.

    Raises:
        errors.PayloadTooLarge: more than `limit` bytes came.
        errors.RequestTimeout: it stood still, or took too long as a whole.
        errors.IncompleteBody: the client left.
    """
    loop = asyncio.get_running_loop()
    end, size = loop.time() + timeouts.total, 0
    while True:
        seconds = min(timeouts.idle, end - loop.time())
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
    """A small body in one piece; raises as `chunks` does."""
    return b"".join([piece async for piece in iter_chunks(request, max_bytes, timeouts)])
