"""Text that may be kept: of any script; no database takes NUL, and no page other controls."""

import unicodedata

from fatrina.domain import errors


def plain(field: str, text: str, limit: int) -> str:
    """The text, when it may be kept.

    Raises:
        errors.FieldRefused: it is too long, or holds what is no text.
    """
    if len(text) > limit:
        raise errors.TextTooLong(field, limit=limit)
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            raise errors.TextBroken(field)
        if category == "Cc":
            raise errors.TextControl(field, character=f"U+{ord(character):04X}")
    return text
