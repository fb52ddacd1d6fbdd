"""Cookies within one download: some sites set one and redirect to themselves to receive it back."""

import re
from typing import Final

from fatrina.domain.link import Link

_MAX_COOKIES: Final = 16
_MAX_HEADER_BYTES: Final = 4_096
# RFC 6265, 4.1.1: a token, and a value without white space, quotes, commas and semicolons.
_PAIR: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#-+\--:<-\[\]-~]*)")


class Cookies:
    """The cookies of one download, each sent only to the origin that set it; never stored."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, int], dict[str, str]] = {}

    def store(self, link: Link, headers: list[bytes]) -> None:
        """Store the values of Set-Cookie; attributes are ignored: the download is short."""
        values = self._values.setdefault(_origin(link), {})
        for header in headers:
            pair = _PAIR.match(header[:_MAX_HEADER_BYTES].decode("latin-1").strip())
            if pair and (len(values) < _MAX_COOKIES or pair[1] in values):
                values[pair[1]] = pair[2]

    def header(self, link: Link) -> list[tuple[str, str]]:
        """Return the Cookie header for a request, or no header if there are no cookies."""
        values = self._values.get(_origin(link), {})
        text = "; ".join(f"{name}={value}" for name, value in values.items())
        return [("Cookie", text)] if text else []


def _origin(link: Link) -> tuple[str, str, int]:
    return link.scheme, link.host, link.port
