"""The shapes of bodies and answers, as JSON Schema."""

from typing import Any, Final

from fatrina.domain.gallery import MAX_IMAGES
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_SIZE, MAX_SIZE
from fatrina.domain.renditions import ROLES
from fatrina.domain.webhook import EVENTS, STRATEGIES
from fatrina.web.parsing.commands import MAX_NAME_LENGTH, MAX_SKU_LENGTH

Schema = dict[str, Any]


def object_of(properties: Schema, *optional: str) -> Schema:
    """An object with these properties, all of them there but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _body(multipart: Schema, plain: Schema) -> Schema:
    kinds = {
        "multipart/form-data": multipart,
        "application/json": plain,
        "application/x-www-form-urlencoded": plain,
    }
    return {"required": True, "content": {kind: {"schema": each} for kind, each in kinds.items()}}


# Answers

TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_INT32}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_URL: Final[Schema] = {"type": "string", "format": "uri"}
_KIND: Final[Schema] = {"type": "string", "enum": ["image", "video"]}
_PICTURE: Final = object_of(
    {
        "url": _URL,
        "width": {"type": "number", "minimum": 0},
        "height": {"type": "number", "minimum": 0},
    }
)
IMAGE: Final = object_of(
    {
        "id": _ID,
        "image": object_of(dict.fromkeys(ROLES, _PICTURE)),
        "sort": {"type": "number"},
        "default": {"type": "boolean"},
        "alt_seo": {"type": ["string", "null"]},
        "video_url": TEXT,
        "type": _KIND,
    }
)
_LIGHT: Final[Schema] = {
    "id": _ID,
    "name": TEXT,
    "sku": TEXT,
    "status": {"type": "string", "enum": ["sale", "hidden"]},
    "main_image": {"type": ["string", "null"]},
    "thumbnail": {"type": ["string", "null"]},
}
_PRODUCT_IMAGE: Final = object_of(
    {
        "id": _ID,
        "url": _URL,
        "main": {"type": "boolean"},
        "three_d_image_url": TEXT,
        "alt": TEXT,
        "video_url": TEXT,
        "type": _KIND,
        "sort": {"type": "number"},
    }
)
PRODUCT: Final = object_of({**_LIGHT, "images": _list_of(_PRODUCT_IMAGE)})
PRODUCTS: Final = _list_of(object_of({**_LIGHT, "images": _list_of(_PRODUCT_IMAGE)}, "images"))
PAGINATION: Final = object_of(
    {
        "count": _COUNT,
        "total": _COUNT,
        "perPage": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        "currentPage": {"type": "integer", "minimum": 1},
        "totalPages": {"type": "integer", "minimum": 1},
        "links": object_of({"next": _URL, "previous": _URL}, "next", "previous"),
    }
)
REMOVED: Final = object_of({"message": TEXT, "code": {"const": 202}})
_FIELDS: Final[Schema] = {"type": "object", "additionalProperties": _list_of(TEXT)}
REFUSAL: Final = object_of(
    {
        "status": {"type": "integer"},
        "success": {"type": "boolean", "const": False},
        "error": object_of({"code": TEXT, "message": TEXT, "fields": _FIELDS}, "fields"),
    }
)

# Bodies

_FLAG: Final[Schema] = {"enum": [0, 1, False, True, "0", "1", "false", "true"]}
_PLAIN: Final[Schema] = {"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_LINE: Final[Schema] = {
    "type": "string",
    "pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
}
_COMMON: Final[Schema] = {"default": _FLAG, "sort": {"type": "number"}, "alt": _LINE}
_LINK: Final[Schema] = {"type": "string", "description": "An http or https URL of a photo."}
_FILE: Final[Schema] = {
    "type": "string",
    "format": "binary",
    "description": "A photo: JPEG, PNG, WebP, GIF, AVIF or, where installed, HEIC; "
    "or the http or https URL of one, as text.",
}
UPDATE: Final = _body(
    object_of({"photo": _FILE, **_COMMON}, *_COMMON),
    object_of({"photo": _LINK, **_COMMON}, *_COMMON),
)
_PLACE: Final = {"main": _FLAG, **_COMMON}
_EITHER: Final = {"anyOf": [{"required": ["photo"]}, {"required": ["original"]}]}
_SOURCES: Final = ("photo", "original")
ATTACH: Final = _body(
    object_of({"photo": _FILE, "original": _LINK, **_PLACE}, *_SOURCES, *_PLACE) | _EITHER,
    object_of({"photo": _LINK, "original": _LINK, **_PLACE}, *_SOURCES, *_PLACE) | _EITHER,
)
_VIDEO: Final = object_of(
    {
        "video_url": {
            "type": "string",
            "description": "The link of a YouTube video: watch?v=, shorts/, embed/ or youtu.be/.",
            "pattern": "^https?://",
        },
        **_COMMON,
    },
    *_COMMON,
)
VIDEO: Final = _body(_VIDEO, _VIDEO)
_NAME: Final = {**_PLAIN, "minLength": 1, "maxLength": MAX_NAME_LENGTH}
_SKU: Final = {**_PLAIN, "maxLength": MAX_SKU_LENGTH}
_NAMES: Final = object_of({"name": _NAME, "sku": _SKU}, "sku")
_LINKED: Final = object_of({"original": _LINK, **_PLACE}, *_PLACE)
_IMAGES: Final = _list_of(_LINKED) | {"maxItems": MAX_IMAGES}
_CREATE: Final = object_of({"name": _NAME, "sku": _SKU, "images": _IMAGES}, "sku", "images")
CREATE: Final = _body(_NAMES, _NAMES)
CREATE["content"]["application/json"] = {"schema": _CREATE}
_CHANGE: Final = object_of({"name": _NAME, "sku": _SKU}, "name", "sku")
CHANGE: Final = _body(_CHANGE, _CHANGE) | {"required": False}

_TEXT: Final = {**_PLAIN, "minLength": 1, "maxLength": MAX_NAME_LENGTH}
_SENT: Final = object_of({"key": {"type": "string"}, "value": {"type": "string"}})
_SUBSCRIPTION: Final = {
    "name": _TEXT,
    "event": {"type": "string", "enum": [*EVENTS]},
    "url": {"type": "string", "pattern": "^https?://"},
    "version": {"type": "integer", "enum": [1, 2]},
    "headers": _list_of(
        object_of(
            {
                "key": {"type": "string", "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"},
                "value": {"type": "string", "pattern": "^[ -~]{0,1024}$"},
            }
        )
    ),
    "security_strategy": {"type": "string", "enum": [*STRATEGIES]},
    "secret": {**_PLAIN, "maxLength": MAX_NAME_LENGTH},
}
_OPTIONAL: Final = ("version", "headers", "security_strategy", "secret")


def _json_of(schema: Schema, *, required: bool = True) -> Schema:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


SUBSCRIBE: Final = _json_of(object_of(_SUBSCRIPTION, *_OPTIONAL))
SUBSCRIPTION_CHANGE: Final = _json_of(object_of(_SUBSCRIPTION, *_SUBSCRIPTION), required=False)
SUBSCRIPTION: Final = object_of(
    {
        "id": {"type": "integer"},
        "name": TEXT,
        "event": {"type": "string", "enum": [*EVENTS]},
        "type": {"const": "manual"},
        "url": TEXT,
        "version": {"type": "integer"},
        "rule": {"type": "null"},
        "headers": _list_of(_SENT),
        "security_strategy": {"type": "string", "enum": [*STRATEGIES]},
        "secret": {"type": ["string", "null"]},
    }
)
SUBSCRIPTIONS: Final = _list_of(SUBSCRIPTION)
EVENT_LIST: Final = _list_of(object_of({"event": TEXT, "label": TEXT}))

# Queries


def _whole(high: int, default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": high, "default": default}


LISTING: Final[Schema] = {
    "page": _whole(MAX_INT32, 1),
    "per_page": _whole(MAX_SIZE, DEFAULT_SIZE),
    "keyword": {**_PLAIN, "maxLength": MAX_NAME_LENGTH},
    "format": {"type": "string", "description": "`light` leaves `images` out."},
}
UNSUBSCRIBING: Final[Schema] = {
    "id": {"type": "integer", "minimum": 1, "maximum": MAX_INT32},
    "url": _SUBSCRIPTION["url"],
}
