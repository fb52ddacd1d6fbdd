"""Lingering close: a client that receives an error before its upload has ended can read it.

Closing a connection on which data is still arriving resets it, and a reset discards data that the
client has not read. So an error response is sent immediately, and the rest of the body is drained.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Maximum seconds between two chunks, and for draining in total: the defaults of nginx's
# lingering_timeout and lingering_time.
_IDLE_SECONDS: Final = 5.0
_TOTAL_SECONDS: Final = 30.0
_BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
_CLOSE: Final = (b"connection", b"close")


class LingeringClose:
    """Middleware that drains the rest of a request body after the response has been sent."""

    def __init__(self, app: ASGIApp) -> None:
        """Drain the bodies of requests to `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = dict(scope["headers"])
        if headers.keys().isdisjoint(_BODY_HEADERS):  # RFC 9112, section 6.3: no body
            await self._app(scope, receive, send)
            return
        body = _RequestBody(
            receive, requested=headers.get(b"expect", b"").lower() != b"100-continue"
        )

        async def send_and_drain(message: Message) -> None:
            if message["type"] == "http.response.start":
                # If the body was not requested, only the client knows whether it will send it.
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
    """The part of a request body that has not been received yet."""

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
