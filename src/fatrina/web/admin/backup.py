"""Admin endpoints that dump and restore all data as one file."""

import os
from contextlib import ExitStack
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fatrina.actions import Services, admin
from fatrina.actions.rate_limits import RateLimiter
from fatrina.actions.receiving import File
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.responses import success

_MAX_DUMP_BYTES: Final = 2**40
"""Maximum bytes of a dump; the limit for all incoming files usually applies before it."""
_CHUNK_BYTES: Final = 262_144


def routes(
    services: Services, rate_limiter: RateLimiter, timeouts: BodyTimeouts
) -> list[AdminRoute]:
    """Return the dump and restore endpoints."""

    async def dump(_: Request) -> Response:
        with ExitStack() as stack:
            file = stack.enter_context(admin.create_file(services))
            await run_sync(admin.dump, services, file)
            return _DumpResponse(file, stack.pop_all())

    async def restore(request: Request) -> Response:
        with admin.create_file(services) as file:
            async for chunk in body.iter_chunks(request, _MAX_DUMP_BYTES, timeouts):
                file.write(chunk)
            count = await run_sync(admin.restore, services, file)
        rate_limiter.reset()
        return success(200, {"pictures": count})

    return [
        AdminRoute("GET", "/dump", "Download all rows and images as a tar archive.", dump),
        AdminRoute("POST", "/restore", "Replace all data with the dump in the body.", restore),
    ]


class _DumpResponse(StreamingResponse):
    """A response that streams a temporary file and then closes it, even if the client is gone."""

    def __init__(self, file: File, stack: ExitStack) -> None:
        size = os.fstat(file.descriptor).st_size
        chunks = (
            os.pread(file.descriptor, _CHUNK_BYTES, offset)
            for offset in range(0, size, _CHUNK_BYTES)
        )
        headers = {
            "Content-Length": str(size),
            "Content-Disposition": 'attachment; filename="fatrina.tar"',
            "Cache-Control": "no-store",
        }
        super().__init__(chunks, 200, headers, media_type="application/x-tar")
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        with self._stack:
            await super().__call__(scope, receive, send)
