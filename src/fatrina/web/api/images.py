"""Product Images: update, attach, delete; by id and by SKU; photos and videos."""

from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, images, products, videos
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.views import ImageView
from fatrina.web.api.base import BaseEndpoints, Lookup, path_id, path_text, removed_data
from fatrina.web.http.responses import success
from fatrina.web.parsing import commands


class Images(BaseEndpoints):
    """The endpoints of the group Product Images."""

    async def update_image(self, request: Request) -> Response:
        """Swap the picture behind an image id, and change its alt text, order and default."""
        image = path_id(request, "image_id")
        caller, _ = await self.authorize(request, WRITE, _image_exists(image))
        with ExitStack() as arrival:
            form = await self.read_form(request, arrival, may_have_photo=True)
            command = commands.update(
                form, self.options.alt_length, photo_optional=self.options.photo_optional
            )
            action = partial(images.update, image_id=image, command=command)
            shown = await self.run(request, caller, action, command.photo)
        return success(201, self.serializer.image(shown))

    async def attach_image(self, request: Request) -> Response:
        """Add an image to a product, by uploaded file or by link."""
        shown = await self._attach(request)
        return success(201, self.serializer.image(shown))

    async def attach_image_by_sku(self, request: Request) -> Response:
        """Add an image to the product that has a SKU."""
        shown = await self._attach(request)
        return success(201, self.serializer.image(shown), http_status=200)

    async def attach_video(self, request: Request) -> Response:
        """Add a video at YouTube to a product, by its link."""
        shown = await self._attach_video(request)
        return success(201, self.serializer.image(shown))

    async def attach_video_by_sku(self, request: Request) -> Response:
        """Add a video at YouTube to the product that has a SKU."""
        shown = await self._attach_video(request)
        return success(201, self.serializer.image(shown), http_status=200)

    async def delete_image(self, request: Request) -> Response:
        """Take an image or a video out of its product."""
        image = path_id(request, "image_id")
        caller, _ = await self.authorize(request, WRITE, _image_exists(image))
        await self.run(request, caller, partial(images.remove, image_id=image))
        return success(202, removed_data())

    async def _attach(self, request: Request) -> ImageView:
        caller, product = await self.authorize(request, WRITE, _gallery_has_room(request))
        with ExitStack() as arrival:
            form = await self.read_form(request, arrival, may_have_photo=True)
            command = commands.attach(form, self.options.alt_length)
            action = partial(images.attach, product_id=product, command=command)
            return await self.run(request, caller, action, command.photo)

    async def _attach_video(self, request: Request) -> ImageView:
        caller, product = await self.authorize(request, WRITE, _product_exists(request))
        with ExitStack() as arrival:
            form = await self.read_form(request, arrival)
            change, video = commands.attach_video(form, self.options.alt_length)
        action = partial(videos.attach, product_id=product, change=change, video=video)
        return await self.run(request, caller, action)


def _image_exists(image_id: int) -> Lookup[None]:
    return lambda parts, caller: images.check_exists(parts, caller, image_id)


def _product_exists(request: Request) -> Lookup[int]:
    """The product of the path, by its SKU or by its id."""

    def look(parts: Services, caller: Caller) -> int:
        if "sku" in request.path_params:
            return products.find_by_sku(parts, caller, path_text(request, "sku"))
        return products.check_exists(parts, caller, path_id(request, "product_id"))

    return look


def _gallery_has_room(request: Request) -> Lookup[int]:
    """The product of the path, when it can take an image more."""

    def look(parts: Services, caller: Caller) -> int:
        product = _product_exists(request)(parts, caller)
        images.check_capacity(parts, caller, product)
        return product

    return look
