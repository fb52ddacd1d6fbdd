"""How a body comes: too large, unwanted, cut off; and that its answer can be read."""

import contextlib
import socket
import time
from typing import Any

import pytest

from tests import sample_photos
from tests.client import Answer, Body, Line, multipart
from tests.stores import Hung, Shop, until
from tests.web.error_responses import must_refuse

FORM = multipart(photo=sample_photos.png(seed=41))
JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"


def head(hung: Hung, size: int | str, kind: str = FORM.kind, **headers: str) -> bytes:
    return hung.head(size, kind, **headers)


def answered(line: Line, seconds: float = 1.5) -> Answer:
    """Read an answer that must come at once: 5 seconds before anything else could have ended."""
    begun = time.monotonic()
    answer = line.answer()
    assert time.monotonic() - begun < seconds
    return answer


# Declared too large: nothing of it is waited for


@pytest.mark.parametrize("size", [20_065_537, 10**9, 10**18, 10**19])
def test_a_photo_declared_too_large(hung: Hung, size: int) -> None:
    with hung.shop.line() as line:
        line.send(head(hung, size))
        must_refuse(answered(line), 422, "photo_too_large")
    hung.must_be_whole()


@pytest.mark.parametrize("kind", [JSON, URLENCODED, "text/plain", ""])
def test_another_body_declared_too_large(hung: Hung, kind: str) -> None:
    with hung.shop.line() as line:
        line.send(head(hung, 65_537, kind))
        must_refuse(answered(line), 413, "payload_too_large")
    hung.must_be_whole()


@pytest.mark.parametrize("token", ["", "Bearer fatrina_unknown"])
def test_a_bad_token_is_told_before_the_body(hung: Hung, token: str) -> None:
    with hung.shop.line() as line:
        line.send(head(hung, 10**9).replace(f"Bearer {hung.shop.token}".encode(), token.encode()))
        must_refuse(answered(line), 401, "invalid_token")
    hung.must_be_whole()


def test_a_missing_image_is_told_before_the_body(shop: Shop) -> None:
    with shop.line() as line:
        line.send(shop.head("POST", "/admin/v2/products/images/5", content_length="1000000"))
        must_refuse(answered(line), 404, "not_found")


# Expect


def test_who_asks_first_is_told_to_go_on(hung: Hung) -> None:
    with hung.shop.line() as line:
        line.send(head(hung, len(FORM.data), expect="100-continue"))
        assert answered(line).status == 100
        line.send(FORM.data)
        assert line.answer().status == 201


@pytest.mark.parametrize(
    ("size", "token", "status", "reason"),
    [
        (10**9, "", 401, "invalid_token"),
        (10**9, None, 422, "photo_too_large"),
        (1000, "Bearer x", 401, "invalid_token"),
    ],
)
def test_who_asks_first_is_spared(
    hung: Hung, size: int, token: str | None, status: int, reason: str
) -> None:
    headers = {} if token is None else {"authorization": token}
    with hung.shop.line() as line:
        line.send(head(hung, size, expect="100-continue", **headers))
        answer = answered(line)
        must_refuse(answer, status, reason)
        # Whether the body still comes, the client alone knows: nothing else may follow here.
        assert answer.headers["connection"] == "close"
        assert line.hung_up()
    hung.must_be_whole()


# The answer to a body that comes all the same can be read, and the connection used on


CLOSINGS = {
    "kept": {},
    "close": {"connection": "close"},
}


@pytest.mark.parametrize("closing", CLOSINGS)
def test_25_megabytes_sent_to_the_end(hung: Hung, closing: str) -> None:
    size, piece = 25_000_000, bytes(500_000)
    with hung.shop.line() as line:
        line.send(head(hung, size, **CLOSINGS[closing]))
        for _ in range(size // len(piece)):
            line.send(piece)
        must_refuse(line.answer(), 422, "photo_too_large")
        if closing == "close":
            assert line.hung_up()
        else:
            line.send(head(hung, len(FORM.data)) + FORM.data)
            assert line.answer().status == 201


def test_25_megabytes_of_http_1_0(hung: Hung) -> None:
    sent = head(hung, 25_000_000).replace(b"HTTP/1.1", b"HTTP/1.0")
    with hung.shop.line() as line:
        line.send(sent)
        for _ in range(50):
            line.send(bytes(500_000))
        must_refuse(line.answer(), 422, "photo_too_large")
        assert line.hung_up()
    hung.must_be_whole()


def test_a_photo_too_large_by_one_byte(small: Hung) -> None:
    photo = sample_photos.png(width=300, height=200)
    padded = photo + bytes(200_001 - len(photo))
    must_refuse(small.shop.update(small.id, photo=padded), 422, "photo_too_large")
    small.must_be_whole()
    assert small.shop.update(small.id, photo=padded[:-1]).status == 201


def chunked(line: Line, hung: Hung, kind: str) -> None:
    sent = {"content_type": kind, "transfer_encoding": "chunked"}
    line.send(hung.shop.head("POST", hung.path, **sent))


def chunk(data: bytes) -> bytes:
    return b"%X\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [(FORM.kind, 422, "photo_too_large"), (JSON, 413, "payload_too_large")],
)
def test_an_undeclared_body_too_large(small: Hung, kind: str, status: int, reason: str) -> None:
    start = FORM.data[:200] if kind == FORM.kind else b'{"alt":"'
    with small.shop.line() as line:
        chunked(line, small, kind)
        line.send(chunk(start))
        for _ in range(60):
            line.send(chunk(b"x" * 10_000))
        must_refuse(line.answer(), status, reason)
    small.must_be_whole()


def test_an_undeclared_body_without_an_end_is_answered(small: Hung) -> None:
    with small.shop.line() as line:
        chunked(line, small, FORM.kind)
        with contextlib.suppress(ConnectionError):
            line.send(chunk(b"x" * 10_000) * 40)
        must_refuse(answered(line), 422, "photo_too_large")
    small.must_be_whole()


# Who vanishes


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("how", ["close", "half", "reset"])
def test_who_vanishes_changes_nothing(hung: Hung, share: float, how: str) -> None:
    sent = FORM.data[: int(len(FORM.data) * share)]
    with hung.shop.line() as line:
        line.send(head(hung, len(FORM.data)) + sent)
        if sent:
            until(lambda: len(hung.shop.service.arriving()) >= (share >= 0.5))
        if how == "reset":
            linger = b"\1\0\0\0\0\0\0\0"
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif how == "half":
            line.socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                assert line.answer().status == 400
    hung.must_be_whole()


def test_who_does_not_wait_for_the_answer(hung: Hung) -> None:
    for _ in range(5):
        with hung.shop.line() as line:
            line.send(head(hung, len(FORM.data)) + FORM.data)
    until(lambda: not hung.shop.service.arriving())
    # It is the new picture or the old one, and in either case a whole one.
    (image,) = hung.shop.details(hung.product)["images"]
    url = image["url"]
    assert hung.shop.service.get(url).body in {hung.were["original"], sample_photos.png(seed=41)}
    answer = hung.shop.update(hung.id, FORM)
    assert (answer.status, answer.data["alt_seo"], answer.data["sort"]) == (201, "before", 7)


# Several on one connection


def test_pipelined_requests_are_answered_in_order(hung: Hung) -> None:
    with hung.shop.line() as line:
        requests = [
            head(hung, len(FORM.data)) + FORM.data,
            hung.shop.head("GET", "/health"),
            head(hung, 2, JSON) + b"[]",
            hung.shop.head("PUT", hung.path),
            hung.shop.head("DELETE", hung.path),
            hung.shop.head("GET", "/nowhere"),
        ]
        line.send(b"".join(requests))
        assert [line.answer().status for _ in requests] == [201, 200, 400, 405, 202, 404]


def test_a_connection_outlives_its_refusals(hung: Hung) -> None:
    bodies: list[tuple[Body, Any]] = [
        (Body(b"[", JSON), 400),
        (multipart(alt="x"), 422),
        (Body(b"x", "text/plain"), 400),
        (FORM, 201),
    ]
    with hung.shop.line() as line:
        for body, status in bodies * 2:
            line.send(head(hung, len(body.data), body.kind) + body.data)
            assert line.answer().status == status
