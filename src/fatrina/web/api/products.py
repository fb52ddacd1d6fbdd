"""Products, as far as clients of images need them: create, list, show, change, delete."""

from contextlib import ExitStack
from functools import partial

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Parts, products
from fatrina.actions.shown import Product
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.web import commands
from fatrina.web.answers import done
from fatrina.web.api.desk import Desk, anything, identifier, removed, segment


class Products(Desk):
    """The endpoints of the group Products."""

    async def create_product(self, request: Request) -> Response:
        """Add a product, with its images by link if there are any."""
        caller, _ = await self.admit(request, WRITE, anything)
        with ExitStack() as arrival:
            form = await self.receive(request, arrival)
            name, sku, pictures = commands.product(form, self.rules.alt_length)
        if pictures:
            self.parts.decoders.must_have_room()
        act = partial(products.create, self.parts, caller, name, sku, pictures)
        made = await self.act(request, caller, act, pictures[0][1] if pictures else None)
        return done(201, self._product(made))

    async def list_products(self, request: Request) -> Response:
        """A page of the products, the newest first."""
        caller, _ = await self.admit(request, READ, anything)
        page, keyword, light = commands.listing(request.query_params)
        look = partial(products.listed, self.parts, caller, page, keyword)
        found = await run_sync(look, limiter=self.lanes.looks)
        pagination = self.writer.page(
            page, len(found.products), found.total, request.scope["path"], request.query_params
        )
        shown = [self._product(each, light=light) for each in found.products]
        return done(200, shown, pagination=pagination)

    async def product_details(self, request: Request) -> Response:
        """A product with its images, in their order."""
        product = identifier(request, "product_id")
        look = partial(products.details, product=product)
        _, found = await self.admit(request, READ, look)
        return done(200, self._product(found))

    async def product_details_by_sku(self, request: Request) -> Response:
        """The product that has a SKU, with its images."""

        def look(parts: Parts, caller: Caller) -> Product:
            product = products.by_sku(parts, caller, segment(request, "sku"))
            return products.details(parts, caller, product)

        _, found = await self.admit(request, READ, look)
        return done(200, self._product(found))

    async def update_product(self, request: Request) -> Response:
        """Change a product's name and SKU."""
        product = identifier(request, "product_id")
        caller, _ = await self.admit(request, WRITE, partial(products.must_exist, product=product))
        with ExitStack() as arrival:
            name, sku = commands.product_change(await self.receive(request, arrival))
        act = partial(products.update, self.parts, caller, product, name, sku)
        return done(201, self._product(await self.act(request, caller, act)))

    async def delete_product(self, request: Request) -> Response:
        """Take a product and its images away."""
        product = identifier(request, "product_id")
        caller, _ = await self.admit(request, WRITE, partial(products.must_exist, product=product))
        await self.act(request, caller, partial(products.remove, self.parts, caller, product))
        return done(202, removed())

    def _product(self, product: Product, *, light: bool = False) -> dict[str, object]:
        row, write = product.row, self.writer.light if light else self.writer.product
        return write(row.id, row.name, row.sku, product.images)
