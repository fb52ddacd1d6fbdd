"""Every endpoint: where it is, what it takes and what it answers."""

from typing import Final, NamedTuple

from fatrina.web.api import schemas
from fatrina.web.api.schemas import IMAGE, PRODUCT, Schema

STATUSES: Final = {
    400: "The request itself is broken.",
    401: "The token is invalid, or lacks the scope.",
    404: "There is no such thing, or it is another merchant's.",
    405: "Without a SKU this is another path, which does not take the method.",
    408: "The body stood still.",
    413: "The body is too large.",
    422: "A field cannot be taken; `fields` says which and why.",
    429: "The merchant's plan allows no more for now. See Retry-After.",
    500: "A fault of ours; the log has it under the answer's X-Request-Id.",
    503: "Not now: busy, or storage or database do not answer. See Retry-After.",
    507: "No space is left.",
}
_READ: Final = (401, 404, 429, 500, 503)
_LIST: Final = (401, 422, 429, 500, 503)
_OWN: Final = (401, 429, 500, 503)
_REMOVE: Final = (*_READ, 507)
_WRITE: Final = tuple(status for status in STATUSES if status != 405)  # noqa: PLR2004
_MAKE: Final = tuple(status for status in _WRITE if status != 404)  # noqa: PLR2004


class Endpoint(NamedTuple):
    """What the document says of one endpoint."""

    method: str
    path: str
    """As it is routed: `{sku:path}` may hold slashes."""
    summary: str
    status: int
    data: Schema
    errors: tuple[int, ...]
    body: Schema | None = None
    query: Schema | None = None
    http: int | None = None
    """The HTTP status, where it is not the body's."""
    pagination: Schema | None = None

    @property
    def template(self) -> str:
        """The path as the document writes it."""
        return self.path.replace(":path}", "}")

    @property
    def parameters(self) -> list[str]:
        """What its path and its query take, by name."""
        named = [part[1:-1] for part in self.template.split("/") if part.startswith("{")]
        return [*named, *(self.query or {})]


_IMAGE_PATH: Final = "/products/images/{image_id}"
_PRODUCT_PATH: Final = "/products/{product_id}"
_SKU_PATH: Final = "/products/sku/{sku:path}"

ENDPOINTS: Final = {
    "update_image": Endpoint(
        "POST", _IMAGE_PATH, "Update Image", 201, IMAGE, _WRITE, schemas.UPDATE
    ),
    "delete_image": Endpoint("DELETE", _IMAGE_PATH, "Delete Image", 202, schemas.REMOVED, _REMOVE),
    "attach_image": Endpoint(
        "POST", f"{_PRODUCT_PATH}/images", "Attach Image", 201, IMAGE, _WRITE, schemas.ATTACH
    ),
    "attach_image_by_sku": Endpoint(
        *("POST", f"{_SKU_PATH}/images", "Attach Image by SKU", 201, IMAGE),
        *(_WRITE, schemas.ATTACH),
        http=200,
    ),
    "attach_video": Endpoint(
        *("POST", f"{_PRODUCT_PATH}/video", "Attach YouTube Video", 201, IMAGE),
        *(_WRITE, schemas.VIDEO),
    ),
    "attach_video_by_sku": Endpoint(
        *("POST", f"{_SKU_PATH}/videos", "Attach YouTube Video by SKU", 201, IMAGE),
        *((*_WRITE, 405), schemas.VIDEO),
        http=200,
    ),
    "create_product": Endpoint(
        "POST", "/products", "Create Product", 201, PRODUCT, _MAKE, schemas.CREATE
    ),
    "list_products": Endpoint(
        *("GET", "/products", "List Products", 200, schemas.PRODUCTS, _LIST),
        query=schemas.LISTING,
        pagination=schemas.PAGINATION,
    ),
    "product_details_by_sku": Endpoint(
        "GET", _SKU_PATH, "Product Details by SKU", 200, PRODUCT, _READ
    ),
    "product_details": Endpoint("GET", _PRODUCT_PATH, "Product Details", 200, PRODUCT, _READ),
    "update_product": Endpoint(
        "PUT", _PRODUCT_PATH, "Update Product", 201, PRODUCT, _WRITE, schemas.CHANGE
    ),
    "delete_product": Endpoint(
        "DELETE", _PRODUCT_PATH, "Delete Product", 202, schemas.REMOVED, _REMOVE
    ),
    "subscribe": Endpoint(
        *("POST", "/webhooks/subscribe", "Subscribe", 200, schemas.SUBSCRIPTION),
        *(_MAKE, schemas.SUBSCRIBE),
    ),
    "list_events": Endpoint(
        "GET", "/webhooks/events", "List Events", 200, schemas.EVENT_LIST, _OWN
    ),
    "unsubscribe": Endpoint(
        *("DELETE", "/webhooks/unsubscribe", "Unsubscribe", 202, schemas.REMOVED, _WRITE),
        query=schemas.UNSUBSCRIBING,
    ),
    "list_subscriptions": Endpoint(
        "GET", "/webhooks", "List Subscriptions", 200, schemas.SUBSCRIPTIONS, _OWN
    ),
    "update_subscription": Endpoint(
        *("PUT", "/webhooks/{webhook_id}", "Update Subscription", 200, schemas.SUBSCRIPTION),
        *(_WRITE, schemas.SUBSCRIPTION_CHANGE),
    ),
}
"""Every endpoint below the prefix, by the name of its method in `api.Api`."""
