"""What every endpoint does alike: admit who asks, receive what is sent, act in a thread."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import Scope

from fatrina.actions import Parts, abandoned, access
from fatrina.actions.images import Offer
from fatrina.actions.ingest import Linked
from fatrina.actions.limits import Counter
from fatrina.domain import errors, text
from fatrina.domain.access import Caller
from fatrina.domain.rate import Allowance
from fatrina.web import auth
from fatrina.web.fairness import FairLimiter
from fatrina.web.forms import Form, Reader
from fatrina.wire import Writer

T = TypeVar("T")
Look = Callable[[Parts, Caller], T]

# ASCII digits in their one spelling: `int` would take Arabic digits, blanks and signs.
_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_LARGEST_ID: Final = 2**31 - 1
_NOBODY: Final = 0
_ALLOWANCE: Final = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
_REMOVED: Final = {"message": "The Object has been removed successfully", "code": 202}


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that the endpoints ask for."""

    alt_length: int
    photo_optional: bool


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many threads each kind of work may hold, so that none starves another."""

    looks: CapacityLimiter
    changes: FairLimiter
    links: FairLimiter


@dataclass(frozen=True)
class Desk:
    """Where requests are taken in."""

    parts: Parts
    reader: Reader
    writer: Writer
    rules: Rules
    lanes: Lanes
    counter: Counter

    async def admit(self, request: Request, scope: str, look: Look[T]) -> tuple[Caller, T]:
        """Who is asking, and may the rest be asked at all? All judged before the body is read."""

        def judge() -> tuple[Caller, T]:
            caller = access.identify(self.parts, auth.bearer(request))
            request.state.noted = {"merchant": caller.merchant, "token": caller.token_id}
            if request.scope["state"].get("unheard", False):
                caller = replace(caller, unheard=True)
            _within(request, self.counter.count(caller))
            caller.must(scope)
            return caller, look(self.parts, caller)

        with self.parts.clock.stage("admit"):
            return await run_sync(judge, limiter=self.lanes.looks)

    async def receive(
        self, request: Request, arrival: ExitStack, *, pictures: bool = False
    ) -> Form:
        """The body; where `pictures` may come with it, only while there is room to decode one."""
        self.reader.must_fit(request)
        if pictures:
            self.parts.decoders.must_have_room()
        with self.parts.clock.stage("receive"):
            form = await self.reader.read(request, arrival)
        request.state.shape = form.shape()
        return form

    async def act(
        self, request: Request, caller: Caller, act: Callable[[], T], offer: Offer | None = None
    ) -> T:
        """Change something, in a thread and a slot of the lane for what was offered.

        Raises:
            errors.Busy: no slot came free in time.
            errors.ClientGone: the client left while the request waited.
        """
        lane = self.lanes.links if isinstance(offer, Linked) else self.lanes.changes
        abandoned.gone.set(request.scope["state"].get("gone"))
        with self.parts.clock.stage("act"):
            async with lane.slot(caller.merchant_id):
                abandoned.check()
                return await run_sync(act, limiter=lane.threads)


def tell(scope: Scope, allowance: Allowance) -> None:
    """Have whatever is answered tell a merchant's allowance."""
    told = (allowance.limit, allowance.remaining, allowance.reset)
    scope["state"].setdefault("headers", []).extend(
        (name, str(value).encode()) for name, value in zip(_ALLOWANCE, told, strict=True)
    )


def _within(request: Request, allowance: Allowance | None) -> None:
    """Tell the merchant's allowance, and refuse where it is used up."""
    if allowance is None:
        return
    tell(request.scope, allowance)
    if allowance.retry:
        raise errors.TooManyRequests(limit=allowance.limit, retry=allowance.retry)


def anything(_: Parts, __: Caller) -> None:
    """Look for nothing: whoever is admitted may ask."""


def removed() -> dict[str, object]:
    """What the contract says of whatever was removed."""
    return dict(_REMOVED)


def identifier(request: Request, name: str, largest: int = _LARGEST_ID) -> int:
    """An id from the path; 0, which nothing has, for any other spelling than plain digits."""
    digits: str = request.path_params[name]
    number = int(digits) if _ID.fullmatch(digits) else _NOBODY
    return number if number <= largest else _NOBODY


def segment(request: Request, name: str) -> str:
    """A text from the path.

    Raises:
        errors.Missing: nothing can have it: it holds NUL or another control character.
    """
    found: str = request.path_params[name]
    try:
        return text.plain(name, found, len(found))
    except errors.FieldRefused:
        raise errors.Missing from None
