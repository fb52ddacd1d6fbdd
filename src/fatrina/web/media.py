"""Image files: immutable, with conditional and range requests and CORS for every origin."""

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

NAME_GROUPS: Final = rf"([A-Za-z0-9]{{40}})\.({'|'.join(kind.value for kind in ImageFormat)})"
"""Pattern of a file name, with groups for the tag and the extension."""
NAME_PATTERN: Final = NAME_GROUPS.replace("(", "(?:")

_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))", re.IGNORECASE)

# A name always refers to the same bytes, so caches may keep them permanently. Files come from
# users: without sniffing and scripts, no browser treats one as a page.
CACHING_AND_SECURITY_HEADERS: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"accept-ranges", b"bytes"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
)


class ByteRange(NamedTuple):
    """A half-open range of bytes: [start, stop)."""

    start: int
    stop: int


class Media:
    """ASGI application that serves stored images."""

    def __init__(self, services: Services) -> None:
        """Serve the images in the storage of `services`."""
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a GET or HEAD request.

        Raises:
            errors.NotFound: there is no such image.
            errors.RangeNotSatisfiable: the range begins after the end of the file.
        """
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
    headers = [(b"etag", etag.encode()), *CACHING_AND_SECURITY_HEADERS]
    if _etag_matches(request.headers.get("if-none-match", ""), etag):
        await _send_empty(send, 304, headers)
        return
    image_format = ImageFormat(name.rpartition(".")[2])
    headers.append((b"content-type", image_format.media_type.encode()))
    byte_range = _requested_range(request, etag, image.size)
    start, stop = byte_range or ByteRange(0, image.size)
    if byte_range is not None:
        content_range = f"bytes {start}-{stop - 1}/{image.size}"
        headers.append((b"content-range", content_range.encode()))
    headers.append((b"content-length", str(stop - start).encode()))
    await send(
        {"type": "http.response.start", "status": 206 if byte_range else 200, "headers": headers}
    )
    if request.method == "HEAD":
        start = stop
    if start == stop:
        await send({"type": "http.response.body", "body": b""})
    inline = is_local and image.size <= CHUNK_BYTES  # reading a larger file may wait for a disk
    remaining, chunks = stop - start, image.chunks(start, stop)
    while remaining:
        data = next(chunks, b"") if inline else await run_sync(next, chunks, b"")
        if not data:
            raise OSError(errno.EIO, "The stored file is shorter than expected", name)
        remaining -= len(data)
        await send({"type": "http.response.body", "body": data, "more_body": remaining > 0})


async def _send_empty(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _etag_matches(condition: str, etag: str) -> bool:
    """Return True if `If-None-Match` has the tag (RFC 9110, section 13.1.2: weak comparison)."""
    tags = (each.strip().removeprefix("W/") for each in condition[:8192].split(","))
    return any(each in (etag, "*") for each in tags)


def _requested_range(request: Request, etag: str, size: int) -> ByteRange | None:
    """Return the requested range; None, for the complete file, without exactly one valid range.

    Raises:
        errors.RangeNotSatisfiable: the range begins after the end of the file.
    """
    condition = request.headers.get("if-range")
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.method != "GET" or condition not in {None, etag}:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        first, last = str(max(0, size - int(suffix)) if int(suffix) else size), ""
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < start:
        return None  # RFC 9110, section 14.1.1: an invalid range is ignored
    if start >= size:
        raise errors.RangeNotSatisfiable(size=size)
    return ByteRange(start, stop)
