"""Answers that are broken, compressed or without end."""

import zlib

import pytest

from fatrina.domain import errors
from tests.adapters.http_client.fetching import fetch, finishes_within, raises_link_error
from tests.adapters.http_client.origin_server import (
    HEAD,
    OriginServer,
    ServerConnection,
    respond_raw,
    respond_with,
)


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 429, 500, 999])
def test_other_statuses_are_refused(status: int) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nLocation: \r\n\r\n"
    with (
        OriginServer(respond_raw(answer.encode())) as far,
        raises_link_error(errors.LinkStatus, status=status),
    ):
        fetch(far.url())


@pytest.mark.parametrize(
    ("status", "leaf"),
    [
        *((status, errors.LinkDenied) for status in (401, 403, 407, 451)),
        *((status, errors.LinkNotFound) for status in (404, 410)),
    ],
)
def test_a_denied_and_a_missing_file_are_named(status: int, leaf: type[errors.LinkError]) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"
    with OriginServer(respond_raw(answer.encode())) as far, raises_link_error(leaf, status=status):
        fetch(far.url())


def test_a_response_that_a_proxy_changed_is_taken() -> None:
    answer = b"HTTP/1.1 203 Changed\r\nContent-Length: 3\r\n\r\nabc"
    with OriginServer(respond_raw(answer)) as far:
        assert fetch(far.url()) == b"abc"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n" * 3,
        b"HTTP/1.1 200",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"<html>",
        bytes(range(256)) * 400,
        HEAD,
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 200_000,
        HEAD + b"Broken Header: x\r\n\r\n",
        HEAD + b"A: " + b"x" * 200_000,
        HEAD + b"A: x\r\n" * 40_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + HEAD + b"\r\n",
    ],
)
def test_what_is_not_sound_http_is_broken(answer: bytes) -> None:
    with OriginServer(respond_raw(answer)) as far, raises_link_error(errors.LinkInvalidResponse):
        fetch(far.url())


def test_a_body_in_crumbs_is_broken() -> None:
    few, many = (b"1\r\nx\r\n" * count + b"0\r\n\r\n" for count in (10_000, 11_000))
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with OriginServer(respond_raw(head + few), respond_raw(head + many)) as far:
        assert fetch(far.url()) == b"x" * 10_000
        with raises_link_error(errors.LinkInvalidResponse):
            fetch(far.url())


def test_a_reset_amid_the_body() -> None:
    def script(call: ServerConnection) -> None:
        call.send(HEAD + b"Content-Length: 100\r\n\r\nabc")
        call.wait(0.1)
        call.reset()

    with OriginServer(script) as far, raises_link_error(errors.LinkUnreachable):
        fetch(far.url())


DATA = bytes(range(256)) * 600


def packed(window: int, data: bytes = DATA) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, window)
    return deflate.compress(data) + deflate.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(31)),
        ("X-GZIP", packed(31)),
        ("identity, gzip", packed(31)),
        ("gzip", packed(31, DATA[:70_000]) + packed(31, DATA[70_000:])),
        ("gzip", packed(31) + bytes(40)),
        ("gzip", DATA),
        ("deflate", packed(15)),
        ("deflate", packed(-15)),
        *((name, DATA) for name in ("", "identity", "aws-chunked", "utf-8", "binary", "none", "*")),
    ],
)
def test_a_coded_response_is_decoded(encoding: str, body: bytes) -> None:
    with OriginServer(respond_with(body, f"Content-Encoding: {encoding}")) as far:
        assert fetch(far.url()) == DATA


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [("identity, br", "br"), ("ZSTD", "zstd"), ("compress", "compress"), ("gzip, gzip", None)],
)
def test_other_codings_are_refused_unread(encoding: str, seen: str | None) -> None:
    bomb = respond_with(b"\x1f\x8b" + bytes(1000), f"Content-Encoding: {encoding}")
    with (
        OriginServer(bomb) as far,
        raises_link_error(errors.LinkContentEncoding, encoding=seen or encoding),
    ):
        fetch(far.url())


@pytest.mark.parametrize("window", [31, 15, -15])
def test_a_decompression_bomb_ends_at_the_limit(window: int) -> None:
    name = "gzip" if window > 15 else "deflate"
    bomb = packed(window, bytes(50_000_000))
    with (
        OriginServer(respond_with(bomb, f"Content-Encoding: {name}")) as far,
        raises_link_error(errors.LinkTooLarge, limit=1_000_000),
    ):
        fetch(far.url())


@pytest.mark.parametrize(
    "body",
    [
        packed(31)[:-9],
        packed(31)[:-1],
        packed(31)[:200] + b"\xff" * 50,
        b"\x1f\x8b",
    ],
    ids=["cut", "cut by a byte", "broken", "magic"],
)
def test_incomplete_coded_data_is_broken(body: bytes) -> None:
    with (
        OriginServer(respond_with(body, "Content-Encoding: gzip")) as far,
        raises_link_error(errors.LinkInvalidResponse),
    ):
        fetch(far.url())


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>cup.jpg - Drive</title></head></html>",
        b"\xef\xbb\xbf\n <!-- share --><HTML lang=ar>".ljust(3000),
        b'<?xml version="1.0"?>\n<!doctype html>',
    ],
)
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/jpeg", ""])
def test_a_web_page_is_named(body: bytes, kind: str) -> None:
    with (
        OriginServer(respond_with(body, f"Content-Type: {kind}")) as far,
        raises_link_error(errors.LinkIsPage),
    ):
        fetch(far.url())


@pytest.mark.parametrize(
    ("body", "kind", "seen"),
    [
        (b'{"error": "gone"}', "application/json", "application/json"),
        (b"no such file", "Text/Plain; charset=utf-8", "text/plain"),
        (b"<Error><Code>AccessDenied</Code></Error>", "application/xml", "application/xml"),
    ],
)
def test_another_file_is_named_by_its_type(body: bytes, kind: str, seen: str) -> None:
    with (
        OriginServer(respond_with(body, f"Content-Type: {kind}")) as far,
        raises_link_error(errors.LinkNotImage, type=seen),
    ):
        fetch(far.url())


def test_a_photo_is_taken_whatever_its_declared_type() -> None:
    photo = b"\xff\xd8\xff" + bytes(600)
    with OriginServer(respond_with(photo, "Content-Type: text/html")) as far:
        assert fetch(far.url()) == photo


def test_a_declared_gigabyte_is_refused_unread() -> None:
    def script(call: ServerConnection) -> None:
        call.send(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        call.wait()

    with (
        OriginServer(script) as far,
        finishes_within(0),
        raises_link_error(errors.LinkTooLarge, limit=1000),
    ):
        fetch(far.url(), limit=1000)


@pytest.mark.parametrize(
    ("header", "piece"),
    [(b"", bytes(65536)), (b"Transfer-Encoding: chunked\r\n", b"10000\r\n%b\r\n" % bytes(65536))],
)
def test_an_undeclared_gigabyte_is_cut_at_the_limit(header: bytes, piece: bytes) -> None:
    def script(call: ServerConnection) -> None:
        call.send(HEAD + header + b"\r\n")
        for _ in range(16384):
            call.send(piece)

    with OriginServer(script) as far, raises_link_error(errors.LinkTooLarge, limit=1_000_000):
        fetch(far.url())
