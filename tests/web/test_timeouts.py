"""Timeouts: clients that send or read too slowly are disconnected."""

import contextlib
import socket
import time

import pytest

from fatrina.web.http import protocol
from tests import client, sample_photos
from tests.client import Connection, encode_multipart
from tests.stores import ImageInProduct, Service, Store
from tests.web.error_responses import check_error

FORM = encode_multipart(photo=sample_photos.png(seed=42))
JSON = "application/json"


@pytest.mark.parametrize("sent", [0, 10, 300])
def test_stalled_upload_is_disconnected(strict_image: ImageInProduct, sent: int) -> None:
    with strict_image.store.connect() as connection:
        connection.send(
            strict_image.request_head(len(FORM.data), FORM.content_type) + FORM.data[:sent]
        )
        response = connection.read_response()
        check_error(response, 408, "request_timeout")
        assert response.headers["connection"] == "close"
        assert connection.wait_closed()
    strict_image.check_unchanged()


@pytest.mark.parametrize("content_type", [FORM.content_type, JSON])
def test_slow_upload_is_disconnected(strict_image: ImageInProduct, content_type: str) -> None:
    started = time.monotonic()
    with strict_image.store.connect() as connection:
        connection.send(strict_image.request_head(1000, content_type))
        for _ in range(14):
            with contextlib.suppress(ConnectionError):
                connection.send(b"x")
            time.sleep(0.12)
        check_error(connection.read_response(), 408, "request_timeout")
        assert connection.wait_closed()
    assert 1.4 < time.monotonic() - started < 10
    strict_image.check_unchanged()


@pytest.mark.parametrize(
    "sent", [b"", b"POST /admin/v2/pro", b"GET /health HTTP/1.1\r\nHost: x\r\n"]
)
def test_missing_head_is_disconnected(
    service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    started = time.monotonic()
    with Connection(service.port) as connection:
        connection.send(sent)
        assert connection.wait_closed()
    assert time.monotonic() - started < 5


def test_slow_head_is_disconnected(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    connection = Connection(service.port)
    with connection, contextlib.suppress(ConnectionError):
        for _ in range(100):
            connection.send(b"G")
            time.sleep(0.05)
        pytest.fail("it was never cut")


def test_slow_response_does_not_cause_a_head_timeout(
    image_in_product: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with image_in_product.store.connect() as connection:
        connection.send(image_in_product.request_head(len(FORM.data), FORM.content_type))
        for at in range(0, len(FORM.data), len(FORM.data) // 5):
            connection.send(FORM.data[at : at + len(FORM.data) // 5])
            time.sleep(0.1)
        assert connection.read_response().status == 201


# Clients that do not read


def large_file(store: Store) -> str:
    """Store a file of 16 MB like an image; return its path."""
    name = "z" * 40 + ".png"
    folder = store.service.folder / "media" / store.merchant_code / "zz"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(bytes(16_000_000))
    return f"/{store.merchant_code}/{name}"


def request_and_wait(store: Store, path: str, seconds: float) -> int:
    """Request a file and read it after `seconds`; return the number of bytes received."""
    with socket.socket() as far:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        far.settimeout(10)
        far.connect(("127.0.0.1", store.service.port))
        far.sendall(client.encode_head("GET", path, {"Connection": "close"}))
        time.sleep(seconds)
        received = 0
        with contextlib.suppress(ConnectionError):
            while chunk := far.recv(1_000_000):
                received += len(chunk)
        return received


def test_client_that_does_not_read_is_disconnected(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large_file(store)
    assert request_and_wait(store, path, 0.4) > 16_000_000
    monkeypatch.setattr(protocol, "WRITE_STALL_SECONDS", 0.1)
    assert request_and_wait(store, path, 0.4) < 16_000_000


def test_client_that_reads_slowly_is_served(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large_file(store)
    monkeypatch.setattr(protocol, "WRITE_STALL_SECONDS", 0.4)
    with Connection(store.service.port) as connection:
        connection.send(client.encode_head("GET", path, {}))
        received = 0
        while received < 16_000_000 and (chunk := connection.socket.recv(1_000_000)):
            received += len(chunk)
            time.sleep(0.02)
    assert received >= 16_000_000
