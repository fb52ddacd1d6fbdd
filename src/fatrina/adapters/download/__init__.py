"""HTTP to other hosts: fetch linked photos, post messages; to public addresses only, in time."""

from collections.abc import Callable, Iterator
from typing import Final

import h11

from fatrina.adapters.download.exchange import Exchange, Headers
from fatrina.adapters.download.line import Budget
from fatrina.adapters.download.messenger import Messenger
from fatrina.adapters.download.reach import Reach
from fatrina.domain import errors
from fatrina.domain.address import Allow
from fatrina.domain.link import Link, parse

__all__ = ["Downloader", "Messenger", "Sink"]

Sink = Callable[[bytes], None]

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# What a refusal may repeat of Content-Encoding: the IANA registry's names, not the far side's text.
_ENCODINGS: Final = ("gzip", "br", "zstd", "deflate", "compress")


class Downloader:
    """Follows links to photos; one serves all threads. It keeps no cookie and no connection."""

    def __init__(
        self,
        *,
        allow: Allow,
        seconds: float = 20,
        redirects: int = 3,
        limit: int = 20_000_000,
        user_agent: str,
    ) -> None:
        self._reach = Reach(allow)
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
        What `sink` raises passes unchanged; it may have been given a part already.

        Raises:
            errors.LinkRefused: one of its leaves, for whatever the link or the far side does.
        """
        budget = Budget(self._seconds)
        link = parse(url)
        for _ in range(self._redirects + 1):
            onward = self._visit(link, sink, budget)
            if onward is None:
                return
            link = onward
        raise errors.LinkRedirects(limit=self._redirects)

    def _visit(self, link: Link, sink: Sink, budget: Budget) -> Link | None:
        with self._reach.line(link, budget) as line:
            exchange = Exchange(line)
            answer = exchange.ask(link, self._headers)
            if location := _location(answer):
                return link.join(location)
            self._check(answer)
            self._pour(exchange.body(), sink)
        return None

    def _check(self, answer: h11.Response) -> None:
        if answer.status_code != _OK:
            raise errors.LinkStatus(status=answer.status_code)
        if encoding := _encoding(answer):
            raise errors.LinkEncoded(encoding=encoding)
        # h11 lets one length of at most 20 digits through.
        if any(int(length) > self._limit for length in _values(answer, b"content-length")):
            raise errors.LinkTooLarge(limit=self._limit)

    def _pour(self, pieces: Iterator[bytes], sink: Sink) -> None:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._limit:
                raise errors.LinkTooLarge(limit=self._limit)
            sink(piece)


def _values(answer: h11.Response, name: bytes) -> list[bytes]:
    return [value for key, value in answer.headers if key == name]


def _location(answer: h11.Response) -> str | None:
    """Where a redirect leads; two places are none."""
    places = set(_values(answer, b"location"))
    if answer.status_code not in _REDIRECTS or not places:
        return None
    if len(places) > 1:
        raise errors.LinkBroken
    try:
        return places.pop().decode()
    except UnicodeDecodeError as unreadable:
        raise errors.LinkMalformed from unreadable


def _encoding(answer: h11.Response) -> str | None:
    """The registered name of what the body is compressed with, `other`, or None for nothing."""
    text = b",".join(_values(answer, b"content-encoding")).decode("latin-1").lower()
    names = {name.strip().removeprefix("x-") for name in text.split(",")} - {"", "identity"}
    if not names:
        return None
    return next((known for known in _ENCODINGS if known in names), "other")
