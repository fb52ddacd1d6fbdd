"""Text validation and normalization: any script, no control characters."""

import re
import unicodedata
from string import ascii_letters, digits
from typing import Final

from fatrina.domain import errors

ALPHANUMERIC: Final = ascii_letters + digits
# Separators of lines and cells in editors and spreadsheets; CR LF counts as one.
_LINE_BREAK: Final = re.compile("\r\n|[\t\n\r\u2028\u2029]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def validate(field: str, text: str, limit: int) -> str:
    """Return the text unchanged if it is valid.

    Databases reject NUL, and pages cannot show other control characters.

    Raises:
        errors.FieldError: it is too long, or has a control character or a lone surrogate.
    """
    if len(text) > limit:
        raise errors.TextTooLong(field, limit=limit)
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            raise errors.InvalidEncoding(field)
        if category == "Cc":
            raise errors.ControlCharacter(field, character=f"U+{ord(character):04X}")
    return text


def normalize_line(field: str, text: str, limit: int) -> str:
    """Return the text as one line: line breaks and tabs become spaces, and the ends are trimmed.

    Text from spreadsheets and text areas ends in a line break and contains them between words.
    Only these characters are trimmed: `str.strip` would also remove control characters, which are
    errors.

    Raises:
        errors.FieldError: the line is too long, or has a control character or a lone surrogate.
    """
    return validate(field, _LINE_BREAK.sub(" ", text).strip(" \u00a0\u3000"), limit)


def validate_lines(field: str, text: str, limit: int) -> str:
    """Return a text of several lines, such as a description in HTML, unchanged if it is valid.

    Raises:
        errors.FieldError: it is too long, or has a control character other than line breaks and
            tabs, or a lone surrogate.
    """
    validate(field, _LINE_BREAK.sub(" ", text), limit)
    return text


def fold_case(text: str) -> str:
    """Return the text for case-insensitive comparison, by Unicode's rules for every script.

    Compatibility variants of a letter, such as full-width and presentation forms, become equal.
    """
    once = unicodedata.normalize("NFKC", text).casefold()
    # Case folding can denormalize a text, and the normalized result can need folding again.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", once).casefold())


def search_text(name: str, sku: str | None) -> str:
    """Return the text that keywords are searched in: the folded name and SKU.

    A line break separates them, which no keyword contains.
    """
    return fold_case(name) + "\n" + fold_case(sku or "")


def replace_surrogates(text: str) -> str:
    """Replace each lone surrogate, which UTF-8 cannot encode, by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)
