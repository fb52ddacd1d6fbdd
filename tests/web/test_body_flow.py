"""Receiving bodies: too large, rejected early, interrupted; the response can be read."""

import contextlib
import socket
import time
from typing import Any

import pytest

from tests import sample_photos
from tests.client import Body, Connection, Response, encode_multipart
from tests.stores import ImageInProduct, Store
from tests.waiting import wait_until
from tests.web.error_responses import check_error

FORM = encode_multipart(photo=sample_photos.png(seed=41))
JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"


def request_head(
    image_in_product: ImageInProduct,
    size: int | str,
    content_type: str = FORM.content_type,
    **headers: str,
) -> bytes:
    return image_in_product.request_head(size, content_type, **headers)


def read_immediate_response(connection: Connection, seconds: float = 1.5) -> Response:
    """Return a response that must arrive immediately: other timeouts are at least 5 s."""
    started = time.monotonic()
    response = connection.read_response()
    assert time.monotonic() - started < seconds
    return response


# Declared too large: the response does not wait for the body


@pytest.mark.parametrize("size", [20_065_537, 10**9, 10**18, 10**19])
def test_photo_with_too_large_content_length(image_in_product: ImageInProduct, size: int) -> None:
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, size))
        check_error(read_immediate_response(connection), 422, "photo_too_large")
    image_in_product.check_unchanged()


@pytest.mark.parametrize("content_type", [JSON, URLENCODED, "text/plain", ""])
def test_other_body_with_too_large_content_length(
    image_in_product: ImageInProduct, content_type: str
) -> None:
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, 65_537, content_type))
        check_error(read_immediate_response(connection), 413, "payload_too_large")
    image_in_product.check_unchanged()


@pytest.mark.parametrize("token", ["", "Bearer fatrina_unknown"])
def test_invalid_token_is_rejected_before_the_body(
    image_in_product: ImageInProduct, token: str
) -> None:
    with image_in_product.store.connect() as connection:
        connection.send(
            request_head(image_in_product, 10**9).replace(
                f"Bearer {image_in_product.store.token}".encode(), token.encode()
            )
        )
        check_error(read_immediate_response(connection), 401, "invalid_token")
    image_in_product.check_unchanged()


def test_unknown_image_is_rejected_before_the_body(store: Store) -> None:
    with store.connect() as connection:
        connection.send(
            store.request_head("POST", "/admin/v2/products/images/5", content_length="1000000")
        )
        check_error(read_immediate_response(connection), 404, "not_found")


# Expect


def test_expect_100_continue_gets_100(image_in_product: ImageInProduct) -> None:
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, len(FORM.data), expect="100-continue"))
        assert read_immediate_response(connection).status == 100
        connection.send(FORM.data)
        assert connection.read_response().status == 201


@pytest.mark.parametrize(
    ("size", "token", "status", "reason"),
    [
        (10**9, "", 401, "invalid_token"),
        (10**9, None, 422, "photo_too_large"),
        (1000, "Bearer x", 401, "invalid_token"),
    ],
)
def test_expect_100_continue_gets_the_error_without_the_body(
    image_in_product: ImageInProduct, size: int, token: str | None, status: int, reason: str
) -> None:
    headers = {} if token is None else {"authorization": token}
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, size, expect="100-continue", **headers))
        response = read_immediate_response(connection)
        check_error(response, status, reason)
        # Only the client knows whether it will send the body, so the connection must close.
        assert response.headers["connection"] == "close"
        assert connection.wait_closed()
    image_in_product.check_unchanged()


# The body is sent anyway: the response can be read, and the connection stays usable


CLOSINGS = {
    "kept": {},
    "close": {"connection": "close"},
}


@pytest.mark.parametrize("closing", CLOSINGS)
def test_25_mb_sent_after_an_early_error(image_in_product: ImageInProduct, closing: str) -> None:
    size, chunk = 25_000_000, bytes(500_000)
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, size, **CLOSINGS[closing]))
        for _ in range(size // len(chunk)):
            connection.send(chunk)
        check_error(connection.read_response(), 422, "photo_too_large")
        if closing == "close":
            assert connection.wait_closed()
        else:
            connection.send(request_head(image_in_product, len(FORM.data)) + FORM.data)
            assert connection.read_response().status == 201


def test_25_mb_sent_by_an_http_1_0_client(image_in_product: ImageInProduct) -> None:
    sent = request_head(image_in_product, 25_000_000).replace(b"HTTP/1.1", b"HTTP/1.0")
    with image_in_product.store.connect() as connection:
        connection.send(sent)
        for _ in range(50):
            connection.send(bytes(500_000))
        check_error(connection.read_response(), 422, "photo_too_large")
        assert connection.wait_closed()
    image_in_product.check_unchanged()


def test_photo_one_byte_too_large(strict_image: ImageInProduct) -> None:
    photo = sample_photos.png(width=300, height=200)
    padded = photo + bytes(200_001 - len(photo))
    check_error(strict_image.store.update(strict_image.id, photo=padded), 422, "photo_too_large")
    strict_image.check_unchanged()
    assert strict_image.store.update(strict_image.id, photo=padded[:-1]).status == 201


def send_chunked_head(
    connection: Connection, image_in_product: ImageInProduct, content_type: str
) -> None:
    sent = {"content_type": content_type, "transfer_encoding": "chunked"}
    connection.send(image_in_product.store.request_head("POST", image_in_product.path, **sent))


def encode_chunk(data: bytes) -> bytes:
    return b"%X\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("content_type", "status", "reason"),
    [(FORM.content_type, 422, "photo_too_large"), (JSON, 413, "payload_too_large")],
)
def test_chunked_body_too_large(
    strict_image: ImageInProduct, content_type: str, status: int, reason: str
) -> None:
    start = FORM.data[:200] if content_type == FORM.content_type else b'{"alt":"'
    with strict_image.store.connect() as connection:
        send_chunked_head(connection, strict_image, content_type)
        connection.send(encode_chunk(start))
        for _ in range(60):
            connection.send(encode_chunk(b"x" * 10_000))
        check_error(connection.read_response(), status, reason)
    strict_image.check_unchanged()


def test_endless_chunked_body_gets_a_response(strict_image: ImageInProduct) -> None:
    with strict_image.store.connect() as connection:
        send_chunked_head(connection, strict_image, FORM.content_type)
        with contextlib.suppress(ConnectionError):
            connection.send(encode_chunk(b"x" * 10_000) * 40)
        check_error(read_immediate_response(connection), 422, "photo_too_large")
    strict_image.check_unchanged()


# Clients that disconnect


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("ending", ["close", "half", "reset"])
def test_disconnect_during_the_upload_changes_nothing(
    image_in_product: ImageInProduct, share: float, ending: str
) -> None:
    sent = FORM.data[: int(len(FORM.data) * share)]
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, len(FORM.data)) + sent)
        if sent:
            wait_until(
                lambda: len(image_in_product.store.service.incoming_files()) >= (share >= 0.5)
            )
        if ending == "reset":
            linger = b"\1\0\0\0\0\0\0\0"
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif ending == "half":
            connection.socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                assert connection.read_response().status == 400
    image_in_product.check_unchanged()


def test_disconnect_before_the_response(image_in_product: ImageInProduct) -> None:
    for _ in range(5):
        with image_in_product.store.connect() as connection:
            connection.send(request_head(image_in_product, len(FORM.data)) + FORM.data)
    wait_until(lambda: not image_in_product.store.service.incoming_files())
    # The image is the new or the old one, and complete in both cases.
    (image,) = image_in_product.store.product_details(image_in_product.product_id)["images"]
    url = image["url"]
    assert image_in_product.store.service.get(url).body in {
        image_in_product.initial_files["original"],
        sample_photos.png(seed=41),
    }
    response = image_in_product.store.update(image_in_product.id, FORM)
    assert (response.status, response.data["alt_seo"], response.data["sort"]) == (201, "before", 7)


# Several requests on one connection


def test_pipelined_requests_get_responses_in_order(image_in_product: ImageInProduct) -> None:
    with image_in_product.store.connect() as connection:
        requests = [
            request_head(image_in_product, len(FORM.data)) + FORM.data,
            image_in_product.store.request_head("GET", "/health"),
            request_head(image_in_product, 2, JSON) + b"[]",
            image_in_product.store.request_head("PUT", image_in_product.path),
            image_in_product.store.request_head("DELETE", image_in_product.path),
            image_in_product.store.request_head("GET", "/nowhere"),
        ]
        connection.send(b"".join(requests))
        assert [connection.read_response().status for _ in requests] == [
            201,
            200,
            400,
            405,
            202,
            404,
        ]


def test_connection_stays_open_after_errors(image_in_product: ImageInProduct) -> None:
    bodies: list[tuple[Body, Any]] = [
        (Body(b"[", JSON), 400),
        (encode_multipart(sort="x"), 422),
        (Body(b"x", "text/plain"), 400),
        (FORM, 201),
    ]
    with image_in_product.store.connect() as connection:
        for body, status in bodies * 2:
            connection.send(
                request_head(image_in_product, len(body.data), body.content_type) + body.data
            )
            assert connection.read_response().status == status
