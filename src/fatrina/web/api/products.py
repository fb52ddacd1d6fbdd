"""Products, as far as clients of images need them: create, list, show, change, delete."""

from contextlib import ExitStack
from functools import partial

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, products
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.views import ProductView
from fatrina.web.api.base import BaseEndpoints, no_lookup, path_id, removed_response, segment
from fatrina.web.http.responses import success
from fatrina.web.parsing import commands


class Products(BaseEndpoints):
    """The endpoints of the group Products."""

    async def create_product(self, request: Request) -> Response:
        """Add a product, with its images by link if there are any."""
        caller, _ = await self.authorize(request, WRITE, no_lookup)
        with ExitStack() as arrival:
            form = await self.read_form(request, arrival)
            name, sku, pictures = commands.product(form, self.options.alt_length)
        if pictures:
            self.services.decoders.check_capacity()
        action = partial(products.create, name=name, sku=sku, pictures=pictures)
        made = await self.run(request, caller, action, pictures[0][1] if pictures else None)
        return success(201, self._product(made))

    async def list_products(self, request: Request) -> Response:
        """A page of the products, the newest first."""
        caller, _ = await self.authorize(request, READ, no_lookup)
        page, keyword, light = commands.listing(request.query_params)
        look = partial(products.list_products, self.services, caller, page, keyword)
        found = await run_sync(look, limiter=self.limiters.looks)
        pagination = self.serializer.page(
            page, len(found.products), found.total, request.scope["path"], request.query_params
        )
        shown = [self._product(each, light=light) for each in found.products]
        return success(200, shown, pagination=pagination)

    async def product_details(self, request: Request) -> Response:
        """A product with its images, in their order."""
        product = path_id(request, "product_id")
        look = partial(products.details, product_id=product)
        _, found = await self.authorize(request, READ, look)
        return success(200, self._product(found))

    async def product_details_by_sku(self, request: Request) -> Response:
        """The product that has a SKU, with its images."""

        def look(parts: Services, caller: Caller) -> ProductView:
            product = products.find_by_sku(parts, caller, segment(request, "sku"))
            return products.details(parts, caller, product)

        _, found = await self.authorize(request, READ, look)
        return success(200, self._product(found))

    async def update_product(self, request: Request) -> Response:
        """Change a product's name and SKU."""
        product = path_id(request, "product_id")
        caller, _ = await self.authorize(
            request, WRITE, partial(products.check_exists, product_id=product)
        )
        with ExitStack() as arrival:
            name, sku = commands.product_change(await self.read_form(request, arrival))
        action = partial(products.update, product_id=product, name=name, sku=sku)
        return success(201, self._product(await self.run(request, caller, action)))

    async def delete_product(self, request: Request) -> Response:
        """Take a product and its images away."""
        product = path_id(request, "product_id")
        caller, _ = await self.authorize(
            request, WRITE, partial(products.check_exists, product_id=product)
        )
        await self.run(request, caller, partial(products.remove, product_id=product))
        return success(202, removed_response())

    def _product(self, product: ProductView, *, light: bool = False) -> dict[str, object]:
        serialize = self.serializer.light_product if light else self.serializer.product
        return serialize(product)
