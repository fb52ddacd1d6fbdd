"""The fast path for images: its responses are those of the application, byte for byte."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import product
from urllib.parse import urlsplit

import pytest

from fatrina.actions import media
from fatrina.web.http import protocol
from fatrina.web.http.telemetry import log_delivered_image
from tests import sample_photos
from tests.client import Connection, encode_json, request
from tests.stores import ADMIN_TOKEN, ImageInProduct, Service, Store
from tests.waiting import wait_until

HOST = b"Host: shop.example\r\n"
HEADERS = [
    b"",
    b"Accept: image/avif,image/webp,*/*\r\nUser-Agent: Mozilla/5.0\r\n",
    b"Accept-Encoding: gzip, br\r\nAccept-Language: en\r\nCookie: a=b\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: Keep-Alive\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive, X-Foo\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 5\r\n\r\nhello",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    b"Expect: 100-continue\r\n",
    b'If-None-Match: "@TAG@"\r\n',
    b'If-None-Match: W/"@TAG@", "other"\r\n',
    b"If-None-Match: *\r\n",
    b'If-None-Match: "other"\r\n',
    b"If-Modified-Since: Sat, 28 Nov 2026 00:00:00 GMT\r\n",
    b'If-Match: "other"\r\n',
    b"Range: bytes=0-9\r\n",
    b"Range: bytes=-10\r\n",
    b"Range: bytes=0-9,20-29\r\n",
    b"Range: bytes=99999999-\r\n",
    b'Range: bytes=0-9\r\nIf-Range: "other"\r\n',
    b'If-Range: "@TAG@"\r\n',
    b"X-Request-Id: proxy-1.2_3\r\n",
    b"X-Request-Id: not valid!\r\n",
    b"X-Request-Id: a/b\r\nX-Request-Id: second\r\n",
    b"Authorization: Bearer nothing\r\n",
    b"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\n",
    b"X-Empty:\r\nX-Spaces:   a b   \r\n",
    b"Origin: https://shop.example\r\nSec-Fetch-Mode: cors\r\n",
]
"""The lines of a request after its first line and Host; a body follows in two of them."""
REQUEST_LINES = [
    b"GET @PATH@ HTTP/1.1",
    b"HEAD @PATH@ HTTP/1.1",
    b"GET @PATH@?width=100 HTTP/1.1",
    b"GET http://shop.example@PATH@ HTTP/1.1",
    b"GET @PATH@ HTTP/1.0",
    b"GET /@PATH@ HTTP/1.1",
    b"GET @PATH@/ HTTP/1.1",
    b"GET @PATH@%0a HTTP/1.1",
    b"GET @PATH@#part HTTP/1.1",
    b"POST @PATH@ HTTP/1.1",
    b"GET @MISSING@ HTTP/1.1",
]
_VARIABLE = re.compile(rb"(?m)^(date: [^\r]*|x-request-id: [0-9a-f]{16})\r$")


@pytest.fixture(scope="module")
def url_path(service: Service) -> str:
    photo = sample_photos.png(seed=52, width=300, height=200)
    return urlsplit(
        ImageInProduct.create(Store.create(service), photo=photo).urls()["original"]
    ).path


@contextmanager
def count_answers(
    service: Service, monkeypatch: pytest.MonkeyPatch, *, enabled: bool = True
) -> Iterator[list[bytes]]:
    """Enable or disable the fast path; yield the names of the files that it sends."""
    answered: list[bytes] = []
    read = media.read_small_image

    def read_small_image(*args: str) -> bytes | None:
        data = read(*args)  # type: ignore[arg-type]
        if data is not None:
            answered.append(args[-1].encode())
        return data

    with monkeypatch.context() as patch:
        patch.setattr(service.fast_path, "_is_disabled", lambda: not enabled)
        patch.setattr(media, "read_small_image", read_small_image)
        yield answered


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes on a new connection; return everything until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(1 << 20):
            received += chunk
    return _VARIABLE.sub(lambda match: match[0].partition(b":")[0] + b"\r", received)


def test_responses_equal_those_of_the_application(
    service: Service, url_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = url_path.rpartition("/")[2].partition(".")[0]
    missing = url_path.replace(tag, tag[:-1] + ("a" if tag[-1] != "a" else "b"))
    last = b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    requests = []
    for line, lines in [
        *((line, b"") for line in REQUEST_LINES),
        *product(REQUEST_LINES[:1], HEADERS),
        *product(REQUEST_LINES[1:], HEADERS[::2]),
    ]:
        text = line + b"\r\n" + HOST + lines
        text += b"" if lines.endswith(b"hello") else b"\r\n"
        for name, value in {"PATH": url_path, "MISSING": missing, "TAG": tag}.items():
            text = text.replace(f"@{name}@".encode(), value.encode())
        requests.append(text + last)
    assert len(requests) > 200
    with count_answers(service, monkeypatch) as answered:
        fast = [exchange(service.port, each) for each in requests]
    assert len(answered) >= 15
    with count_answers(service, monkeypatch, enabled=False) as answered:
        normal = [exchange(service.port, each) for each in requests]
    assert not answered
    for text, one, other in zip(requests, fast, normal, strict=True):
        assert one == other, text


def test_order_of_pipelined_requests(
    service: Service, url_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = f"GET {url_path} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    health = b"GET /health HTTP/1.1\r\n" + HOST
    data = image + health + b"\r\n" + image + image + health + b"Connection: close\r\n\r\n"
    with count_answers(service, monkeypatch) as answered:
        fast = exchange(service.port, data)
    assert len(answered) == 1  # the others wait for the response of the application
    with count_answers(service, monkeypatch, enabled=False):
        assert fast == exchange(service.port, data)
    assert fast.count(b"HTTP/1.1 200 OK") == 5


def test_request_in_two_parts_after_a_response(service: Service, url_path: str) -> None:
    connection = Connection(service.port)
    head = f"GET {url_path} HTTP/1.1\r\n".encode() + HOST
    connection.send(head + b"\r\n" + head)
    first = connection.read_response("GET")
    connection.send(b"\r\n")
    assert connection.read_response("GET").body == first.body
    connection.close()


def test_head_timeout_begins_with_the_next_request(
    service: Service, url_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    image = f"GET {url_path} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    connection = Connection(service.port)
    for _ in range(2):
        connection.send(image)
        assert connection.read_response("GET").status == 200
        time.sleep(0.5)  # idle: the timeout of a head does not run
    connection.send(image[:20])
    assert connection.wait_closed()
    connection.close()


def test_slow_reader_is_served_by_the_application(
    service: Service, url_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Responses that a client does not read must not pile up in memory."""
    image = f"GET {url_path} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    size = len(request(service.port, "GET", url_path).body)
    many = 8_000_000 // size  # more than the buffers of both sockets
    with (
        count_answers(service, monkeypatch) as answered,
        socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection,
    ):
        connection.settimeout(2)
        with suppress(TimeoutError):
            for _ in range(many):
                connection.sendall(image)
        wait_until(lambda: len(answered) > 0)
        time.sleep(0.5)
        assert len(answered) < many


def test_fault_injection_applies_to_images(service: Service, url_path: str) -> None:
    authorization = f"Bearer {ADMIN_TOKEN}"
    body = encode_json({"what": 503, "path": url_path})
    request(service.port, "POST", "/_fatrina/faults", body, authorization=authorization)
    try:
        assert request(service.port, "GET", url_path).status == 503
    finally:
        request(service.port, "DELETE", "/_fatrina/faults", None, authorization=authorization)
    assert request(service.port, "GET", url_path).status == 200


def test_log_line_of_a_delivered_image(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("fatrina.logs.write_info", written.append)
    log_delivered_image("0123", "/shop/a.jpg", 0.01234)
    assert json.loads(written[0] + "}") == {
        "id": "0123",
        "method": "GET",
        "path": "/shop/a.jpg",
        "status": 200,
        "ms": 12.3,
        "event": "request",
    }
