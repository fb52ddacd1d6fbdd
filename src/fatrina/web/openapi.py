"""What the served OpenAPI document says of each endpoint: bodies, answers, statuses."""

from typing import Any, Final

from fatrina.domain.renditions import ROLES

Schema = dict[str, Any]

DESCRIPTION: Final = """\
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

_COMMON: Final[Schema] = {"default": _FLAG, "sort": {"type": "number"}, "alt": _TEXT}
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
_WRITE: Final = tuple(_STATUSES)


def _content(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(status: int, data: Schema, refusals: tuple[int, ...]) -> dict[int | str, Schema]:
    done = _object({"status": {"const": status}, "success": {"const": True}, "data": data})
    answers: dict[int | str, Schema] = {status: {"description": "Done.", **_content(done)}}
    for code in refusals:
        answers[code] = {"description": _STATUSES[code], **_content(_REFUSAL)}
    return answers


def _body(multipart: Schema | None, plain: Schema) -> Schema:
    kinds = {"application/json": plain, "application/x-www-form-urlencoded": plain}
    if multipart is not None:
        kinds = {"multipart/form-data": multipart} | kinds
    return {"required": True, "content": {kind: {"schema": each} for kind, each in kinds.items()}}


_UPDATE: Final = _body(
    _object({"photo": _FILE, **_COMMON}, *_COMMON), _object({"photo": _LINK, **_COMMON}, *_COMMON)
)
_ATTACH: Final = _body(
    _object(
        {"photo": _FILE, "original": _LINK, "main": _FLAG, **_COMMON},
        *("photo", "original", "main", *_COMMON),
    ),
    _object({"original": _LINK, "main": _FLAG, **_COMMON}, "main", *_COMMON),
)
_CREATE: Final = _body(None, _object({"name": _TEXT, "sku": _TEXT}, "sku"))
_REMOVED: Final = _object({"message": _TEXT, "code": {"const": 202}})

_ENDPOINTS: Final[dict[str, tuple[str, int, Schema, tuple[int, ...], Schema | None]]] = {
    "update_image": ("Update Image", 201, _IMAGE, _WRITE, _UPDATE),
    "attach_image": ("Attach Image", 201, _IMAGE, _WRITE, _ATTACH),
    "delete_image": ("Delete Image", 202, _REMOVED, _WRITE, None),
    "create_product": ("Create Product", 201, _PRODUCT, _WRITE, _CREATE),
    "product_details": ("Product Details", 200, _PRODUCT, _READ, None),
}


def described(endpoint: str) -> dict[str, Any]:
    """The arguments of `add_api_route` for an endpoint of `api.Api`."""
    summary, status, data, refusals, body = _ENDPOINTS[endpoint]
    group = "Product Images" if "image" in endpoint else "Products"
    extra: Schema = {"security": [{"bearer": []}]}
    if body is not None:
        extra["requestBody"] = body
    return {
        "summary": summary,
        "status_code": status,
        "responses": _answers(status, data, refusals),
        "openapi_extra": extra,
        "operation_id": endpoint,
        "tags": [group],
        "response_model": None,
    }
