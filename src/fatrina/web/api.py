"""The endpoints, a few lines each: who, what, act, answer."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Parts, access, images, products
from fatrina.actions.images import Offer
from fatrina.actions.ingest import Linked
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.web import auth, commands
from fatrina.web.answers import done
from fatrina.web.forms import Form, Reader
from fatrina.wire import Writer

T = TypeVar("T")
Look = Callable[[Parts, Caller, int], None]

# ASCII digits in their one spelling, below 2^31: `int` would take Arabic digits, blanks and signs.
_ID: Final = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST_ID: Final = 2**31 - 1
_NOBODY: Final = 0
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
    changes: CapacityLimiter
    links: CapacityLimiter


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints below `/admin/v2`."""

    parts: Parts
    reader: Reader
    writer: Writer
    rules: Rules
    lanes: Lanes

    async def update_image(self, request: Request) -> Response:
        """Swap the picture behind an image id, and change its alt text, order and default."""
        image = _identifier(request, "image_id")
        caller = await self._admit(request, WRITE, images.must_exist, image)
        with ExitStack() as arrival:
            form = await self._receive(request, arrival)
            change, offer = commands.update(
                form, self.rules.alt_length, photo_optional=self.rules.photo_optional
            )
            act = partial(images.update, self.parts, caller, image, change, offer)
            shown = await self._act(act, offer)
        return done(201, self.writer.image(shown))

    async def attach_image(self, request: Request) -> Response:
        """Add an image to a product, by uploaded file or by link."""
        product = _identifier(request, "product_id")
        caller = await self._admit(request, WRITE, images.must_have_room, product)
        with ExitStack() as arrival:
            form = await self._receive(request, arrival)
            change, offer = commands.attach(form, self.rules.alt_length)
            act = partial(images.attach, self.parts, caller, product, change, offer)
            shown = await self._act(act, offer)
        return done(201, self.writer.image(shown))

    async def delete_image(self, request: Request) -> Response:
        """Take an image out of its product."""
        image = _identifier(request, "image_id")
        caller = await self._admit(request, WRITE, images.must_exist, image)
        await self._act(partial(images.remove, self.parts, caller, image), None)
        return done(202, dict(_REMOVED))

    async def create_product(self, request: Request) -> Response:
        """Add a product for images to hang on."""
        caller = await self._admit(request, WRITE)
        with ExitStack() as arrival:
            name, sku = commands.product(await self._receive(request, arrival))
        made = await self._act(partial(products.create, self.parts, caller, name, sku), None)
        return done(201, self._product(made))

    async def product_details(self, request: Request) -> Response:
        """A product with its images, in their order."""
        product = _identifier(request, "product_id")
        caller = await self._admit(request, READ)
        details = partial(products.details, self.parts, caller, product)
        return done(200, self._product(await run_sync(details, limiter=self.lanes.looks)))

    def _product(self, product: products.Product) -> dict[str, object]:
        row = product.row
        return self.writer.product(row.id, row.name, row.sku, product.images)

    async def _admit(
        self, request: Request, scope: str, look: Look | None = None, identifier: int = _NOBODY
    ) -> Caller:
        """Who is asking, and may the rest be asked at all? All judged before the body is read."""

        def judge() -> Caller:
            caller = access.identify(self.parts, auth.bearer(request), scope)
            if look is not None:
                look(self.parts, caller, identifier)
            return caller

        with self.parts.clock.stage("admit"):
            caller = await run_sync(judge, limiter=self.lanes.looks)
        request.state.noted = {"merchant": caller.merchant, "token": caller.token_id}
        return caller

    async def _receive(self, request: Request, arrival: ExitStack) -> Form:
        self.reader.must_fit(request)
        self.parts.decoders.must_have_room()
        with self.parts.clock.stage("receive"):
            return await self.reader.read(request, arrival)

    async def _act(self, act: Callable[[], T], offer: Offer | None) -> T:
        lane = self.lanes.links if isinstance(offer, Linked) else self.lanes.changes
        with self.parts.clock.stage("act"):
            return await run_sync(act, limiter=lane)


def _identifier(request: Request, name: str) -> int:
    """An id from the path; 0, which nothing has, for any other spelling than plain digits."""
    text: str = request.path_params[name]
    number = int(text) if _ID.fullmatch(text) else _NOBODY
    return number if number <= _LARGEST_ID else _NOBODY
