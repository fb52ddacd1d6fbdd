"""A client that is answered before its body is whole gets to read the answer.

To close a connection on which bytes still arrive is to reset it, and a reset throws away what the
client has not read yet: so a refusal goes out at once, and what comes after it is dropped.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Seconds without a byte, and of dropping in all: as nginx lingers.
_IDLE_SECONDS: Final = 5.0
_TOTAL_SECONDS: Final = 30.0
_BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
_CLOSE: Final = (b"connection", b"close")


class LingeringClose:
    """Drops the rest of a body once its answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        """Linger behind the answers of `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        headers = dict(scope["headers"])
        if headers.keys().isdisjoint(_BODY_HEADERS):  # RFC 9112, 6.3: then there is no body
            await self._app(scope, receive, send)
            return
        body = _RequestBody(
            receive, requested=headers.get(b"expect", b"").lower() != b"100-continue"
        )

        async def send_and_drain(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Of a body that nobody asked for the client alone knows whether it still comes.
                body.complete |= not body.requested or _CLOSE in message["headers"]
                if not body.requested:
                    message["headers"].append(_CLOSE)
            elif not message.get("more_body", False) and not body.complete:
                await send({**message, "more_body": True})
                await body.drain()
                message = {"type": "http.response.body"}
            await send(message)

        await self._app(scope, body.receive, send_and_drain)


class _RequestBody:
    """What of a body has not come yet."""

    def __init__(self, receive: Receive, *, requested: bool) -> None:
        self.requested = requested
        self.complete = False
        self._receive = receive

    async def receive(self) -> Message:
        self.requested = True
        message = await self._receive()
        self.complete = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOTAL_SECONDS):
                while not self.complete:
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await self.receive()
