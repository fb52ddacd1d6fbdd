"""Product image endpoints: update, attach and delete photos and videos, by id or by SKU."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, galleries, images, videos
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.views import ImageView
from fatrina.web.api.base import BaseEndpoints, Lookup, find_product, path_id, removed_response
from fatrina.web.parsing import commands
from fatrina.web.parsing.forms import Form

ImageRenderer = Callable[[ImageView], Response]


class Images(BaseEndpoints):
    """The endpoints of the group Product Images."""

    async def update_image(self, request: Request) -> Response:
        """Replace the photo of an image; update its alt text, sort position and default flag."""
        image_id = ImageId(path_id(request, "image_id"))
        precondition = self.parse_precondition(request)
        lookup = partial(galleries.check_image, image_id=image_id, precondition=precondition)
        caller, _ = await self.authorize(request, WRITE, lookup)
        with ExitStack() as stack:
            form = await self.read_form(request, stack, may_have_photo=True)
            command = commands.parse_update_image(
                form, self.options.alt_length, photo_required=self.options.photo_required
            )
            reason = self.parse_reason(request, form)
            command = replace(command, reason=reason, precondition=precondition)
            action = partial(images.update, image_id=image_id, command=command)
            render = partial(self.image_response, 201)
            return await self.respond(request, caller, action, render, command.photo)

    async def attach_image(self, request: Request) -> Response:
        """Attach an image to a product, from an uploaded file or a link."""
        return await self._attach(request, partial(self.image_response, 201))

    async def attach_image_by_sku(self, request: Request) -> Response:
        """Attach an image to the product with this SKU."""
        return await self._attach(request, partial(self.image_response, 201, http_status=200))

    async def attach_video(self, request: Request) -> Response:
        """Attach a YouTube video to a product by its link."""
        return await self._attach_video(request, partial(self.image_response, 201))

    async def attach_video_by_sku(self, request: Request) -> Response:
        """Attach a YouTube video to the product with this SKU."""
        render = partial(self.image_response, 201, http_status=200)
        return await self._attach_video(request, render)

    async def delete_image(self, request: Request) -> Response:
        """Delete an image or a video."""
        image_id = ImageId(path_id(request, "image_id"))
        precondition = self.parse_precondition(request)
        lookup = partial(galleries.check_image, image_id=image_id, precondition=precondition)
        caller, _ = await self.authorize(request, WRITE, lookup)
        action = partial(
            images.remove,
            image_id=image_id,
            reason=self.parse_reason(request, Form()),
            precondition=precondition,
        )
        return await self.respond(request, caller, action, removed_response)

    async def _attach(self, request: Request, render: ImageRenderer) -> Response:
        caller, product_id = await self.authorize(request, WRITE, _find_product_with_room(request))
        with ExitStack() as stack:
            form = await self.read_form(request, stack, may_have_photo=True)
            command = commands.parse_attach_image(form, self.options.alt_length)
            action = partial(images.attach, product_id=product_id, command=command)
            return await self.respond(request, caller, action, render, command.photo)

    async def _attach_video(self, request: Request, render: ImageRenderer) -> Response:
        caller, product_id = await self.authorize(request, WRITE, find_product(request))
        with ExitStack() as stack:
            form = await self.read_form(request, stack)
            change, video = commands.parse_attach_video(form, self.options.alt_length)
        action = partial(videos.attach, product_id=product_id, change=change, video=video)
        return await self.respond(request, caller, action, render)


def _find_product_with_room(request: Request) -> Lookup[ProductId]:
    """Return a lookup of the product in the path that also checks that its gallery is not full."""

    def lookup(services: Services, caller: Caller) -> ProductId:
        product_id = find_product(request)(services, caller)
        images.check_capacity(services, caller, product_id)
        return product_id

    return lookup
