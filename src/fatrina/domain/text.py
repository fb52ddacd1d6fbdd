"""Text that may be kept: of any script; no database takes NUL, and no page other controls."""

import re
import unicodedata
from string import ascii_letters, digits
from typing import Final

from fatrina.domain import errors

ALPHANUMERIC: Final = ascii_letters + digits
# What editors and spreadsheets put between lines and cells: CR LF counts once.
_LINE_BREAK: Final = re.compile("\r\n|[\t\n\r\u2028\u2029]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def validate(field: str, text: str, limit: int) -> str:
    """The text, when it may be kept.

    Raises:
        errors.FieldError: it is too long, or holds what is no text.
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
    """The text as one line: each line break and tab is a space, and the ends are trimmed.

    Exports of spreadsheets and text areas end in a line break, and hold them between words. Other
    control characters are refused: `str.strip` alone would remove some of them at the ends.

    Raises:
        errors.FieldError: the line is too long, or holds what is no text.
    """
    return validate(field, _LINE_BREAK.sub(" ", text).strip(" \u00a0\u3000"), limit)


def fold_case(text: str) -> str:
    """The text as it is compared without regard to case, by Unicode's rules for every script.

    Letters that look alike by compatibility, such as full-width or presentation forms, are equal.
    """
    once = unicodedata.normalize("NFKC", text).casefold()
    # Folding can take a normalized text apart, and what it makes can fold further.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", once).casefold())


def search_text(name: str, sku: str | None) -> str:
    """What a keyword, folded, is looked for in; no keyword has the line break between the two."""
    return fold_case(name) + "\n" + fold_case(sku or "")


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD in place of each lone surrogate, which UTF-8 cannot encode."""
    return _SURROGATE.sub("\ufffd", text)
