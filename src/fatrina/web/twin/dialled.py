"""The layer in which ordered faults befall requests."""

import asyncio
import json
from collections.abc import Callable
from time import time
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fatrina import wire
from fatrina.domain import dial, errors, rate
from fatrina.domain.dial import Dial, Fault
from fatrina.domain.rate import Allowance
from fatrina.web.answers import refused
from fatrina.web.api.desk import tell

OWN: Final = ("/_fatrina", "/health", "/ready", "/metrics")
"""Paths that no fault befalls, lest the dial itself be lost."""
_LIMIT: Final = rate.PLANS[rate.DEFAULT]
_REFUSALS: Final[dict[str, Callable[[], errors.Refusal]]] = {
    "401": errors.TokenInvalid,
    "403": errors.Blocked,
    "404": errors.Missing,
    "422": lambda: errors.Invalid(errors.Required("photo")),
    "429": lambda: errors.TooManyRequests(limit=_LIMIT, retry=1),
    "500": errors.Internal,
    "503": lambda: errors.Busy(retry=5),
}


class Dialled:
    """Lets the faults of a dial befall what is asked of `app`."""

    def __init__(self, app: ASGIApp, dial: Dial) -> None:
        self._app = app
        self._dial = dial

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, if it gets through."""
        own = scope["path"].startswith(OWN)
        faults = [] if own else self._dial.struck(scope["method"], scope["path"])
        for fault in faults:
            scope["state"].setdefault("headers", []).append((b"fatrina-fault", _named(fault)))
            scope["state"].setdefault("faults", []).append(fault.what)
        for fault in faults:
            if fault.what == dial.WAIT:
                await asyncio.sleep(fault.seconds)
            elif fault.what == dial.CUT:
                await _cut(scope)
                return
            elif fault.what in _REFUSALS:
                refusal = _REFUSALS[fault.what]()
                scope["state"]["refusal"] = refusal
                if isinstance(refusal, errors.TooManyRequests):
                    tell(scope, _used_up())
                await refused(Request(scope), refusal)(scope, receive, send)
                return
            elif fault.what == dial.LOSE_WEBHOOK:
                scope["state"]["unheard"] = True
            elif fault.what == dial.CUT_AFTER:
                send = _cutting(scope)
            else:
                send = _unmaking(send)
        await self._app(scope, receive, send)


def _used_up() -> Allowance:
    """What is told with 429, as the real API does, where limits are off as well."""
    return Allowance(limit=_LIMIT, remaining=0, reset=int(time()) + _LIMIT, retry=1)


def _named(fault: Fault) -> bytes:
    return f"{fault.id}; {fault.what}".encode()


async def _cut(scope: Scope) -> None:
    scope["state"]["cut"]()
    for _ in range(3):  # until the connection knows that it is lost
        await asyncio.sleep(0)


def _cutting(scope: Scope) -> Send:
    async def send(_: Message) -> None:
        await _cut(scope)

    return send


def _unmaking(send: Send) -> Send:
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
        told = _unmade(bytes(body))
        length = (b"content-length", str(len(told)).encode())
        kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        await send({**start, "headers": [*kept, length]})
        await send({"type": "http.response.body", "body": told})

    return unmaking


def _unmade(body: bytes) -> bytes:
    try:
        told = json.loads(body)
        told["data"]["image"] = wire.unmade(told["data"]["image"])
    except (ValueError, KeyError, TypeError):
        return body  # no image is told of
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
