"""Choice of the language by the Accept-Language header."""

import re
from collections.abc import Iterator
from typing import Final

from fatrina.domain.messages.message import Language

_UNNAMED_WEIGHT: Final = 0.0001
"""Below 0.001, the smallest weight that a header can state."""
_WEIGHT: Final = re.compile(r"(?:q=([01](?:\.[0-9]{0,9})?))?", re.IGNORECASE)
_MAX_LENGTH: Final = 500
"""Characters of a header that are read; browsers send about a hundred."""


def negotiate_language(accept: str | None) -> Language:
    """Return the preferred language (RFC 9110, 12.5.4): Arabic unless English is preferred.

    Of languages with equal weights, the first one wins. A language that the header does not name
    is better than one that it excludes with `q=0`. Malformed items are ignored.
    """
    weights: dict[str, float] = {}
    for tag, weight in _parse(accept or ""):
        weights[tag] = max(weight, weights.get(tag, 0))
    supported: dict[str, Language] = {"ar": "ar", "en": "en"}
    accepted = [supported[tag] for tag in weights if tag in supported and weights[tag]]
    default = weights.get("*", _UNNAMED_WEIGHT)
    return max(*accepted, "ar", "en", key=lambda tag: weights.get(tag, default))


def _parse(accept: str) -> Iterator[tuple[str, float]]:
    """Yield each primary language tag of the header, in lower case, with its weight."""
    if len(accept) > _MAX_LENGTH:
        accept = accept[:_MAX_LENGTH].rpartition(",")[0]
    for item in accept.split(","):
        tag, _, weight = item.partition(";")
        if match := _WEIGHT.fullmatch("".join(weight.split())):
            yield re.split("[-_]", tag.strip().lower())[0], min(1, float(match[1] or 1))
