"""A client that is answered before its body is whole gets to read the answer.

To close a connection on which bytes still arrive is to reset it, and a reset throws away what the
client has not read yet: so a refusal goes out at once, and what comes after it is dropped.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Seconds without a byte, and of dropping in all: as nginx lingers.
_IDLE: Final = 5.0
_WHOLE: Final = 30.0
_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
_CLOSE: Final = (b"connection", b"close")


class LingeringClose:
    """Drops the rest of a body once its answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        """Linger behind the answers of `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        headers = dict(scope["headers"])
        if headers.keys().isdisjoint(_BODY):  # RFC 9112, 6.3: then there is no body
            await self._app(scope, receive, send)
            return
        rest = _Rest(receive, asked=headers.get(b"expect", b"").lower() != b"100-continue")

        async def lingering(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Of a body that nobody asked for the client alone knows whether it still comes.
                rest.over |= not rest.asked or _CLOSE in message["headers"]
                if not rest.asked:
                    message["headers"].append(_CLOSE)
            elif not message.get("more_body", False) and not rest.over:
                await send({**message, "more_body": True})
                await rest.drop()
                message = {"type": "http.response.body"}
            await send(message)

        await self._app(scope, rest.receive, lingering)


class _Rest:
    """What of a body has not come yet."""

    def __init__(self, receive: Receive, *, asked: bool) -> None:
        self.asked = asked
        self.over = False
        self._receive = receive

    async def receive(self) -> Message:
        self.asked = True
        message = await self._receive()
        self.over = not message.get("more_body", False)
        return message

    async def drop(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_WHOLE):
                while not self.over:
                    async with asyncio.timeout(_IDLE):
                        await self.receive()
