"""JSON Schemas of request bodies, queries and responses."""

from typing import Final

from fatrina.domain.gallery import MAX_IMAGES
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from fatrina.domain.renditions import ROLES
from fatrina.domain.webhook import EVENTS, STRATEGIES
from fatrina.web.api.product_bodies import FIELDS, JSON_FIELDS
from fatrina.web.api.product_schemas import STATUS
from fatrina.web.api.schema_types import (
    TEXT,
    NamedSchema,
    Schema,
    array_schema,
    form_body,
    json_body,
    object_schema,
)
from fatrina.web.parsing.commands import MAX_NAME_LENGTH, MAX_SKU_LENGTH

# Responses

_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_INT32}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_URL: Final[Schema] = {"type": "string", "format": "uri"}
_ENTRY_TYPE: Final[Schema] = {"type": "string", "enum": ["image", "video"]}
_RENDITION: Final = NamedSchema(
    "Rendition",
    object_schema(
        {
            "url": _URL,
            "width": {"type": "number", "minimum": 0},
            "height": {"type": "number", "minimum": 0},
        }
    ),
)
RENDITIONS: Final = NamedSchema("Renditions", object_schema(dict.fromkeys(ROLES, _RENDITION)))
IMAGE: Final = NamedSchema(
    "Image",
    object_schema(
        {
            "id": _ID,
            "image": RENDITIONS,
            "sort": {"type": "number"},
            "default": {"type": "boolean"},
            "alt_seo": {"type": ["string", "null"]},
            "video_url": TEXT,
            "type": _ENTRY_TYPE,
        }
    ),
)
PAGINATION: Final = NamedSchema(
    "Pagination",
    object_schema(
        {
            "count": _COUNT,
            "total": _COUNT,
            "perPage": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
            "currentPage": {"type": "integer", "minimum": 1},
            "totalPages": {"type": "integer", "minimum": 1},
            "links": object_schema({"next": _URL, "previous": _URL}, "next", "previous"),
        }
    ),
)
STORE: Final = NamedSchema(
    "StoreInfo",
    object_schema(
        {
            "id": {"type": "integer"},
            **dict.fromkeys(("name", "email", "avatar", "plan", "type", "status"), TEXT),
            "verified": {"type": "boolean"},
            **dict.fromkeys(("currency", "domain", "location", "description"), TEXT),
        }
    ),
)
UPDATED: Final = NamedSchema("Updated", object_schema({"message": TEXT, "code": {"const": 201}}))
REMOVED: Final = NamedSchema("Removed", object_schema({"message": TEXT, "code": {"const": 202}}))
_FIELD_MESSAGES: Final[Schema] = {"type": "object", "additionalProperties": array_schema(TEXT)}
ERROR: Final = NamedSchema(
    "Error",
    object_schema(
        {
            "status": {"type": "integer"},
            "success": {"type": "boolean", "const": False},
            "error": object_schema(
                {"code": TEXT, "message": TEXT, "fields": _FIELD_MESSAGES}, "fields"
            ),
        }
    ),
)

# Bodies

_BOOLEAN: Final[Schema] = {
    "anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0, "maximum": 1}],
    "description": "A flag: true, false, 1 or 0.",
}
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
_LINKED_IMAGE: Final = object_schema({"original": _PHOTO_LINK, **_ATTACH_FIELDS}, *_ATTACH_FIELDS)
_LINKED_IMAGES: Final = array_schema(_LINKED_IMAGE) | {"maxItems": MAX_IMAGES}
_PRODUCT_FORM: Final = {"name": _NAME, "sku": _SKU, **FIELDS}
_PRODUCT_JSON: Final = {**_PRODUCT_FORM, **JSON_FIELDS}
_CREATE_PRODUCT_FORM: Final = {**object_schema(_PRODUCT_FORM), "required": ["name"]}
_CREATE_PRODUCT: Final = {
    **object_schema({**_PRODUCT_JSON, "images": _LINKED_IMAGES}),
    "required": ["name"],
}
CREATE_PRODUCT_BODY: Final = form_body(_CREATE_PRODUCT_FORM, _CREATE_PRODUCT_FORM)
CREATE_PRODUCT_BODY["content"]["application/json"] = {"schema": _CREATE_PRODUCT}
_UPDATE_PRODUCT_FORM: Final = object_schema(_PRODUCT_FORM, *_PRODUCT_FORM)
UPDATE_PRODUCT_BODY: Final = {
    **form_body(_UPDATE_PRODUCT_FORM, _UPDATE_PRODUCT_FORM),
    "required": False,
}
UPDATE_PRODUCT_BODY["content"]["application/json"] = {
    "schema": object_schema(_PRODUCT_JSON, *_PRODUCT_JSON)
}
_PRODUCT_STATUS: Final = object_schema({"status": STATUS})
PRODUCT_STATUS_BODY: Final = form_body(_PRODUCT_STATUS, _PRODUCT_STATUS)

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


SUBSCRIBE_BODY: Final = json_body(
    object_schema(_SUBSCRIPTION_FIELDS, *_OPTIONAL_SUBSCRIPTION_FIELDS)
)
UPDATE_SUBSCRIPTION_BODY: Final = json_body(
    object_schema(_SUBSCRIPTION_FIELDS, *_SUBSCRIPTION_FIELDS), required=False
)
SUBSCRIPTION: Final = NamedSchema(
    "Subscription",
    object_schema(
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
    ),
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
    "per_page": {
        **_integer_schema(MAX_INT32, DEFAULT_PAGE_SIZE),
        "description": f"Products on a page; more than {MAX_PAGE_SIZE} become {MAX_PAGE_SIZE}.",
    },
    "keyword": {**_PLAIN_TEXT, "maxLength": MAX_NAME_LENGTH},
    "status": {**STATUS, "description": "Only products with this status."},
    "category": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_INT32,
        "description": "Only products of the category with this id.",
    },
    "format": {"type": "string", "description": "`light` leaves `images` out."},
}
UNSUBSCRIBE_QUERY: Final[Schema] = {
    "id": {"type": "integer", "minimum": 1, "maximum": MAX_INT32},
    "url": _SUBSCRIPTION_FIELDS["url"],
}
