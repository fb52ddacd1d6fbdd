"""The table of API endpoints: routes, request bodies and responses.

The application is routed by this table, and the OpenAPI document is generated from it.
"""

from typing import Final, NamedTuple

from fatrina.web.api import history_schemas, schemas
from fatrina.web.api.product_schemas import PRODUCT, PRODUCTS
from fatrina.web.api.schema_types import Schema
from fatrina.web.api.schemas import IMAGE

STATUS_DESCRIPTIONS: Final = {
    304: "The client has it already; see If-None-Match.",
    400: "The request is malformed.",
    401: "The token is invalid, or lacks the scope.",
    404: "Not found, or owned by another merchant.",
    405: "The SKU is empty: the path is another one, which does not allow this method.",
    408: "The body was not received in time.",
    409: "Another request with the same Idempotency-Key is being executed. See Retry-After.",
    410: "The files of the version were deleted after their retention time.",
    412: "The image or the order has changed since the client read the ETag in If-Match.",
    413: "The body is too large.",
    422: "A field is invalid; see `fields`.",
    428: "The settings of the service require If-Match.",
    429: "The rate limit of the merchant's plan is exceeded. See Retry-After.",
    500: "Internal error; see the log entry with the X-Request-Id of the response.",
    503: "The service is busy, or the storage or database is unavailable. See Retry-After.",
    507: "The disk is full.",
}
_READ_ERRORS: Final = (401, 404, 429, 500, 503)
_LIST_ERRORS: Final = (401, 422, 429, 500, 503)
_SIMPLE_LIST_ERRORS: Final = (401, 429, 500, 503)
_DELETE_ERRORS: Final = (*_READ_ERRORS, 409, 422, 507)
_EXTENSION_ERRORS: Final = (410, 412, 428)
_UPDATE_ERRORS: Final = tuple(
    status for status in STATUS_DESCRIPTIONS if status not in {304, 405, *_EXTENSION_ERRORS}
)
_CREATE_ERRORS: Final = tuple(status for status in _UPDATE_ERRORS if status != 404)  # noqa: PLR2004


class Endpoint(NamedTuple):
    """An API endpoint."""

    method: str
    path: str
    """The path in Starlette's syntax: `{sku:path}` may contain slashes."""
    summary: str
    status: int
    data: Schema
    errors: tuple[int, ...]
    body: Schema | None = None
    query: Schema | None = None
    http_status: int | None = None
    """The HTTP status, if it differs from `status`, which is in the body."""
    pagination: Schema | None = None
    is_extension: bool = False
    """Whether it is not part of the contract; `FATRINA_CONTRACT_ONLY` disables it."""

    @property
    def openapi_path(self) -> str:
        """The path in OpenAPI syntax."""
        return self.path.replace(":path}", "}")

    @property
    def parameters(self) -> list[str]:
        """The names of its path and query parameters."""
        named = [part[1:-1] for part in self.openapi_path.split("/") if part.startswith("{")]
        return [*named, *(self.query or {})]


_IMAGE_PATH: Final = "/products/images/{image_id}"
_PRODUCT_PATH: Final = "/products/{product_id}"
_SKU_PATH: Final = "/products/sku/{sku:path}"

ENDPOINTS: Final = {
    "store_info": Endpoint(
        "GET", "/store/info", "Store Info", 200, schemas.STORE, _SIMPLE_LIST_ERRORS
    ),
    "update_image": Endpoint(
        *("POST", _IMAGE_PATH, "Update Image", 201, IMAGE),
        *((*_UPDATE_ERRORS, 412, 428), schemas.UPDATE_IMAGE_BODY),
    ),
    "delete_image": Endpoint(
        *("DELETE", _IMAGE_PATH, "Delete Image", 202, schemas.REMOVED),
        (*_DELETE_ERRORS, 412, 428),
    ),
    "attach_image": Endpoint(
        "POST",
        f"{_PRODUCT_PATH}/images",
        "Attach Image",
        201,
        IMAGE,
        _UPDATE_ERRORS,
        schemas.ATTACH_IMAGE_BODY,
    ),
    "attach_image_by_sku": Endpoint(
        *("POST", f"{_SKU_PATH}/images", "Attach Image by SKU", 201, IMAGE),
        *(_UPDATE_ERRORS, schemas.ATTACH_IMAGE_BODY),
        http_status=200,
    ),
    "attach_video": Endpoint(
        *("POST", f"{_PRODUCT_PATH}/video", "Attach YouTube Video", 201, IMAGE),
        *(_UPDATE_ERRORS, schemas.ATTACH_VIDEO_BODY),
    ),
    "attach_video_by_sku": Endpoint(
        *("POST", f"{_SKU_PATH}/videos", "Attach YouTube Video by SKU", 201, IMAGE),
        *((*_UPDATE_ERRORS, 405), schemas.ATTACH_VIDEO_BODY),
        http_status=200,
    ),
    "create_product": Endpoint(
        "POST",
        "/products",
        "Create Product",
        201,
        PRODUCT,
        _CREATE_ERRORS,
        schemas.CREATE_PRODUCT_BODY,
    ),
    "list_products": Endpoint(
        *("GET", "/products", "List Products", 200, PRODUCTS, _LIST_ERRORS),
        query=schemas.LIST_PRODUCTS_QUERY,
        pagination=schemas.PAGINATION,
    ),
    "product_details_by_sku": Endpoint(
        "GET", _SKU_PATH, "Product Details by SKU", 200, PRODUCT, _READ_ERRORS
    ),
    "product_details": Endpoint(
        "GET", _PRODUCT_PATH, "Product Details", 200, PRODUCT, _READ_ERRORS
    ),
    "update_product": Endpoint(
        "PUT",
        _PRODUCT_PATH,
        "Update Product",
        201,
        PRODUCT,
        _UPDATE_ERRORS,
        schemas.UPDATE_PRODUCT_BODY,
    ),
    "update_product_by_sku": Endpoint(
        *("PUT", _SKU_PATH, "Update Product by SKU", 201, PRODUCT),
        *(_UPDATE_ERRORS, schemas.UPDATE_PRODUCT_BODY),
    ),
    "delete_product_by_sku": Endpoint(
        "DELETE", _SKU_PATH, "Delete Product by SKU", 202, schemas.REMOVED, _DELETE_ERRORS
    ),
    "change_product_status": Endpoint(
        *("POST", f"{_PRODUCT_PATH}/status", "Change Product Status", 201, schemas.UPDATED),
        *(_UPDATE_ERRORS, schemas.PRODUCT_STATUS_BODY),
    ),
    "delete_product": Endpoint(
        "DELETE", _PRODUCT_PATH, "Delete Product", 202, schemas.REMOVED, _DELETE_ERRORS
    ),
    "image_details": Endpoint(
        *("GET", _IMAGE_PATH, "Image Details", 200, IMAGE, (304, *_READ_ERRORS)), is_extension=True
    ),
    "list_versions": Endpoint(
        *("GET", f"{_IMAGE_PATH}/versions", "List Versions", 200, history_schemas.VERSIONS),
        (*_READ_ERRORS, 422),
        query=history_schemas.PAGE_QUERY,
        pagination=schemas.PAGINATION,
        is_extension=True,
    ),
    "restore_version": Endpoint(
        *("POST", f"{_IMAGE_PATH}/versions/{{number}}/restore", "Restore Version", 201, IMAGE),
        *((*_UPDATE_ERRORS, *_EXTENSION_ERRORS), history_schemas.RESTORE_VERSION_BODY),
        is_extension=True,
    ),
    "restore_image": Endpoint(
        *("POST", f"{_IMAGE_PATH}/restore", "Restore Image", 201, IMAGE),
        *((*_UPDATE_ERRORS, 410), history_schemas.REASON_BODY),
        is_extension=True,
    ),
    "list_deleted_images": Endpoint(
        *("GET", f"{_PRODUCT_PATH}/images/deleted", "List Deleted Images", 200),
        *(history_schemas.DELETED_IMAGES, _READ_ERRORS),
        is_extension=True,
    ),
    "image_log": Endpoint(
        *("GET", f"{_PRODUCT_PATH}/images/log", "Image Log", 200, history_schemas.CHANGES),
        (*_READ_ERRORS, 422),
        query=history_schemas.PAGE_QUERY,
        pagination=schemas.PAGINATION,
        is_extension=True,
    ),
    "show_order": Endpoint(
        *("GET", f"{_PRODUCT_PATH}/images/order", "Image Order", 200, history_schemas.ORDER),
        (*_READ_ERRORS, 304),
        is_extension=True,
    ),
    "order_images": Endpoint(
        *("PUT", f"{_PRODUCT_PATH}/images/order", "Order Images", 200, history_schemas.IMAGES),
        *((*_UPDATE_ERRORS, 412, 428), history_schemas.ORDER_BODY),
        is_extension=True,
    ),
    "subscribe": Endpoint(
        *("POST", "/webhooks/subscribe", "Subscribe", 200, schemas.SUBSCRIPTION),
        *(_CREATE_ERRORS, schemas.SUBSCRIBE_BODY),
    ),
    "list_events": Endpoint(
        "GET", "/webhooks/events", "List Events", 200, schemas.EVENT_LIST, _SIMPLE_LIST_ERRORS
    ),
    "unsubscribe": Endpoint(
        *("DELETE", "/webhooks/unsubscribe", "Unsubscribe", 202, schemas.REMOVED, _UPDATE_ERRORS),
        query=schemas.UNSUBSCRIBE_QUERY,
    ),
    "list_subscriptions": Endpoint(
        *("GET", "/webhooks", "List Subscriptions", 200, schemas.SUBSCRIPTIONS, _LIST_ERRORS),
        query=history_schemas.PAGE_QUERY,
        pagination=schemas.PAGINATION,
    ),
    "update_subscription": Endpoint(
        *("PUT", "/webhooks/{webhook_id}", "Update Subscription", 200, schemas.SUBSCRIPTION),
        *(_UPDATE_ERRORS, schemas.UPDATE_SUBSCRIPTION_BODY),
    ),
}
"""All endpoints below the prefix, by the name of their methods in `api.Api`."""
