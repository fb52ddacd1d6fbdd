"""Ignored fields: report the fields of a request that no rule read."""

from itertools import islice
from typing import Final
from urllib.parse import quote

from fatrina.domain.text import replace_surrogates
from fatrina.web.http import context

_IGNORED_HEADER: Final = b"fatrina-ignored"
_MAX_NAME_LENGTH: Final = 60
_MAX_IGNORED: Final = 20
"""Maximum names in `Fatrina-Ignored`."""


def add_ignored_header(request_context: context.RequestContext) -> None:
    """Add the names of the fields that were not used to the response, percent-encoded."""
    names = request_context.ignored() if request_context.ignored else []
    if names:
        encoded = (quote(replace_surrogates(name[:_MAX_NAME_LENGTH]), "[]") for name in names)
        value = ", ".join(islice(encoded, _MAX_IGNORED)).encode()
        request_context.headers.append((_IGNORED_HEADER, value))
