"""Endpoints of the history of images: versions, restore, order, deleted images, log."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.actions import galleries, history, restoring
from fatrina.actions.history import RecordPage
from fatrina.domain import preconditions
from fatrina.domain.access import READ, WRITE
from fatrina.domain.gallery import Gallery
from fatrina.domain.history import VersionRecord
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.views import ImageView
from fatrina.web.api import history_json
from fatrina.web.api.base import BaseEndpoints, check_etag, no_lookup, path_id
from fatrina.web.http.responses import success
from fatrina.web.parsing import history_commands


class History(BaseEndpoints):
    """The endpoints of the history of images, which extend the contract."""

    async def image_details(self, request: Request) -> Response:
        """Return an image; 304 without a body if the client has it already."""
        image_id = ImageId(path_id(request, "image_id"))
        _, image = await self.authorize(
            request, READ, partial(history.show_image, image_id=image_id)
        )
        etag = self.serializer.etag(image)
        return _not_modified(request, etag) or self.image_response(200, image)

    async def list_versions(self, request: Request) -> Response:
        """Return a page of the versions of an image, deleted or not, the newest first."""
        image_id = ImageId(path_id(request, "image_id"))
        page = history_commands.parse_page(request.query_params)
        lookup = partial(history.list_versions, image_id=image_id, page=page)
        _, result = await self.authorize(request, READ, lookup)
        return self._page_response(request, result, self._version_json)

    async def restore_version(self, request: Request) -> Response:
        """Show an earlier version of an image again, as a new version."""
        image_id = ImageId(path_id(request, "image_id"))
        number = path_id(request, "number")
        precondition = self.parse_precondition(request)
        lookup = partial(galleries.check_image, image_id=image_id, precondition=precondition)
        caller, _ = await self.authorize(request, WRITE, lookup)
        with ExitStack() as stack:
            form = await self.read_form(request, stack)
            with_texts = history_commands.parse_restore(form)
            reason = self.parse_reason(request, form)
        action = partial(
            restoring.restore_version,
            image_id=image_id,
            number=number,
            with_texts=with_texts,
            reason=reason,
            precondition=precondition,
        )
        return await self.respond(request, caller, action, self._restored_response)

    async def restore_image(self, request: Request) -> Response:
        """Return a deleted image to its product."""
        image_id = ImageId(path_id(request, "image_id"))
        caller, _ = await self.authorize(request, WRITE, no_lookup)
        with ExitStack() as stack:
            reason = self.parse_reason(request, await self.read_form(request, stack))
        action = partial(restoring.restore_image, image_id=image_id, reason=reason)
        return await self.respond(request, caller, action, self._restored_response)

    async def list_deleted_images(self, request: Request) -> Response:
        """Return the deleted images of a product that can be restored."""
        product_id = ProductId(path_id(request, "product_id"))
        retention_ms = self.options.retention_ms
        lookup = partial(history.list_deleted, product_id=product_id, retention_ms=retention_ms)
        _, deleted = await self.authorize(request, READ, lookup)
        data = [history_json.deleted_image(self.serializer, each, retention_ms) for each in deleted]
        return success(200, data)

    async def image_log(self, request: Request) -> Response:
        """Return a page of the changes to a product's images, the newest first."""
        product_id = ProductId(path_id(request, "product_id"))
        page = history_commands.parse_page(request.query_params)
        lookup = partial(history.list_changes, product_id=product_id, page=page)
        _, result = await self.authorize(request, READ, lookup)
        return self._page_response(request, result, history_json.change)

    async def show_order(self, request: Request) -> Response:
        """Return the order of all images of a product."""
        product_id = ProductId(path_id(request, "product_id"))
        lookup = partial(galleries.check_order, product_id=product_id)
        _, gallery = await self.authorize(request, READ, lookup)
        etag = wire.order_etag(gallery)
        return _not_modified(request, etag) or success(
            200, wire.order(gallery), headers={"ETag": etag}
        )

    async def order_images(self, request: Request) -> Response:
        """Set the order of all images of a product."""
        product_id = ProductId(path_id(request, "product_id"))
        condition = self.parse_if_match(request)

        def check(gallery: Gallery) -> None:
            if condition is not None:
                check_etag(condition, wire.order_etag(gallery))

        lookup = partial(galleries.check_order, product_id=product_id, precondition=check)
        caller, _ = await self.authorize(request, WRITE, lookup)
        with ExitStack() as stack:
            form = await self.read_form(request, stack)
            image_ids = history_commands.parse_order(form)
            reason = self.parse_reason(request, form)
        action = partial(
            galleries.reorder,
            product_id=product_id,
            image_ids=image_ids,
            reason=reason,
            precondition=check,
        )
        return await self.respond(request, caller, action, self._order_response)

    def _restored_response(self, image: ImageView) -> Response:
        return self.image_response(201, image)

    def _order_response(self, images: Sequence[ImageView]) -> Response:
        headers = {"ETag": wire.order_etag(Gallery(tuple(image.entry for image in images)))}
        return success(200, [self.serializer.image(image) for image in images], headers=headers)

    def _version_json(self, record: VersionRecord) -> dict[str, object]:
        return history_json.version(self.serializer, record, self.options.retention_ms)

    def _page_response(
        self,
        request: Request,
        result: RecordPage[history.T],
        to_json: Callable[[history.T], dict[str, object]],
    ) -> Response:
        records, page = result.records, result.page
        path = request.scope["path"]
        pagination = self.serializer.page(
            page, len(records), result.total, path, request.query_params
        )
        return success(200, [to_json(each) for each in records], pagination=pagination)


def _not_modified(request: Request, etag: str) -> Response | None:
    """Return 304 if the client has this representation already (RFC 9110, section 13.1.2)."""
    condition = ", ".join(request.headers.getlist("if-none-match"))
    if not condition or not preconditions.matches_weakly(condition, etag):
        return None
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "no-store"})
