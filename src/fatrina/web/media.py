"""Image bytes: immutable, conditional, ranged, open to every origin."""

import errno
import re
from contextlib import closing
from typing import Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from fatrina.actions import Services, media
from fatrina.actions.media import CHUNK_BYTES, StoredImage
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat

NAME_PATTERN: Final = rf"[A-Za-z0-9]{{40}}\.(?:{'|'.join(kind.value for kind in ImageFormat)})"

_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))", re.IGNORECASE)

# A name is never used for other bytes, so a copy is good for ever. Nothing served here may act as
# a page: no sniffing, no scripts, whatever the bytes were made to look like.
_HEADERS: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"accept-ranges", b"bytes"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
)


class ByteRange(NamedTuple):
    """Which bytes are asked for: [start, stop)."""

    start: int
    stop: int


class Media:
    """The application behind every picture's URL."""

    def __init__(self, services: Services) -> None:
        """Serve what `parts` store."""
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one GET or HEAD; errors.NotFound when there is no such picture."""
        request = Request(scope, receive)
        code, name = scope["path_params"]["code"], scope["path_params"]["name"]
        with closing(await self._open(code, name)) as image:
            await _respond(request, image, name, send, is_local=media.is_local(self._services))

    async def _open(self, code: str, name: str) -> StoredImage:
        if media.is_local(self._services):
            return media.open_image(self._services, code, name)
        return await run_sync(media.open_image, self._services, code, name)


async def _respond(
    request: Request, image: StoredImage, name: str, send: Send, *, is_local: bool
) -> None:
    etag = f'"{name.partition(".")[0]}"'
    headers = [(b"etag", etag.encode()), *_HEADERS]
    if _etag_matches(request.headers.get("if-none-match", ""), etag):
        await _send_empty(send, 304, headers)
        return
    image_format = ImageFormat(name.rpartition(".")[2])
    headers.append((b"content-type", image_format.media_type.encode()))
    byte_range = _requested_range(request, etag, image.size)
    part = byte_range or ByteRange(0, image.size)
    start, stop = part
    if byte_range is not None:
        span = f"bytes {start}-{stop - 1}/{image.size}"
        headers.append((b"content-range", span.encode()))
    headers.append((b"content-length", str(stop - start).encode()))
    await send(
        {"type": "http.response.start", "status": 206 if byte_range else 200, "headers": headers}
    )
    if request.method == "HEAD":
        start = stop
    if start == stop:
        await send({"type": "http.response.body", "body": b""})
    inline = is_local and image.size <= CHUNK_BYTES  # a larger one may come from a disk that sleeps
    left, pieces = stop - start, image.chunks(start, stop)
    while left:
        data = next(pieces, b"") if inline else await run_sync(next, pieces, b"")
        if not data:
            raise OSError(errno.EIO, "A stored file ends early", name)
        left -= len(data)
        await send({"type": "http.response.body", "body": data, "more_body": left > 0})


async def _send_empty(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _etag_matches(condition: str, etag: str) -> bool:
    """RFC 9110, 13.1.2: weak comparison with any of a list."""
    tags = (each.strip().removeprefix("W/") for each in condition[:8192].split(","))
    return any(each in (etag, "*") for each in tags)


def _requested_range(request: Request, etag: str, size: int) -> ByteRange | None:
    """The one range asked for; None, which is all of it, when none or several are."""
    condition = request.headers.get("if-range")
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.method != "GET" or condition not in {None, etag}:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        first, last = str(max(0, size - int(suffix)) if int(suffix) else size), ""
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < start:
        return None  # RFC 9110, 14.1.1: an invalid range is ignored
    if start >= size:
        raise errors.RangeNotSatisfiable(size=size)
    return ByteRange(start, stop)
