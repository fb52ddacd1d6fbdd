"""Links to photos: absolute http or https URLs, parsed strictly and in only one way."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote, urljoin

import idna

from fatrina.domain import errors

MAX_LENGTH: Final = 8192
"""Maximum length of a URL as written, in characters. Signed URLs have up to about 3,000."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Characters that spreadsheets and chats add around a copied link: white space, zero-width and
# no-break spaces, byte-order marks, and the marks and embeddings of bidirectional text.
_INVISIBLE: Final = " \t\r\n\v\f\u00a0\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_INVISIBLE_EDGES: Final = re.compile(f"^[{_INVISIBLE}]+|[{_INVISIBLE}]+$")
# Line breaks and tabs in a wrapped link: browsers remove them anywhere (WHATWG URL, 4.4).
_LINE_BREAKS: Final = str.maketrans("", "", "\t\r\n")
# Browsers treat a backslash as a slash, RFC 3986 as an ordinary character, so it can hide a host.
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_SCHEME_RELATIVE: Final = "//"
_URL: Final = re.compile(r"(https?)://([^/?#]+)([^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(
    r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::([0-9]{0,5}))?", re.IGNORECASE
)
# RFC 1035, and the underscore, which occurs in bucket names.
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TARGET_SAFE: Final = "!#$%&'()*+,/:;=?@[]"


@dataclass(frozen=True, slots=True)
class Link:
    """A parsed URL; create it only with `parse` or `Link.join`."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Lower-case ASCII: a name without a trailing dot, or an address without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded, never empty."""

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The host as an IP address; None if it is a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """The value of the Host header: with the port unless it is the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def join(self, location: str) -> "Link":
        """Return a redirect's target, absolute or relative to this link; raises like `parse`."""
        location = _normalize(location)
        try:
            return _parse_url(urljoin(str(self), location))
        except ValueError as exc:
            raise errors.LinkMalformed from exc


def parse(text: str) -> Link:
    """Parse a URL as browsers do, where that is safe; the fragment is dropped.

    White space and invisible characters around the URL are removed, and line breaks and tabs
    anywhere. A host in another script is converted to A-labels (UTS 46). Spaces and other
    characters beyond ASCII are percent-encoded as UTF-8 (RFC 3987); existing escapes are not
    changed.

    Raises:
        errors.LinkMalformed: not an absolute http or https URL, or it contains control characters
            or backslashes.
        errors.LinkTooLong: longer than `MAX_LENGTH` characters.
        errors.LinkCredentials: it contains a user name or a password, even an empty one.
        errors.LinkAddressNotAllowed: the host is a number that is not written as four decimal
            parts.
    """
    return _parse_url(_normalize(text))


def parse_candidates(text: str) -> tuple[Link, ...]:
    """Return the links that a text can mean, in the order in which to try them.

    A link that begins with `//` has no scheme: https is tried first, as browsers and importers do,
    then http. Any other text means one link. Raises as `parse` does.
    """
    text = _normalize(text)
    schemes = ("https:", "http:") if text.startswith(_SCHEME_RELATIVE) else ("",)
    return tuple(_parse_url(scheme + text) for scheme in schemes)


def parse_host(authority: str) -> tuple[str, int | None]:
    """Parse `host`, `host:port`, `[address]` or `[address]:port`; raises as `parse` does."""
    if "@" in authority:
        raise errors.LinkCredentials
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise errors.LinkMalformed
    address, name, digits = match.groups()
    port = int(digits) if digits else None
    if port is not None and port not in range(65_536):
        raise errors.LinkMalformed
    return (_parse_ipv6(address) if address else _parse_name(name)), port


def _normalize(text: str) -> str:
    text = _INVISIBLE_EDGES.sub("", text)
    if len(text) > MAX_LENGTH:
        raise errors.LinkTooLong(limit=MAX_LENGTH)
    text = text.translate(_LINE_BREAKS)
    if _FORBIDDEN.search(text):
        raise errors.LinkMalformed
    return text


def _parse_url(url: str) -> Link:
    match = _URL.fullmatch(url)
    if match is None:
        raise errors.LinkMalformed
    scheme = match[1].lower()
    host, port = parse_host(match[2])
    target = quote(match[3], safe=_TARGET_SAFE)
    return Link(
        scheme=scheme,
        host=host,
        port=_DEFAULT_PORTS[scheme] if port is None else port,
        target=target if target.startswith("/") else f"/{target}",
    )


def _parse_ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as exc:
        raise errors.LinkMalformed from exc


def _parse_name(text: str) -> str:
    name = _to_ascii(text).lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise errors.LinkMalformed
    return _parse_ipv4(name) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except UnicodeError as exc:
        raise errors.LinkMalformed from exc


def _parse_ipv4(name: str) -> str:
    # No top-level domain is a number (RFC 3696 section 2), so this is an address. Forms such as
    # `0x7f.1`, `0177.0.0.1` and `2130706433` are used only to bypass a check.
    try:
        return str(IPv4Address(name))
    except ValueError as exc:
        raise errors.LinkAddressNotAllowed from exc
