"""Clients that dawdle, on either side of a request, are cut off."""

import contextlib
import socket
import time

import pytest

from fatrina.web.http import protocol
from tests import client, sample_photos
from tests.client import Line, multipart
from tests.stores import Hung, Service, Shop
from tests.web.error_responses import must_refuse

FORM = multipart(photo=sample_photos.png(seed=42))
JSON = "application/json"


@pytest.mark.parametrize("sent", [0, 10, 300])
def test_who_stands_still_is_cut(small: Hung, sent: int) -> None:
    with small.shop.line() as line:
        line.send(small.head(len(FORM.data), FORM.kind) + FORM.data[:sent])
        answer = line.answer()
        must_refuse(answer, 408, "request_timeout")
        assert answer.headers["connection"] == "close"
        assert line.hung_up()
    small.must_be_whole()


@pytest.mark.parametrize("kind", [FORM.kind, JSON])
def test_who_crawls_is_cut(small: Hung, kind: str) -> None:
    begun = time.monotonic()
    with small.shop.line() as line:
        line.send(small.head(1000, kind))
        for _ in range(14):
            with contextlib.suppress(ConnectionError):
                line.send(b"x")
            time.sleep(0.12)
        must_refuse(line.answer(), 408, "request_timeout")
        assert line.hung_up()
    assert 1.4 < time.monotonic() - begun < 10
    small.must_be_whole()


@pytest.mark.parametrize(
    "sent", [b"", b"POST /admin/v2/pro", b"GET /health HTTP/1.1\r\nHost: x\r\n"]
)
def test_a_head_that_does_not_come_is_cut(
    service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    begun = time.monotonic()
    with Line(service.port) as line:
        line.send(sent)
        assert line.hung_up()
    assert time.monotonic() - begun < 5


def test_a_head_that_drips_is_cut(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    line = Line(service.port)
    with line, contextlib.suppress(ConnectionError):
        for _ in range(100):
            line.send(b"G")
            time.sleep(0.05)
        pytest.fail("it was never cut")


def test_a_slow_answer_is_no_slow_head(hung: Hung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with hung.shop.line() as line:
        line.send(hung.head(len(FORM.data), FORM.kind))
        for at in range(0, len(FORM.data), len(FORM.data) // 5):
            line.send(FORM.data[at : at + len(FORM.data) // 5])
            time.sleep(0.1)
        assert line.answer().status == 201


# Who does not read


def large(shop: Shop) -> str:
    """Put a file of 16 MB where a picture would be; give its path."""
    name = "z" * 40 + ".png"
    folder = shop.service.folder / "media" / shop.code / "zz"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(bytes(16_000_000))
    return f"/{shop.code}/{name}"


def ask_and_wait(shop: Shop, path: str, seconds: float) -> int:
    """Ask for a file and read nothing of it for a while; how many bytes can be had then."""
    with socket.socket() as far:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        far.settimeout(10)
        far.connect(("127.0.0.1", shop.service.port))
        far.sendall(client.head("GET", path, {"Connection": "close"}))
        time.sleep(seconds)
        had = 0
        with contextlib.suppress(ConnectionError):
            while piece := far.recv(1_000_000):
                had += len(piece)
        return had


def test_who_does_not_read_is_cut(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large(shop)
    assert ask_and_wait(shop, path, 0.4) > 16_000_000
    monkeypatch.setattr(protocol, "READ_SECONDS", 0.1)
    assert ask_and_wait(shop, path, 0.4) < 16_000_000


def test_who_reads_slowly_is_served(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large(shop)
    monkeypatch.setattr(protocol, "READ_SECONDS", 0.4)
    with Line(shop.service.port) as line:
        line.send(client.head("GET", path, {}))
        had = 0
        while had < 16_000_000 and (piece := line.socket.recv(1_000_000)):
            had += len(piece)
            time.sleep(0.02)
    assert had >= 16_000_000
