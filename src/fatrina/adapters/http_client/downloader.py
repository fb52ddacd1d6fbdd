"""Download linked photos: follow redirects, check addresses and sizes, and classify failures."""

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

# 203: a proxy modified the response; the photo is checked by its bytes (RFC 9110, 15.3.4).
_OK: Final = frozenset({200, 203})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DENIED: Final = frozenset({401, 403, 407, 451})
_GONE: Final = frozenset({404, 410})
_HEAD_BYTES: Final = 512
"""Bytes at the beginning of a file that identify its format."""
_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_FIRST_NON_ASCII: Final = 128
_MEDIA_TYPE: Final = re.compile(r"\s*([a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60})\s*(;|$)", re.IGNORECASE)
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/javascript")


class Downloader:
    """Downloads linked photos; thread-safe. It keeps no cookies and no connections."""

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
        # Connection: close, because a connection is never reused (RFC 9112 section 9.6).
        self._headers: Headers = [
            ("User-Agent", user_agent),
            ("Accept", "image/*, */*;q=0.5"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]

    def fetch(self, url: str, sink: Sink) -> None:
        """Download the body at `url` into `sink`, in chunks of at most 65,536 bytes.

        `seconds` of wall-clock time are the limit for everything: name resolution, connecting, TLS,
        headers and bodies of all hops. A redirect is checked like a new link; a redirect from https
        to http is allowed, because no secret is ever sent and the photo is checked by its bytes
        only. A cookie is sent back to the site that set it, within this download only. Exceptions
        from `sink` are not caught; it may have received a part of the body already.

        Raises:
            errors.LinkError: a subclass for each failure of the link or the server.
        """
        *preferred, last = parse_candidates(url)
        deadline = Deadline(self._seconds)
        for link in preferred:
            # A server without TLS may wait for more than the handshake instead of responding.
            with suppress(errors.LinkUnreachable, errors.LinkTimeout):
                return self._follow(link, sink, Deadline(self._seconds / 4))
        return self._follow(last, sink, deadline)

    def _follow(self, link: Link, sink: Sink, deadline: Deadline) -> None:
        cookies = Cookies()
        for _ in range(self._redirects + 1):
            next_link = self._request(link, sink, deadline, cookies)
            if next_link is None:
                return
            link = next_link
        raise errors.LinkTooManyRedirects(limit=self._redirects)

    def _request(self, link: Link, sink: Sink, deadline: Deadline, cookies: Cookies) -> Link | None:
        with self._connector.connect(link, deadline) as connection:
            exchange = Exchange(connection)
            response = exchange.request(link, [*self._headers, *cookies.header(link)])
            if location := _redirect_location(response):
                cookies.store(link, _header_values(response, b"set-cookie"))
                return link.join(location)
            self._check_response(response)
            self._copy(response, exchange.body(), sink)
        return None

    def _check_response(self, response: h11.Response) -> None:
        status = response.status_code
        if status in _DENIED:
            raise errors.LinkDenied(status=status)
        if status in _GONE:
            raise errors.LinkNotFound(status=status)
        if status not in _OK:
            raise errors.LinkStatus(status=status)
        # h11 lets one length of at most 20 digits through.
        if any(int(length) > self._limit for length in _header_values(response, b"content-length")):
            raise errors.LinkTooLarge(limit=self._limit)

    def _copy(self, response: h11.Response, body: Iterator[bytes], sink: Sink) -> None:
        name = parse_coding(
            b",".join(_header_values(response, b"content-encoding")).decode("latin-1")
        )
        chunks = decode(self._check_size(body), name) if name else body
        head = b""
        for chunk in self._check_size(chunks):
            if len(head) < _HEAD_BYTES:
                head += chunk[: _HEAD_BYTES - len(head)]
                if len(head) == _HEAD_BYTES:
                    _check_content_type(response, head)
            sink(chunk)
        if 0 < len(head) < _HEAD_BYTES:
            _check_content_type(response, head)

    def _check_size(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._limit:
                raise errors.LinkTooLarge(limit=self._limit)
            yield chunk


def _check_content_type(response: h11.Response, head: bytes) -> None:
    """Reject content that is clearly not a photo; everything else is left to the decoder."""
    try:
        sniff(head)
    except errors.PhotoNotAnImage:
        if _HTML.match(head):
            raise errors.LinkIsPage from None
        declared = _MEDIA_TYPE.match(
            b"".join(_header_values(response, b"content-type")).decode("latin-1")
        )
        media_type = declared[1].lower() if declared else ""
        if media_type == "text/html":
            raise errors.LinkIsPage from None
        if media_type.startswith(_TEXT_TYPES):
            raise errors.LinkNotImage(type=media_type) from None
    except errors.PhotoError:
        return  # the decoder reports the format


def _header_values(response: h11.Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.headers if key == name]


def _redirect_location(response: h11.Response) -> str | None:
    """Return the target of a redirect, or None; two different targets are an error.

    Bytes that are not UTF-8 (mostly Latin-1) are percent-encoded one by one, as browsers do, so the
    server receives the bytes that it sent.
    """
    targets = set(_header_values(response, b"location"))
    if response.status_code not in _REDIRECTS or not targets:
        return None
    if len(targets) > 1:
        raise errors.LinkInvalidResponse
    target = targets.pop()
    try:
        return target.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < _FIRST_NON_ASCII else f"%{byte:02X}" for byte in target)
