"""Malformed HTTP: it gets an error envelope or a closed connection, never an internal error."""

from time import perf_counter

import pytest

from tests import sample_photos
from tests.client import Connection, encode_multipart
from tests.stores import UPDATE_PATH, ImageInProduct, Service
from tests.web.error_responses import check_error

HOST = b"Host: shop.test\r\n"
GET = b"GET /health HTTP/1.1\r\n" + HOST

MALFORMED_REQUESTS = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 200 + b"\r\n\r\n",
    "text": b"hello\r\n\r\n",
    "http/0.9": b"GET /health\r\n\r\n",
    "http/11": b"GET /health HTTP/11\r\n" + HOST + b"\r\n",
    "http/1.10": b"GET /health HTTP/1.10\r\n" + HOST + b"\r\n",
    "small http": b"GET /health http/1.1\r\n" + HOST + b"\r\n",
    "small method": b"get /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "unknown method": b"BREW /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect": b"CONNECT shop.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "blank in the path": b"GET /he alth HTTP/1.1\r\n" + HOST + b"\r\n",
    "nul in the path": b"GET /health\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw utf-8 in the path": "GET /صورة HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "nul in the method": b"GE\0T /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: other.test\r\n\r\n",
    "blank before a colon": GET + b"Content-Length : 0\r\n\r\n",
    "no colon": GET + b"Nothing\r\n\r\n",
    "no name": GET + b": x\r\n\r\n",
    "nul in a value": GET + b"X-A: a\0b\r\n\r\n",
    "line feed in a name": GET + b"X\nA: b\r\n\r\n",
    "carriage return in a value": GET + b"X-A: a\rb\r\n\r\n",
    "first header folded": b"GET /health HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n",
    "header folded": GET + b"X-A: b\r\n c\r\n\r\n",
    "line feeds alone": GET.replace(b"\r", b"") + b"\n",
    "equal lengths": GET + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "two lengths": GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and sign": GET + b"Content-Length: +1\r\n\r\na",
    "length below zero": GET + b"Content-Length: -1\r\n\r\n",
    "length in hex": GET + b"Content-Length: 0x1\r\n\r\na",
    "length in arabic": GET + "Content-Length: \u0661\r\n\r\na".encode(),
    "length with underscore": GET + b"Content-Length: 1_0\r\n\r\n",
    "empty length": GET + b"Content-Length: \r\n\r\n",
    "length of 21 digits": GET + b"Content-Length: 100000000000000000000\r\n\r\n",
    "unknown coding": GET + b"Transfer-Encoding: gzip\r\n\r\n",
    "two codings": GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "header of 70,000 bytes": GET + b"X-A: " + b"b" * 70_000,
    "whole header of 20,000 bytes": GET + b"X-A: " + b"b" * 20_000 + b"\r\n\r\n",
    "5,000 headers": GET + b"X-A: b\r\n" * 5_000,
    "path of 70,000 bytes": b"GET /" + b"a" * 70_000,
    "line without an end": b"A" * 70_000,
}


@pytest.mark.parametrize("case", MALFORMED_REQUESTS)
def test_malformed_request_gets_an_error(service: Service, case: str) -> None:
    with Connection(service.port) as connection:
        connection.send(MALFORMED_REQUESTS[case])
        response = connection.read_response("GET")
        check_error(response, 400, "malformed_request")
        assert response.headers["connection"] == "close"
        assert connection.wait_closed()
    assert service.get("/health").status == 200


MALFORMED_BODIES = {
    "no size": b"\r\nabc\r\n",
    "size of text": b"xyz\r\nabc\r\n",
    "size below zero": b"-1\r\nabc\r\n",
    "size with a sign": b"+3\r\nabc\r\n",
    "size in hex with 0x": b"0x3\r\nabc\r\n",
    "size of 30 digits": b"1" * 30 + b"\r\nabc\r\n",
    "too short a size": b"2\r\nabc\r\n",
    "line feed alone": b"3\nabc\r\n",
    "endless extension": b"3;" + b"x" * 600_000,
}


@pytest.mark.parametrize("case", MALFORMED_BODIES)
def test_malformed_chunks(image_in_product: ImageInProduct, case: str) -> None:
    sent = {"content_type": "multipart/form-data; boundary=x", "transfer_encoding": "chunked"}
    with image_in_product.store.connect() as connection:
        connection.send(
            image_in_product.store.request_head("POST", image_in_product.path, **sent)
            + MALFORMED_BODIES[case]
        )
        check_error(connection.read_response(), 400, "malformed_request")
        assert connection.wait_closed()
    image_in_product.check_unchanged()


def test_content_length_with_chunked_encoding_closes_the_connection(
    image_in_product: ImageInProduct,
) -> None:
    """Request smuggling: servers interpret such a body differently, so no request may follow."""
    hidden = image_in_product.store.request_head("DELETE", image_in_product.path)
    sent = {"content_type": "text/plain", "transfer_encoding": "chunked"}
    with image_in_product.store.connect() as connection:
        connection.send(
            image_in_product.store.request_head(
                "POST", image_in_product.path, content_length=str(len(hidden) + 5), **sent
            )
        )
        connection.send(b"0\r\n\r\n" + hidden)
        check_error(connection.read_response(), 400, "malformed_request")
        assert connection.wait_closed()
    image_in_product.check_unchanged()


def test_pipelined_requests(service: Service) -> None:
    with Connection(service.port) as connection:
        connection.send((GET + b"\r\n") * 8)
        for _ in range(8):
            assert connection.read_response("GET").status == 200


def test_too_many_pipelined_requests(service: Service) -> None:
    """The error for malformed data is sent after the responses to earlier requests."""
    with Connection(service.port) as connection:
        connection.send((GET + b"\r\n") * 1000)
        for _ in range(9):
            assert connection.read_response("GET").status == 200
        check_error(connection.read_response("GET"), 400, "malformed_request")
        assert connection.wait_closed()


def test_malformed_body_of_a_pipelined_request(image_in_product: ImageInProduct) -> None:
    chunked = {"content_type": "multipart/form-data; boundary=x", "transfer_encoding": "chunked"}
    with image_in_product.store.connect() as connection:
        connection.send(
            GET
            + b"\r\n"
            + image_in_product.store.request_head("POST", image_in_product.path, **chunked)
            + b"xyz\r\n"
        )
        assert connection.read_response("GET").status == 200
        check_error(connection.read_response(), 400, "malformed_request")
        assert connection.wait_closed()
    image_in_product.check_unchanged()


def test_malformed_body_after_an_early_response(image_in_product: ImageInProduct) -> None:
    chunked = {"content_type": "multipart/form-data; boundary=x", "transfer_encoding": "chunked"}
    with image_in_product.store.connect() as connection:
        connection.send(
            image_in_product.store.request_head("POST", UPDATE_PATH.format(1), **chunked)
        )
        check_error(connection.read_response(), 404, "not_found")
        started = perf_counter()
        connection.send(b"xyz\r\n")
        check_error(connection.read_response(), 400, "malformed_request")
        assert connection.wait_closed()
    assert perf_counter() - started < 4


@pytest.mark.parametrize("second", [b"garbage\r\n\r\n", b"\0\0\0\r\n\r\n"])
def test_malformed_data_after_a_request(service: Service, second: bytes) -> None:
    with Connection(service.port) as connection:
        connection.send(GET + b"\r\n" + second)
        assert connection.read_response("GET").status == 200
        check_error(connection.read_response("GET"), 400, "malformed_request")
        assert connection.wait_closed()


VALID_REQUESTS = {
    "http/1.0": b"GET /health HTTP/1.0\r\n\r\n",
    "empty header": GET + b"X-A:\r\n\r\n",
    "two blanks": b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw latin-1 in a value": GET + b"X-A: \xe4\r\n\r\n",
    "upgrade to h2c": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "upgrade to websocket": GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a whole address": GET.replace(b"/health", b"http://other.test/health") + b"\r\n",
    "a query": GET.replace(b"health", b"health?a=%00&b=%zz") + b"\r\n",
}


@pytest.mark.parametrize("case", VALID_REQUESTS)
def test_unusual_but_valid_requests(service: Service, case: str) -> None:
    with Connection(service.port) as connection:
        connection.send(VALID_REQUESTS[case])
        response = connection.read_response("GET")
        assert (response.status, response.json["status"]) == (200, "live")


@pytest.mark.parametrize("request_line", ["OPTIONS *", "GET *", "TRACE /x"])
def test_request_targets_that_are_not_paths(service: Service, request_line: str) -> None:
    with Connection(service.port) as connection:
        connection.send(f"{request_line} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
        check_error(connection.read_response(request_line.split(maxsplit=1)[0]), 404, "not_found")


@pytest.mark.parametrize("upgrade_to", ["h2c", "websocket"])
def test_body_of_an_upgrade_request_is_read(
    image_in_product: ImageInProduct, upgrade_to: str
) -> None:
    """curl and its users ask for HTTP/2 this way without TLS."""
    form = encode_multipart(photo=sample_photos.png(seed=44), alt="after")
    sent = {
        "connection": "Upgrade, HTTP2-Settings",
        "upgrade": upgrade_to,
        "http2_settings": "AAMAAA",
    }
    with image_in_product.store.connect() as connection:
        for more in ("first", "second"):
            connection.send(
                image_in_product.request_head(
                    len(form.data), form.content_type, x_more=more, **sent
                )
                + form.data
            )
            response = connection.read_response()
            assert (response.status, response.data["alt_seo"]) == (201, "after")


def test_response_does_not_wait_for_an_acknowledgement(service: Service) -> None:
    """If head and body are two packets, the second must not wait for an acknowledgement."""
    with Connection(service.port) as connection:
        for _ in range(20):
            connection.send(GET + b"\r\n")
            assert connection.read_response("GET").status == 200
        took = []
        for _ in range(20):
            started = perf_counter()
            connection.send(GET + b"\r\n")
            connection.read_response("GET")
            took.append(perf_counter() - started)
    # With the wait, Linux delays almost every response by 40 ms.
    assert min(took) < 0.03
