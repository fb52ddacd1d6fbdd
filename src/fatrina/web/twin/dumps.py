"""Controls of the whole as one file: dump it, put it back."""

import os
from contextlib import ExitStack
from functools import partial
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fatrina.actions import Parts, dumping
from fatrina.actions.dumping import DumpError
from fatrina.actions.ingest import File
from fatrina.actions.limits import Counter
from fatrina.domain import errors
from fatrina.web import body
from fatrina.web.answers import done
from fatrina.web.body import Pace
from fatrina.web.twin.gate import Control

_LARGEST: Final = 2**40
"""Bytes of a dump; before that, there is the room for all that arrives."""
_PIECE: Final = 262_144


def controls(parts: Parts, counter: Counter, pace: Pace) -> list[Control]:
    """The controls of the whole as one file."""

    async def dump(_: Request) -> Response:
        with ExitStack() as stack:
            file = stack.enter_context(parts.spool.new())
            await run_sync(_dump, parts, file)
            return _Archive(file, stack.pop_all())

    async def restore(request: Request) -> Response:
        with parts.spool.new() as file:
            async for piece in body.chunks(request, _LARGEST, pace):
                file.write(piece)
            made = await run_sync(partial(_restore, parts, file))
        counter.forget()
        return done(200, {"pictures": made})

    return [
        Control("GET", "/dump", "Every row and every picture, as a tar archive.", dump),
        Control("POST", "/restore", "Put a dump, the body, in the place of all.", restore),
    ]


def _dump(parts: Parts, file: File) -> None:
    try:
        with open(file.descriptor, "wb", closefd=False) as out:
            dumping.dump(parts.database, parts.storage, out, _nothing)
    except DumpError as wrong:  # stored files are missing
        raise errors.StorageDown from wrong


def _restore(parts: Parts, file: File) -> int:
    try:
        with open(file.descriptor, "rb", closefd=False) as source:
            everything = parts.database, parts.storage, parts.housekeeping, parts.spool
            return dumping.restore(*everything, source, _nothing)
    except DumpError as wrong:
        raise errors.Invalid(errors.DumpRefused("dump", problem=str(wrong))) from wrong


def _nothing() -> None:
    """Tell nobody how far it is."""


class _Archive(StreamingResponse):
    """Sends a file, and then lets go of it, whether or not anybody took it."""

    def __init__(self, file: File, held: ExitStack) -> None:
        size = os.fstat(file.descriptor).st_size
        pieces = (os.pread(file.descriptor, _PIECE, at) for at in range(0, size, _PIECE))
        headers = {
            "Content-Length": str(size),
            "Content-Disposition": 'attachment; filename="fatrina.tar"',
            "Cache-Control": "no-store",
        }
        super().__init__(pieces, 200, headers, media_type="application/x-tar")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._held:
            await super().__call__(scope, receive, send)
