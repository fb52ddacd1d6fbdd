"""The OpenAPI 3.1 document that is served: endpoints, bodies, answers, statuses."""

from typing import Any, Final, NamedTuple

from fatrina import __version__
from fatrina.domain.renditions import ROLES
from fatrina.web.commands import LONGEST_NAME, LONGEST_SKU

Schema = dict[str, Any]

_DESCRIPTION: Final = """\
Product images, wire-compatible with Salla's Product Images endpoints.

Every answer is an envelope: `{status, success, data}` or `{status, success, error}`. Messages are
Arabic, or English where `Accept-Language` prefers it. The `Fatrina-Reason` header of a refusal
holds its stable reasons.
"""


def _object(properties: Schema, *optional: str) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_FLAG: Final[Schema] = {"type": "integer", "enum": [0, 1]}
_PICTURE: Final = _object(
    {
        "url": {"type": "string", "format": "uri"},
        "width": {"type": "number", "minimum": 0},
        "height": {"type": "number", "minimum": 0},
    }
)
_IMAGE: Final = _object(
    {
        "id": _ID,
        "image": _object(dict.fromkeys(ROLES, _PICTURE)),
        "sort": {"type": "number"},
        "default": {"type": "boolean"},
        "alt_seo": {"type": ["string", "null"]},
        "video_url": _TEXT,
        "type": {"type": "string", "enum": ["image", "video"]},
    }
)
_PRODUCT: Final = _object(
    {
        "id": _ID,
        "name": _TEXT,
        "sku": _TEXT,
        "status": {"type": "string", "enum": ["sale", "hidden"]},
        "main_image": {"type": ["string", "null"]},
        "thumbnail": {"type": ["string", "null"]},
        "images": {
            "type": "array",
            "items": _object(
                {
                    "id": _ID,
                    "url": _TEXT,
                    "main": {"type": "boolean"},
                    "three_d_image_url": _TEXT,
                    "alt": _TEXT,
                    "video_url": _TEXT,
                    "type": _TEXT,
                    "sort": {"type": "number"},
                }
            ),
        },
    }
)
_FIELDS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": _TEXT},
}
_REFUSAL: Final = _object(
    {
        "status": {"type": "integer"},
        "success": {"type": "boolean", "const": False},
        "error": _object({"code": _TEXT, "message": _TEXT, "fields": _FIELDS}, "fields"),
    }
)

_PLAIN: Final[Schema] = {"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_COMMON: Final[Schema] = {"default": _FLAG, "sort": {"type": "number"}, "alt": _PLAIN}
_LINK: Final[Schema] = {"type": "string", "description": "An http or https URL of a photo."}
_FILE: Final[Schema] = {
    "type": "string",
    "format": "binary",
    "description": "A photo: JPEG, PNG, WebP, GIF, AVIF or, where installed, HEIC; "
    "or the http or https URL of one, as text.",
}

_STATUSES: Final = {
    400: "The request itself is broken.",
    401: "The token is invalid, or lacks the scope.",
    404: "There is no such thing, or it is another merchant's.",
    408: "The body stood still.",
    413: "The body is too large.",
    422: "A field cannot be taken; `fields` says which and why.",
    500: "A fault of ours; the log has it under the answer's X-Request-Id.",
    503: "Not now: busy, or storage or database do not answer. See Retry-After.",
    507: "No space is left.",
}
_READ: Final = (401, 404, 500, 503)
_REMOVE: Final = (*_READ, 507)
_WRITE: Final = tuple(_STATUSES)
_MAKE: Final = tuple(status for status in _STATUSES if status != 404)  # noqa: PLR2004


def _content(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(status: int, data: Schema, refusals: tuple[int, ...]) -> Schema:
    done = _object({"status": {"const": status}, "success": {"const": True}, "data": data})
    answers: Schema = {str(status): {"description": "Done.", **_content(done)}}
    for code in refusals:
        answers[str(code)] = {"description": _STATUSES[code], **_content(_REFUSAL)}
    return answers


def _body(multipart: Schema, plain: Schema) -> Schema:
    kinds = {
        "multipart/form-data": multipart,
        "application/json": plain,
        "application/x-www-form-urlencoded": plain,
    }
    return {"required": True, "content": {kind: {"schema": each} for kind, each in kinds.items()}}


_UPDATE: Final = _body(
    _object({"photo": _FILE, **_COMMON}, *_COMMON), _object({"photo": _LINK, **_COMMON}, *_COMMON)
)
_PLACE: Final = {"main": _FLAG, **_COMMON}
_EITHER: Final = {"anyOf": [{"required": ["photo"]}, {"required": ["original"]}]}
_ATTACH: Final = _body(
    _object({"photo": _FILE, "original": _LINK, **_PLACE}, "photo", "original", *_PLACE) | _EITHER,
    _object({"photo": _LINK, "original": _LINK, **_PLACE}, "photo", "original", *_PLACE) | _EITHER,
)
_NAMES: Final = _object(
    {
        "name": {**_PLAIN, "minLength": 1, "maxLength": LONGEST_NAME},
        "sku": {**_PLAIN, "maxLength": LONGEST_SKU},
    },
    "sku",
)
_CREATE: Final = _body(_NAMES, _NAMES)
_REMOVED: Final = _object({"message": _TEXT, "code": {"const": 202}})


class Endpoint(NamedTuple):
    """What the document says of one endpoint."""

    method: str
    path: str
    summary: str
    status: int
    data: Schema
    refusals: tuple[int, ...]
    body: Schema | None = None


ENDPOINTS: Final = {
    "update_image": Endpoint(
        "POST", "/products/images/{image_id}", "Update Image", 201, _IMAGE, _WRITE, _UPDATE
    ),
    "delete_image": Endpoint(
        "DELETE", "/products/images/{image_id}", "Delete Image", 202, _REMOVED, _REMOVE
    ),
    "attach_image": Endpoint(
        "POST", "/products/{product_id}/images", "Attach Image", 201, _IMAGE, _WRITE, _ATTACH
    ),
    "create_product": Endpoint(
        "POST", "/products", "Create Product", 201, _PRODUCT, _MAKE, _CREATE
    ),
    "product_details": Endpoint(
        "GET", "/products/{product_id}", "Product Details", 200, _PRODUCT, _READ
    ),
}
"""Every endpoint below the prefix, by the name of its method in `api.Api`."""


def document(prefix: str, base: str) -> Schema:
    """The whole document; `prefix` begins every path, `base` is where the service is reached."""
    paths: Schema = {}
    for name, endpoint in ENDPOINTS.items():
        operations = paths.setdefault(prefix + endpoint.path, {})
        operations[endpoint.method.lower()] = _operation(name, endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fatrina", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    }


def _operation(name: str, endpoint: Endpoint) -> Schema:
    names = (part[1:-1] for part in endpoint.path.split("/") if part.startswith("{"))
    operation: Schema = {
        "operationId": name,
        "summary": endpoint.summary,
        "tags": ["Product Images" if "image" in name else "Products"],
        "parameters": [
            {"name": each, "in": "path", "required": True, "schema": _TEXT} for each in names
        ],
        "responses": _answers(endpoint.status, endpoint.data, endpoint.refusals),
    }
    return operation | ({"requestBody": endpoint.body} if endpoint.body else {})
