"""The layer in which ordered faults befall requests."""

import asyncio
import json
from collections.abc import Callable
from time import time
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fatrina import wire
from fatrina.actions.webhooks.outbox import NullOutbox
from fatrina.domain import errors, rate_limit
from fatrina.domain.rate_limit import RateLimitStatus
from fatrina.emulator import fault_injection
from fatrina.emulator.fault_injection import Fault, FaultInjector
from fatrina.web.api.base import add_rate_limit_headers
from fatrina.web.http import context
from fatrina.web.http.responses import error

EXEMPT: Final = ("/_fatrina", "/health", "/ready", "/metrics")
"""Paths that no fault befalls, lest the dial itself be lost."""
_LIMIT: Final = rate_limit.PLANS[rate_limit.DEFAULT]
_REFUSALS: Final[dict[str, Callable[[], errors.ServiceError]]] = {
    "401": errors.InvalidToken,
    "403": errors.Forbidden,
    "404": errors.NotFound,
    "422": lambda: errors.ValidationFailed(errors.Required("photo")),
    "429": lambda: errors.TooManyRequests(limit=_LIMIT, retry=1),
    "500": errors.InternalError,
    "503": lambda: errors.Busy(retry=5),
}


class FaultInjectionMiddleware:
    """Lets the faults of a dial befall what is asked of `app`."""

    def __init__(self, app: ASGIApp, injector: FaultInjector) -> None:
        self._app = app
        self._injector = injector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, if it gets through."""
        own = scope["path"].startswith(EXEMPT)
        faults = [] if own else self._injector.matching(scope["method"], scope["path"])
        request_context = context.get(scope)
        for fault in faults:
            request_context.headers.append((b"fatrina-fault", _describe(fault)))
            request_context.injected.append(fault.kind)
        for fault in faults:
            if fault.kind == fault_injection.WAIT:
                await asyncio.sleep(fault.seconds)
            elif fault.kind == fault_injection.CUT:
                await _cut(scope)
                return
            elif fault.kind in _REFUSALS:
                refusal = _REFUSALS[fault.kind]()
                request_context.error = refusal
                if isinstance(refusal, errors.TooManyRequests):
                    add_rate_limit_headers(scope, _used_up())
                await error(Request(scope), refusal)(scope, receive, send)
                return
            elif fault.kind == fault_injection.LOSE_WEBHOOK:
                request_context.outbox = NullOutbox()
            elif fault.kind == fault_injection.CUT_AFTER:
                send = _cutting(scope)
            else:
                send = _pending_images(send)
        await self._app(scope, receive, send)


def _used_up() -> RateLimitStatus:
    """What is told with 429, as the real API does, where limits are off as well."""
    return RateLimitStatus(limit=_LIMIT, remaining=0, reset=int(time()) + _LIMIT, retry=1)


def _describe(fault: Fault) -> bytes:
    return f"{fault.id}; {fault.kind}".encode()


async def _cut(scope: Scope) -> None:
    abort = context.get(scope).abort
    if abort is not None:
        abort()
    for _ in range(3):  # until the connection knows that it is lost
        await asyncio.sleep(0)


def _cutting(scope: Scope) -> Send:
    async def send(_: Message) -> None:
        await _cut(scope)

    return send


def _pending_images(send: Send) -> Send:
    """Keeps an answer back until it is whole, and tells of no renditions."""
    start: Message = {}
    body = bytearray()

    async def unmaking(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        told = _pending_body(bytes(body))
        length = (b"content-length", str(len(told)).encode())
        kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        await send({**start, "headers": [*kept, length]})
        await send({"type": "http.response.body", "body": told})

    return unmaking


def _pending_body(body: bytes) -> bytes:
    try:
        told = json.loads(body)
        told["data"]["image"] = wire.pending_image(told["data"]["image"])
    except (ValueError, KeyError, TypeError):
        return body  # no image is told of
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
