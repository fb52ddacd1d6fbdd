"""Responses that are malformed, coded or endless."""

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
def test_other_statuses_are_rejected(status: int) -> None:
    response = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nLocation: \r\n\r\n"
    with (
        OriginServer(respond_raw(response.encode())) as origin,
        raises_link_error(errors.LinkStatus, status=status),
    ):
        fetch(origin.url())


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        *((status, errors.LinkDenied) for status in (401, 403, 407, 451)),
        *((status, errors.LinkNotFound) for status in (404, 410)),
    ],
)
def test_denied_and_missing_files_have_their_own_errors(
    status: int, error_class: type[errors.LinkError]
) -> None:
    response = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"
    with (
        OriginServer(respond_raw(response.encode())) as origin,
        raises_link_error(error_class, status=status),
    ):
        fetch(origin.url())


def test_status_203_is_accepted() -> None:
    response = b"HTTP/1.1 203 Changed\r\nContent-Length: 3\r\n\r\nabc"
    with OriginServer(respond_raw(response)) as origin:
        assert fetch(origin.url()) == b"abc"


@pytest.mark.parametrize(
    "response",
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
def test_malformed_http_is_rejected(response: bytes) -> None:
    with (
        OriginServer(respond_raw(response)) as origin,
        raises_link_error(errors.LinkInvalidResponse),
    ):
        fetch(origin.url())


def test_body_of_tiny_chunks_is_rejected() -> None:
    few, many = (b"1\r\nx\r\n" * count + b"0\r\n\r\n" for count in (10_000, 11_000))
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with OriginServer(respond_raw(head + few), respond_raw(head + many)) as origin:
        assert fetch(origin.url()) == b"x" * 10_000
        with raises_link_error(errors.LinkInvalidResponse):
            fetch(origin.url())


def test_connection_reset_within_the_body() -> None:
    def script(connection: ServerConnection) -> None:
        connection.send(HEAD + b"Content-Length: 100\r\n\r\nabc")
        connection.wait(0.1)
        connection.reset()

    with OriginServer(script) as origin, raises_link_error(errors.LinkUnreachable):
        fetch(origin.url())


DATA = bytes(range(256)) * 600


def compress(window: int, data: bytes = DATA) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, window)
    return deflate.compress(data) + deflate.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", compress(31)),
        ("X-GZIP", compress(31)),
        ("identity, gzip", compress(31)),
        ("gzip", compress(31, DATA[:70_000]) + compress(31, DATA[70_000:])),
        ("gzip", compress(31) + bytes(40)),
        ("gzip", DATA),
        ("deflate", compress(15)),
        ("deflate", compress(-15)),
        *((name, DATA) for name in ("", "identity", "aws-chunked", "utf-8", "binary", "none", "*")),
    ],
)
def test_content_coding_is_decoded(encoding: str, body: bytes) -> None:
    with OriginServer(respond_with(body, f"Content-Encoding: {encoding}")) as origin:
        assert fetch(origin.url()) == DATA


@pytest.mark.parametrize(
    ("encoding", "reported"),
    [("identity, br", "br"), ("ZSTD", "zstd"), ("compress", "compress"), ("gzip, gzip", None)],
)
def test_unsupported_coding_is_rejected_before_the_body(
    encoding: str, reported: str | None
) -> None:
    bomb = respond_with(b"\x1f\x8b" + bytes(1000), f"Content-Encoding: {encoding}")
    with (
        OriginServer(bomb) as origin,
        raises_link_error(errors.LinkContentEncoding, encoding=reported or encoding),
    ):
        fetch(origin.url())


@pytest.mark.parametrize("window", [31, 15, -15])
def test_decompression_bomb_stops_at_the_limit(window: int) -> None:
    name = "gzip" if window > 15 else "deflate"
    bomb = compress(window, bytes(50_000_000))
    with (
        OriginServer(respond_with(bomb, f"Content-Encoding: {name}")) as origin,
        raises_link_error(errors.LinkTooLarge, limit=1_000_000),
    ):
        fetch(origin.url())


@pytest.mark.parametrize(
    "body",
    [
        compress(31)[:-9],
        compress(31)[:-1],
        compress(31)[:200] + b"\xff" * 50,
        b"\x1f\x8b",
    ],
    ids=["cut", "cut by a byte", "broken", "magic"],
)
def test_incomplete_coded_data_is_invalid(body: bytes) -> None:
    with (
        OriginServer(respond_with(body, "Content-Encoding: gzip")) as origin,
        raises_link_error(errors.LinkInvalidResponse),
    ):
        fetch(origin.url())


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>cup.jpg - Drive</title></head></html>",
        b"\xef\xbb\xbf\n <!-- share --><HTML lang=ar>".ljust(3000),
        b'<?xml version="1.0"?>\n<!doctype html>',
    ],
)
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/jpeg", ""])
def test_web_page_is_recognised(body: bytes, kind: str) -> None:
    with (
        OriginServer(respond_with(body, f"Content-Type: {kind}")) as origin,
        raises_link_error(errors.LinkIsPage),
    ):
        fetch(origin.url())


@pytest.mark.parametrize(
    ("body", "kind", "reported"),
    [
        (b'{"error": "gone"}', "application/json", "application/json"),
        (b"no such file", "Text/Plain; charset=utf-8", "text/plain"),
        (b"<Error><Code>AccessDenied</Code></Error>", "application/xml", "application/xml"),
    ],
)
def test_other_file_is_reported_by_its_type(body: bytes, kind: str, reported: str) -> None:
    with (
        OriginServer(respond_with(body, f"Content-Type: {kind}")) as origin,
        raises_link_error(errors.LinkNotImage, type=reported),
    ):
        fetch(origin.url())


def test_declared_type_of_a_photo_is_ignored() -> None:
    photo = b"\xff\xd8\xff" + bytes(600)
    with OriginServer(respond_with(photo, "Content-Type: text/html")) as origin:
        assert fetch(origin.url()) == photo


def test_declared_length_over_the_limit_is_rejected_before_the_body() -> None:
    def script(connection: ServerConnection) -> None:
        connection.send(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        connection.wait()

    with (
        OriginServer(script) as origin,
        finishes_within(0),
        raises_link_error(errors.LinkTooLarge, limit=1000),
    ):
        fetch(origin.url(), limit=1000)


@pytest.mark.parametrize(
    ("header", "chunk"),
    [(b"", bytes(65536)), (b"Transfer-Encoding: chunked\r\n", b"10000\r\n%b\r\n" % bytes(65536))],
)
def test_body_over_the_limit_is_stopped(header: bytes, chunk: bytes) -> None:
    def script(connection: ServerConnection) -> None:
        connection.send(HEAD + header + b"\r\n")
        for _ in range(16384):
            connection.send(chunk)

    with OriginServer(script) as origin, raises_link_error(errors.LinkTooLarge, limit=1_000_000):
        fetch(origin.url())
