"""Product image endpoints: update, attach and delete photos and videos, by id or by SKU."""

from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, images, products, videos
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.views import ImageView
from fatrina.web.api.base import BaseEndpoints, Lookup, path_id, path_text, removed_data
from fatrina.web.http.responses import success
from fatrina.web.parsing import commands


class Images(BaseEndpoints):
    """The endpoints of the group Product Images."""

    async def update_image(self, request: Request) -> Response:
        """Replace the photo of an image; update its alt text, sort position and default flag."""
        image_id = ImageId(path_id(request, "image_id"))
        caller, _ = await self.authorize(request, WRITE, _check_image(image_id))
        with ExitStack() as stack:
            form = await self.read_form(request, stack, may_have_photo=True)
            command = commands.parse_update_image(
                form, self.options.alt_length, photo_required=self.options.photo_required
            )
            action = partial(images.update, image_id=image_id, command=command)
            image = await self.run(request, caller, action, command.photo)
        return success(201, self.serializer.image(image))

    async def attach_image(self, request: Request) -> Response:
        """Attach an image to a product, from an uploaded file or a link."""
        image = await self._attach(request)
        return success(201, self.serializer.image(image))

    async def attach_image_by_sku(self, request: Request) -> Response:
        """Attach an image to the product with this SKU."""
        image = await self._attach(request)
        return success(201, self.serializer.image(image), http_status=200)

    async def attach_video(self, request: Request) -> Response:
        """Attach a YouTube video to a product by its link."""
        image = await self._attach_video(request)
        return success(201, self.serializer.image(image))

    async def attach_video_by_sku(self, request: Request) -> Response:
        """Attach a YouTube video to the product with this SKU."""
        image = await self._attach_video(request)
        return success(201, self.serializer.image(image), http_status=200)

    async def delete_image(self, request: Request) -> Response:
        """Delete an image or a video."""
        image_id = ImageId(path_id(request, "image_id"))
        caller, _ = await self.authorize(request, WRITE, _check_image(image_id))
        await self.run(request, caller, partial(images.remove, image_id=image_id))
        return success(202, removed_data())

    async def _attach(self, request: Request) -> ImageView:
        caller, product_id = await self.authorize(request, WRITE, _find_product_with_room(request))
        with ExitStack() as stack:
            form = await self.read_form(request, stack, may_have_photo=True)
            command = commands.parse_attach_image(form, self.options.alt_length)
            action = partial(images.attach, product_id=product_id, command=command)
            return await self.run(request, caller, action, command.photo)

    async def _attach_video(self, request: Request) -> ImageView:
        caller, product_id = await self.authorize(request, WRITE, _find_product(request))
        with ExitStack() as stack:
            form = await self.read_form(request, stack)
            change, video = commands.parse_attach_video(form, self.options.alt_length)
        action = partial(videos.attach, product_id=product_id, change=change, video=video)
        return await self.run(request, caller, action)


def _check_image(image_id: ImageId) -> Lookup[None]:
    return lambda services, caller: images.check_exists(services, caller, image_id)


def _find_product(request: Request) -> Lookup[ProductId]:
    """Return a lookup of the product in the path, by SKU or by id."""

    def lookup(services: Services, caller: Caller) -> ProductId:
        if "sku" in request.path_params:
            return products.find_by_sku(services, caller, path_text(request, "sku"))
        return products.check_exists(services, caller, ProductId(path_id(request, "product_id")))

    return lookup


def _find_product_with_room(request: Request) -> Lookup[ProductId]:
    """Return a lookup of the product in the path that also checks that its gallery is not full."""

    def lookup(services: Services, caller: Caller) -> ProductId:
        product_id = _find_product(request)(services, caller)
        images.check_capacity(services, caller, product_id)
        return product_id

    return lookup
