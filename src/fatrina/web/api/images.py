"""Product Images: update, attach, delete; by id and by SKU; photos and videos."""

from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Parts, images, products, videos
from fatrina.actions.shown import Image
from fatrina.domain.access import WRITE, Caller
from fatrina.web import commands
from fatrina.web.answers import done
from fatrina.web.api.desk import Desk, Look, identifier, removed, segment


class Images(Desk):
    """The endpoints of the group Product Images."""

    async def update_image(self, request: Request) -> Response:
        """Swap the picture behind an image id, and change its alt text, order and default."""
        image = identifier(request, "image_id")
        caller, _ = await self.admit(request, WRITE, _there(image))
        with ExitStack() as arrival:
            form = await self.receive(request, arrival, pictures=True)
            change, offer = commands.update(
                form, self.rules.alt_length, photo_optional=self.rules.photo_optional
            )
            act = partial(images.update, self.parts, caller, image, change, offer)
            shown = await self.act(request, caller, act, offer)
        return done(201, self.writer.image(shown))

    async def attach_image(self, request: Request) -> Response:
        """Add an image to a product, by uploaded file or by link."""
        shown = await self._attach(request)
        return done(201, self.writer.image(shown))

    async def attach_image_by_sku(self, request: Request) -> Response:
        """Add an image to the product that has a SKU."""
        shown = await self._attach(request)
        return done(201, self.writer.image(shown), http=200)

    async def attach_video(self, request: Request) -> Response:
        """Add a video at YouTube to a product, by its link."""
        shown = await self._attach_video(request)
        return done(201, self.writer.image(shown))

    async def attach_video_by_sku(self, request: Request) -> Response:
        """Add a video at YouTube to the product that has a SKU."""
        shown = await self._attach_video(request)
        return done(201, self.writer.image(shown), http=200)

    async def delete_image(self, request: Request) -> Response:
        """Take an image or a video out of its product."""
        image = identifier(request, "image_id")
        caller, _ = await self.admit(request, WRITE, _there(image))
        await self.act(request, caller, partial(images.remove, self.parts, caller, image))
        return done(202, removed())

    async def _attach(self, request: Request) -> Image:
        caller, product = await self.admit(request, WRITE, _with_room(request))
        with ExitStack() as arrival:
            form = await self.receive(request, arrival, pictures=True)
            change, offer = commands.attach(form, self.rules.alt_length)
            act = partial(images.attach, self.parts, caller, product, change, offer)
            return await self.act(request, caller, act, offer)

    async def _attach_video(self, request: Request) -> Image:
        caller, product = await self.admit(request, WRITE, _product(request))
        with ExitStack() as arrival:
            form = await self.receive(request, arrival)
            change, video = commands.attach_video(form, self.rules.alt_length)
        return await self.act(
            request, caller, partial(videos.attach, self.parts, caller, product, change, video)
        )


def _there(image: int) -> Look[None]:
    return lambda parts, caller: images.must_exist(parts, caller, image)


def _product(request: Request) -> Look[int]:
    """The product of the path, by its SKU or by its id."""

    def look(parts: Parts, caller: Caller) -> int:
        if "sku" in request.path_params:
            return products.by_sku(parts, caller, segment(request, "sku"))
        return products.must_exist(parts, caller, identifier(request, "product_id"))

    return look


def _with_room(request: Request) -> Look[int]:
    """The product of the path, when it can take an image more."""

    def look(parts: Parts, caller: Caller) -> int:
        product = _product(request)(parts, caller)
        images.must_have_room(parts, caller, product)
        return product

    return look
