"""HTTP to other hosts: fetch linked photos, post messages; to public addresses only, in time."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import h11

from fatrina.adapters.http_client.connection import Deadline
from fatrina.adapters.http_client.connector import Connector
from fatrina.adapters.http_client.content_encoding import decode, parse_coding
from fatrina.adapters.http_client.cookies import Cookies
from fatrina.adapters.http_client.exchange import Exchange, Headers
from fatrina.domain import errors
from fatrina.domain.address_policy import AddressPolicy
from fatrina.domain.link import Link, parse_candidates
from fatrina.domain.photo import sniff

Sink = Callable[[bytes], None]

# 203: a proxy changed the response on its way; the photo is judged by its bytes (RFC 9110, 15.3.4).
_OK: Final = frozenset({200, 203})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DENIED: Final = frozenset({401, 403, 407, 451})
_GONE: Final = frozenset({404, 410})
_HEAD_BYTES: Final = 512
"""Bytes at the beginning of a file that show what it is."""
_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_FIRST_NON_ASCII: Final = 128
_MEDIA_TYPE: Final = re.compile(r"\s*([a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60})\s*(;|$)", re.IGNORECASE)
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/javascript")


class Downloader:
    """Follows links to photos; one serves all threads. It keeps no cookie and no connection."""

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        seconds: float = 20,
        redirects: int = 5,
        limit: int = 20_000_000,
        user_agent: str,
    ) -> None:
        self._connector = Connector(policy)
        self._seconds = seconds
        self._redirects = redirects
        self._limit = limit
        # Connection: close, for a connection that is never used again (RFC 9112 section 9.6).
        self._headers: Headers = [
            ("User-Agent", user_agent),
            ("Accept", "image/*, */*;q=0.5"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]

    def fetch(self, url: str, sink: Sink) -> None:
        """Give the body behind `url` to `sink` in pieces of 65,536 bytes at most.

        `seconds` of wall-clock time are for all of it: resolving, connecting, TLS, heads and
        bodies of every hop. A redirect is a new link, judged like the first; from https to http
        is allowed, for nothing secret is ever sent and the photo is judged by its bytes alone.
        A cookie is sent back to the site that set it, within this fetch alone.
        What `sink` raises passes unchanged; it may have been given a part already.

        Raises:
            errors.LinkError: one of its leaves, for whatever the link or the server does.
        """
        *preferred, last = parse_candidates(url)
        budget = Deadline(self._seconds)
        for link in preferred:
            # A server without TLS may wait for more than the handshake instead of answering.
            with suppress(errors.LinkUnreachable, errors.LinkTimeout):
                return self._follow(link, sink, Deadline(self._seconds / 4))
        return self._follow(last, sink, budget)

    def _follow(self, link: Link, sink: Sink, budget: Deadline) -> None:
        cookies = Cookies()
        for _ in range(self._redirects + 1):
            onward = self._request(link, sink, budget, cookies)
            if onward is None:
                return
            link = onward
        raise errors.LinkTooManyRedirects(limit=self._redirects)

    def _request(self, link: Link, sink: Sink, budget: Deadline, cookies: Cookies) -> Link | None:
        with self._connector.connect(link, budget) as line:
            exchange = Exchange(line)
            answer = exchange.request(link, [*self._headers, *cookies.header(link)])
            if location := _redirect_location(answer):
                cookies.store(link, _header_values(answer, b"set-cookie"))
                return link.join(location)
            self._check_response(answer)
            self._copy(answer, exchange.body(), sink)
        return None

    def _check_response(self, answer: h11.Response) -> None:
        status = answer.status_code
        if status in _DENIED:
            raise errors.LinkDenied(status=status)
        if status in _GONE:
            raise errors.LinkNotFound(status=status)
        if status not in _OK:
            raise errors.LinkStatus(status=status)
        # h11 lets one length of at most 20 digits through.
        if any(int(length) > self._limit for length in _header_values(answer, b"content-length")):
            raise errors.LinkTooLarge(limit=self._limit)

    def _copy(self, answer: h11.Response, body: Iterator[bytes], sink: Sink) -> None:
        name = parse_coding(
            b",".join(_header_values(answer, b"content-encoding")).decode("latin-1")
        )
        pieces = decode(self._check_size(body), name) if name else body
        head = b""
        for piece in self._check_size(pieces):
            if len(head) < _HEAD_BYTES:
                head += piece[: _HEAD_BYTES - len(head)]
                if len(head) == _HEAD_BYTES:
                    _check_content_type(answer, head)
            sink(piece)
        if 0 < len(head) < _HEAD_BYTES:
            _check_content_type(answer, head)

    def _check_size(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._limit:
                raise errors.LinkTooLarge(limit=self._limit)
            yield piece


def _check_content_type(answer: h11.Response, head: bytes) -> None:
    """Reject what is clearly no photo, by name; everything else is left to the decoder."""
    try:
        sniff(head)
    except errors.PhotoNotAnImage:
        if _HTML.match(head):
            raise errors.LinkIsPage from None
        declared = _MEDIA_TYPE.match(
            b"".join(_header_values(answer, b"content-type")).decode("latin-1")
        )
        media_type = declared[1].lower() if declared else ""
        if media_type == "text/html":
            raise errors.LinkIsPage from None
        if media_type.startswith(_TEXT_TYPES):
            raise errors.LinkNotImage(type=media_type) from None
    except errors.PhotoError:
        return  # the decoder names the kind


def _header_values(answer: h11.Response, name: bytes) -> list[bytes]:
    return [value for key, value in answer.headers if key == name]


def _redirect_location(answer: h11.Response) -> str | None:
    """Where a redirect leads; two places are none.

    Bytes that are not UTF-8 (Latin-1, mostly) are percent-encoded one by one, as browsers do: the
    server gets back what it wrote.
    """
    places = set(_header_values(answer, b"location"))
    if answer.status_code not in _REDIRECTS or not places:
        return None
    if len(places) > 1:
        raise errors.LinkInvalidResponse
    place = places.pop()
    try:
        return place.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < _FIRST_NON_ASCII else f"%{byte:02X}" for byte in place)
