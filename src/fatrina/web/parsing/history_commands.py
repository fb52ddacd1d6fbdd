"""Parse the requests of the history of images; report all errors together."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from fatrina.domain import errors, text
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page
from fatrina.domain.types import ImageId
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form

MAX_REASON_LENGTH: Final = 500
REASON_HEADER: Final = "fatrina-change-reason"
RESTORE_CHOICES: Final = ("photo", "all")
_REASON: Final = "reason"


def parse_page(query: Mapping[str, str]) -> Page:
    """Parse the query of a list; a larger page than the maximum has the maximum size.

    Raises:
        errors.ValidationFailed: with all invalid parameters.
    """
    fields = Fields(Form(dict(query)))
    number = fields.integer("page", 1, MAX_INT32)
    size = fields.integer("per_page", 1, MAX_INT32)
    fields.raise_errors()
    return Page(number or 1, min(size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE))


def parse_restore(form: Form) -> bool:
    """Parse the body of Restore Version; return whether texts and position are restored too.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    choice = fields.choice("restore", RESTORE_CHOICES)
    fields.raise_errors()
    return choice == "all"


def parse_order(form: Form) -> list[ImageId]:
    """Parse the body of Order Images: the ids of all images in their new order.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    image_ids = fields.integers("images", 1, MAX_INT32)
    if image_ids is None:
        fields.require("images")
    fields.raise_errors()
    return [ImageId(each) for each in image_ids or []]


def parse_reason(form: Form, header: str | None) -> str | None:
    """Return the reason of a change: from the body, or else from the header; None without one.

    The header is percent-encoded UTF-8: headers cannot contain Arabic otherwise.

    Raises:
        errors.ValidationFailed: it is invalid.
    """
    fields = Fields(form)
    reason = fields.line(_REASON, MAX_REASON_LENGTH)
    if not reason and header and not fields.errors:
        try:
            decoded = unquote_to_bytes(header.encode("latin-1")).decode()
            reason = text.normalize_line(_REASON, decoded, MAX_REASON_LENGTH)
        except UnicodeDecodeError:
            fields.errors.append(errors.InvalidEncoding(_REASON))
        except errors.FieldError as exc:
            fields.errors.append(exc)
    fields.raise_errors()
    return reason or None
