"""JSON Schemas of request bodies, queries and responses."""

from typing import Any, Final

from fatrina.domain.gallery import MAX_IMAGES
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from fatrina.domain.renditions import ROLES
from fatrina.domain.webhook import EVENTS, STRATEGIES
from fatrina.web.parsing.commands import MAX_NAME_LENGTH, MAX_SKU_LENGTH

Schema = dict[str, Any]


def object_schema(properties: Schema, *optional: str) -> Schema:
    """Return the schema of an object; all properties are required except `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def array_schema(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def form_body(multipart: Schema, plain: Schema) -> Schema:
    """Return a request body as a form or as JSON."""
    schemas = {
        "multipart/form-data": multipart,
        "application/json": plain,
        "application/x-www-form-urlencoded": plain,
    }
    return {
        "required": True,
        "content": {name: {"schema": schema} for name, schema in schemas.items()},
    }


# Responses

TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_INT32}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_URL: Final[Schema] = {"type": "string", "format": "uri"}
_ENTRY_TYPE: Final[Schema] = {"type": "string", "enum": ["image", "video"]}
_RENDITION: Final = object_schema(
    {
        "url": _URL,
        "width": {"type": "number", "minimum": 0},
        "height": {"type": "number", "minimum": 0},
    }
)
RENDITIONS: Final = object_schema(dict.fromkeys(ROLES, _RENDITION))
IMAGE: Final = object_schema(
    {
        "id": _ID,
        "image": RENDITIONS,
        "sort": {"type": "number"},
        "default": {"type": "boolean"},
        "alt_seo": {"type": ["string", "null"]},
        "video_url": TEXT,
        "type": _ENTRY_TYPE,
    }
)
_LIGHT_PRODUCT: Final[Schema] = {
    "id": _ID,
    "name": TEXT,
    "sku": TEXT,
    "status": {"type": "string", "enum": ["sale", "hidden"]},
    "main_image": {"type": ["string", "null"]},
    "thumbnail": {"type": ["string", "null"]},
}
_PRODUCT_IMAGE: Final = object_schema(
    {
        "id": _ID,
        "url": _URL,
        "main": {"type": "boolean"},
        "three_d_image_url": TEXT,
        "alt": TEXT,
        "video_url": TEXT,
        "type": _ENTRY_TYPE,
        "sort": {"type": "number"},
    }
)
PRODUCT: Final = object_schema({**_LIGHT_PRODUCT, "images": array_schema(_PRODUCT_IMAGE)})
PRODUCTS: Final = array_schema(
    object_schema({**_LIGHT_PRODUCT, "images": array_schema(_PRODUCT_IMAGE)}, "images")
)
PAGINATION: Final = object_schema(
    {
        "count": _COUNT,
        "total": _COUNT,
        "perPage": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
        "currentPage": {"type": "integer", "minimum": 1},
        "totalPages": {"type": "integer", "minimum": 1},
        "links": object_schema({"next": _URL, "previous": _URL}, "next", "previous"),
    }
)
STORE: Final = object_schema(
    {
        "id": {"type": "integer"},
        **dict.fromkeys(("name", "email", "avatar", "plan", "type", "status"), TEXT),
        "verified": {"type": "boolean"},
        **dict.fromkeys(("currency", "domain", "location", "description"), TEXT),
    }
)
REMOVED: Final = object_schema({"message": TEXT, "code": {"const": 202}})
_FIELD_MESSAGES: Final[Schema] = {"type": "object", "additionalProperties": array_schema(TEXT)}
ERROR: Final = object_schema(
    {
        "status": {"type": "integer"},
        "success": {"type": "boolean", "const": False},
        "error": object_schema(
            {"code": TEXT, "message": TEXT, "fields": _FIELD_MESSAGES}, "fields"
        ),
    }
)

# Bodies

_BOOLEAN: Final[Schema] = {"enum": [0, 1, False, True, "0", "1", "false", "true"]}
_PLAIN_TEXT: Final[Schema] = {"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_LINE_OF_TEXT: Final[Schema] = {
    "type": "string",
    "pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
}
_IMAGE_FIELDS: Final[Schema] = {
    "default": _BOOLEAN,
    "sort": {"type": "number"},
    "alt": _LINE_OF_TEXT,
}
_PHOTO_LINK: Final[Schema] = {"type": "string", "description": "An http or https URL of a photo."}
_PHOTO_FILE: Final[Schema] = {
    "type": "string",
    "format": "binary",
    "description": "A photo: JPEG, PNG, WebP, GIF, AVIF or, where installed, HEIC; "
    "or the http or https URL of one, as text.",
}
UPDATE_IMAGE_BODY: Final = form_body(
    object_schema({"photo": _PHOTO_FILE, **_IMAGE_FIELDS}, "photo", *_IMAGE_FIELDS),
    object_schema({"photo": _PHOTO_LINK, **_IMAGE_FIELDS}, "photo", *_IMAGE_FIELDS),
)
_ATTACH_FIELDS: Final = {"main": _BOOLEAN, **_IMAGE_FIELDS}
_PHOTO_OR_ORIGINAL: Final = {"anyOf": [{"required": ["photo"]}, {"required": ["original"]}]}
_PHOTO_FIELDS: Final = ("photo", "original")
ATTACH_IMAGE_BODY: Final = form_body(
    object_schema(
        {"photo": _PHOTO_FILE, "original": _PHOTO_LINK, **_ATTACH_FIELDS},
        *_PHOTO_FIELDS,
        *_ATTACH_FIELDS,
    )
    | _PHOTO_OR_ORIGINAL,
    object_schema(
        {"photo": _PHOTO_LINK, "original": _PHOTO_LINK, **_ATTACH_FIELDS},
        *_PHOTO_FIELDS,
        *_ATTACH_FIELDS,
    )
    | _PHOTO_OR_ORIGINAL,
)
_VIDEO: Final = object_schema(
    {
        "video_url": {
            "type": "string",
            "description": "The link of a YouTube video: watch?v=, shorts/, embed/ or youtu.be/.",
            "pattern": "^https?://",
        },
        **_IMAGE_FIELDS,
    },
    *_IMAGE_FIELDS,
)
ATTACH_VIDEO_BODY: Final = form_body(_VIDEO, _VIDEO)
_NAME: Final = {**_PLAIN_TEXT, "minLength": 1, "maxLength": MAX_NAME_LENGTH}
_SKU: Final = {**_PLAIN_TEXT, "maxLength": MAX_SKU_LENGTH}
_CREATE_PRODUCT_FORM: Final = object_schema({"name": _NAME, "sku": _SKU}, "sku")
_LINKED_IMAGE: Final = object_schema({"original": _PHOTO_LINK, **_ATTACH_FIELDS}, *_ATTACH_FIELDS)
_LINKED_IMAGES: Final = array_schema(_LINKED_IMAGE) | {"maxItems": MAX_IMAGES}
_CREATE_PRODUCT: Final = object_schema(
    {"name": _NAME, "sku": _SKU, "images": _LINKED_IMAGES}, "sku", "images"
)
CREATE_PRODUCT_BODY: Final = form_body(_CREATE_PRODUCT_FORM, _CREATE_PRODUCT_FORM)
CREATE_PRODUCT_BODY["content"]["application/json"] = {"schema": _CREATE_PRODUCT}
_UPDATE_PRODUCT: Final = object_schema({"name": _NAME, "sku": _SKU}, "name", "sku")
UPDATE_PRODUCT_BODY: Final = form_body(_UPDATE_PRODUCT, _UPDATE_PRODUCT) | {"required": False}

_SUBSCRIPTION_NAME: Final = {**_PLAIN_TEXT, "minLength": 1, "maxLength": MAX_NAME_LENGTH}
_HEADER_NAME: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$",
}
_HEADER_VALUE: Final[Schema] = {"type": "string", "pattern": "^[ -~]{0,1024}$"}
_SUBSCRIPTION_FIELDS: Final = {
    "name": _SUBSCRIPTION_NAME,
    "event": {"type": "string", "enum": [*EVENTS]},
    "url": {"type": "string", "pattern": "^https?://"},
    "version": {"type": "integer", "enum": [1, 2]},
    "headers": {
        "description": "Additional headers of each delivery: `{name: value}`, or a list of `key` "
        "and `value`.",
        "anyOf": [
            {"type": "object", "additionalProperties": _HEADER_VALUE},
            array_schema(object_schema({"key": _HEADER_NAME, "value": _HEADER_VALUE})),
        ],
    },
    "security_strategy": {"type": "string", "enum": [*STRATEGIES]},
    "secret": {**_PLAIN_TEXT, "maxLength": MAX_NAME_LENGTH},
}
_OPTIONAL_SUBSCRIPTION_FIELDS: Final = ("version", "headers", "security_strategy", "secret")


def _json_body(schema: Schema, *, required: bool = True) -> Schema:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


SUBSCRIBE_BODY: Final = _json_body(
    object_schema(_SUBSCRIPTION_FIELDS, *_OPTIONAL_SUBSCRIPTION_FIELDS)
)
UPDATE_SUBSCRIPTION_BODY: Final = _json_body(
    object_schema(_SUBSCRIPTION_FIELDS, *_SUBSCRIPTION_FIELDS), required=False
)
SUBSCRIPTION: Final = object_schema(
    {
        "id": {"type": "integer"},
        "name": TEXT,
        "event": {"type": "string", "enum": [*EVENTS]},
        "type": {"const": "manual"},
        "url": TEXT,
        "version": {"type": "integer"},
        "rule": {"type": "null"},
        "headers": {"type": "object", "additionalProperties": TEXT},
        "security": object_schema(
            {
                "strategy": {"type": "string", "enum": [*STRATEGIES]},
                "secret": {"type": ["string", "null"], "description": "Masked."},
            }
        ),
    }
)
SUBSCRIPTIONS: Final = array_schema(SUBSCRIPTION)
EVENT_LIST: Final = array_schema(
    object_schema({"id": {"type": "integer"}, "label": TEXT, "event": TEXT})
)

# Queries


def _integer_schema(maximum: int, default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": maximum, "default": default}


LIST_PRODUCTS_QUERY: Final[Schema] = {
    "page": _integer_schema(MAX_INT32, 1),
    "per_page": _integer_schema(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
    "keyword": {**_PLAIN_TEXT, "maxLength": MAX_NAME_LENGTH},
    "format": {"type": "string", "description": "`light` leaves `images` out."},
}
UNSUBSCRIBE_QUERY: Final[Schema] = {
    "id": {"type": "integer", "minimum": 1, "maximum": MAX_INT32},
    "url": _SUBSCRIPTION_FIELDS["url"],
}
