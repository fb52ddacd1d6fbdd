"""Product endpoints: create, list, read, update and delete products, by id or by SKU."""

from contextlib import ExitStack
from functools import partial

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, health, products
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.types import ProductId
from fatrina.domain.views import ProductView
from fatrina.web.api.base import (
    BaseEndpoints,
    find_product,
    no_lookup,
    path_id,
    removed_response,
    updated_response,
)
from fatrina.web.http.responses import success
from fatrina.web.parsing import commands


class Products(BaseEndpoints):
    """The endpoints of the group Products."""

    async def create_product(self, request: Request) -> Response:
        """Create a product, optionally with images from links."""
        caller, _ = await self.authorize(request, WRITE, no_lookup)
        with ExitStack() as stack:
            form = await self.read_form(request, stack)
            command = commands.parse_create_product(form, self.options.alt_length)
        if command.photos:
            health.check_decoder_capacity(self.services)
        action = partial(products.create, **command._asdict())
        photo = command.photos[0][1] if command.photos else None
        return await self.respond(request, caller, action, self._changed_response, photo)

    async def list_products(self, request: Request) -> Response:
        """Return a page of products, newest first."""
        caller, _ = await self.authorize(request, READ, no_lookup)
        page, wanted, light = commands.parse_list_products(request.query_params)
        action = partial(products.list_products, self.services, caller, page, wanted)
        result = await run_sync(action, limiter=self.limiters.lookups)
        pagination = self.serializer.page(
            page, len(result.products), result.total, request.scope["path"], request.query_params
        )
        data = [self._to_json(each, light=light) for each in result.products]
        return success(200, data, pagination=pagination)

    async def product_details(self, request: Request) -> Response:
        """Return a product with its images in order."""
        product_id = ProductId(path_id(request, "product_id"))
        lookup = partial(products.details, product_id=product_id)
        _, product = await self.authorize(request, READ, lookup)
        return success(200, self._to_json(product))

    async def product_details_by_sku(self, request: Request) -> Response:
        """Return the product with this SKU and its images."""

        def lookup(services: Services, caller: Caller) -> ProductView:
            return products.details(services, caller, find_product(request)(services, caller))

        _, product = await self.authorize(request, READ, lookup)
        return success(200, self._to_json(product))

    async def update_product(self, request: Request) -> Response:
        """Update the given fields of a product."""
        return await self._update(request)

    async def update_product_by_sku(self, request: Request) -> Response:
        """Update the given fields of the product with this SKU."""
        return await self._update(request)

    async def change_product_status(self, request: Request) -> Response:
        """Change the status of a product."""
        caller, product_id = await self.authorize(request, WRITE, find_product(request))
        with ExitStack() as stack:
            status = commands.parse_product_status(await self.read_form(request, stack))
        details = {"status": status}
        action = partial(products.update, product_id=product_id, details=details)
        return await self.respond(request, caller, action, updated_response)

    async def delete_product(self, request: Request) -> Response:
        """Delete a product and its images."""
        return await self._delete(request)

    async def delete_product_by_sku(self, request: Request) -> Response:
        """Delete the product with this SKU and its images."""
        return await self._delete(request)

    async def _update(self, request: Request) -> Response:
        caller, product_id = await self.authorize(request, WRITE, find_product(request))
        with ExitStack() as stack:
            command = commands.parse_update_product(await self.read_form(request, stack))
        action = partial(products.update, product_id=product_id, **command._asdict())
        return await self.respond(request, caller, action, self._changed_response)

    async def _delete(self, request: Request) -> Response:
        caller, product_id = await self.authorize(request, WRITE, find_product(request))
        action = partial(products.remove, product_id=product_id)
        return await self.respond(request, caller, action, removed_response)

    def _changed_response(self, product: ProductView) -> Response:
        return success(201, self._to_json(product))

    def _to_json(self, product: ProductView, *, light: bool = False) -> dict[str, object]:
        serialize = self.serializer.light_product if light else self.serializer.product
        return serialize(product)
