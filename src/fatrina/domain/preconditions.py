"""Conditional requests: entity tags and their comparison (RFC 9110, sections 8.8.3 and 13.1)."""

import re
from typing import Final

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST: Final = re.compile(rf"[ \t,]*(?:{_TAG}[ \t]*(?:,[ \t,]*|$))*")
_TAGS: Final = re.compile(_TAG)
_ANY: Final = "*"
_WEAK: Final = "W/"
_WHITESPACE: Final = " \t"


def matches_strongly(condition: str, etag: str) -> bool:
    """Return whether `If-Match: condition` is true for a representation with this strong tag.

    Weak tags never match (section 13.1.1). A malformed condition is false, so that nothing changes.
    """
    return condition.strip(_WHITESPACE) == _ANY or etag in _parse(condition)


def matches_weakly(condition: str, etag: str) -> bool:
    """Return whether a tag of `If-None-Match: condition` matches (section 13.1.2).

    A malformed condition does not match, so that the complete representation is sent.
    """
    tags = (tag.removeprefix(_WEAK) for tag in _parse(condition))
    return condition.strip(_WHITESPACE) == _ANY or etag in tags


def _parse(condition: str) -> list[str]:
    """Return the tags of a list; an empty list if it is malformed."""
    return _TAGS.findall(condition) if _LIST.fullmatch(condition) else []
