"""JSON Schemas of the history of images: versions, deleted images, log, restore and order."""

from typing import Final

from fatrina.domain.history import Action
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE
from fatrina.domain.photo import ImageFormat
from fatrina.web.api.schema_types import TEXT, Schema, array_schema, form_body, object_schema
from fatrina.web.api.schemas import IMAGE, RENDITIONS
from fatrina.web.parsing.history_commands import MAX_REASON_LENGTH, RESTORE_CHOICES

_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_ID: Final[Schema] = {"type": "integer", "minimum": 1}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_AUTHOR: Final = object_schema(
    {
        "token": _ID | {"description": "The id of the token that made the change."},
        "hint": TEXT | {"description": "The first characters of the token."},
        "app": _nullable(TEXT) | {"description": "The app to which the token was issued."},
    }
)
_SOURCE: Final = object_schema(
    {
        "type": {"type": "string", "enum": ["file", "link", "restore"]},
        "url": TEXT | {"description": "The link of the photo, without its query."},
        "number": _ID | {"description": "The number of the version that was restored."},
    },
    "url",
    "number",
)
_VERSION: Final = object_schema(
    {
        "number": _ID | {"description": "Counts from 1, the oldest version."},
        "image": _nullable(RENDITIONS) | {"description": "Null if the files were deleted."},
        "alt_seo": {"type": ["string", "null"]},
        "sort": {"type": ["number", "null"]},
        "default": {"type": ["boolean", "null"]},
        "created_at": _TIME,
        "retired_at": _nullable(_TIME) | {"description": "Null if the image shows it."},
        "kept_until": _nullable(_TIME) | {"description": "When its files may be deleted."},
        "by": _nullable(_AUTHOR),
        "source": _SOURCE,
        "bytes": {"type": "integer", "minimum": 0, "description": "Size of the received photo."},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "format": {"type": "string", "enum": [each.value for each in ImageFormat]},
        "reason": {"type": ["string", "null"]},
    }
)
VERSIONS: Final = array_schema(_VERSION)
IMAGES: Final = array_schema(IMAGE)
DELETED_IMAGES: Final = array_schema(
    object_schema({**IMAGE["properties"], "deleted_at": _TIME, "kept_until": _nullable(_TIME)})
)
CHANGES: Final = array_schema(
    object_schema(
        {
            "id": _ID,
            "image_id": {"type": ["integer", "null"]},
            "actions": array_schema({"type": "string", "enum": [*Action]}),
            "created_at": _TIME,
            "by": _nullable(_AUTHOR),
            "reason": {"type": ["string", "null"]},
        }
    )
)
_REASON: Final[Schema] = {
    "type": "string",
    "maxLength": MAX_REASON_LENGTH,
    "pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
    "description": "Why the image is changed; stored with the version and in the log.",
}
_RESTORE_FIELDS: Final = {
    "restore": {
        "type": "string",
        "enum": [*RESTORE_CHOICES],
        "default": RESTORE_CHOICES[0],
        "description": "`all` also restores the alternative text, sort and default flag.",
    },
    "reason": _REASON,
}
_RESTORE: Final = object_schema(_RESTORE_FIELDS, *_RESTORE_FIELDS)
RESTORE_VERSION_BODY: Final = form_body(_RESTORE, _RESTORE) | {"required": False}
_REASON_ONLY: Final = object_schema({"reason": _REASON}, "reason")
REASON_BODY: Final = form_body(_REASON_ONLY, _REASON_ONLY) | {"required": False}
_IMAGE_IDS: Final = array_schema({"type": "integer", "minimum": 1, "maximum": MAX_INT32}) | {
    "description": "The ids of all images and videos of the product, each once."
}
ORDER: Final = object_schema({"images": _IMAGE_IDS})
_ORDER: Final = object_schema({"images": _IMAGE_IDS, "reason": _REASON}, "reason")
ORDER_BODY: Final[Schema] = {
    "required": True,
    "content": {"application/json": {"schema": _ORDER}},
}
PAGE_QUERY: Final[Schema] = {
    "page": {"type": "integer", "minimum": 1, "maximum": MAX_INT32, "default": 1},
    "per_page": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_INT32,
        "default": DEFAULT_PAGE_SIZE,
    },
}
