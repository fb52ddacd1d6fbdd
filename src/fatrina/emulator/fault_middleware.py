"""Middleware that applies the fault injection rules to requests."""

import asyncio
import json
from collections.abc import Awaitable, Callable
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

FindMerchant = Callable[[Scope], Awaitable[str]]
"""Returns the code of the merchant that a request is for; empty if it is unknown."""
EXEMPT: Final = ("/_fatrina", "/health", "/ready", "/metrics")
"""Path prefixes exempt from fault injection, so that rules can always be removed."""
_LIMIT: Final = rate_limit.PLANS[rate_limit.DEFAULT_PLAN]
_ERRORS: Final[dict[str, Callable[[], errors.ServiceError]]] = {
    "401": errors.InvalidToken,
    "403": errors.Forbidden,
    "404": errors.NotFound,
    "422": lambda: errors.ValidationFailed(errors.Required("photo")),
    "429": lambda: errors.TooManyRequests(limit=_LIMIT, retry=1),
    "500": errors.InternalError,
    "503": lambda: errors.Busy(retry=5),
}


class FaultInjectionMiddleware:
    """Applies the matching rules of an injector to each request of `app`."""

    def __init__(self, app: ASGIApp, injector: FaultInjector, find_merchant: FindMerchant) -> None:
        self._app = app
        self._injector = injector
        self._find_merchant = find_merchant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, unless an injected fault ends it first."""
        faults = await self._matching(scope)
        request_context = context.get(scope)
        for fault in faults:
            request_context.headers.append((b"fatrina-fault", _describe(fault)))
            request_context.injected.append(fault.kind)
        for fault in faults:
            if fault.kind == fault_injection.WAIT:
                await asyncio.sleep(fault.seconds)
            elif fault.kind == fault_injection.CUT:
                await _abort(scope)
                return
            elif fault.kind in _ERRORS:
                injected = _ERRORS[fault.kind]()
                request_context.error = injected
                if isinstance(injected, errors.TooManyRequests):
                    add_rate_limit_headers(scope, _exhausted_limit())
                await error(Request(scope), injected)(scope, receive, send)
                return
            elif fault.kind == fault_injection.LOSE_WEBHOOK:
                request_context.outbox = NullOutbox()
            elif fault.kind == fault_injection.CUT_AFTER:
                send = _abort_on_send(scope)
            else:
                send = _send_pending_images(send)
        await self._app(scope, receive, send)

    async def _matching(self, scope: Scope) -> list[Fault]:
        method, path = scope["method"], scope["path"]
        if path.startswith(EXEMPT) or not self._injector.faults:
            return []
        needed = self._injector.needs_merchant(method, path)
        merchant = await self._find_merchant(scope) if needed else ""
        if merchant:  # an injected error comes before the authorization, which sets it
            context.get(scope).log_fields["merchant"] = merchant
        return self._injector.matching(method, path, merchant)


def _exhausted_limit() -> RateLimitStatus:
    """Return the status sent with 429, as by the real API, even if rate limits are disabled."""
    return RateLimitStatus(limit=_LIMIT, remaining=0, reset_at=int(time()) + _LIMIT, retry_after=1)


def _describe(fault: Fault) -> bytes:
    return f"{fault.id}; {fault.kind}".encode()


async def _abort(scope: Scope) -> None:
    abort = context.get(scope).abort
    if abort is not None:
        abort()
    for _ in range(3):  # let the event loop report the lost connection
        await asyncio.sleep(0)


def _abort_on_send(scope: Scope) -> Send:
    async def send(_: Message) -> None:
        await _abort(scope)

    return send


def _send_pending_images(send: Send) -> Send:
    """Return a `send` that buffers the response and replaces its renditions by pending ones."""
    start: Message = {}
    body = bytearray()

    async def send_pending(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        pending = _pending_body(bytes(body))
        length = (b"content-length", str(len(pending)).encode())
        headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        await send({**start, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": pending})

    return send_pending


def _pending_body(body: bytes) -> bytes:
    try:
        response = json.loads(body)
        response["data"]["image"] = wire.pending_image(response["data"]["image"])
    except (ValueError, KeyError, TypeError):
        return body  # it contains no image
    return json.dumps(response, ensure_ascii=False, separators=(",", ":")).encode()
