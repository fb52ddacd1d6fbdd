"""Stopping under load: every request that has reached the server gets a response."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import sample_photos
from tests.client import encode_multipart

CLIENTS = 8


@contextmanager
def run_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """Run `fatrina serve` in a new process; yield the process, its port and a token."""
    fatrina = [sys.executable, "-m", "fatrina"]
    data = ["--data", str(folder)]
    merchant = [*fatrina, "merchant", "create", "shop1", *data]
    subprocess.run(merchant, check=True, capture_output=True)
    create = [*fatrina, "token", "create", "--merchant", "shop1", *data]
    token = subprocess.run(create, check=True, capture_output=True, text=True).stdout.strip()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    serve = [*fatrina, "serve", "--port", str(port), *data]
    environment = {**os.environ, "FATRINA_LOG_LEVEL": "error"}
    with subprocess.Popen(serve, env=environment) as process:
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30):
                        break
                except OSError:
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield process, port, token
        finally:
            process.kill()


class Client(threading.Thread):
    """Sends requests on one connection until the server closes it between two of them."""

    def __init__(self, port: int, pause: float) -> None:
        super().__init__()
        self.port, self.pause = port, pause
        self.answered = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.connect()
            except OSError:
                return  # the server accepts no more connections
            try:
                while self.ask(connection):
                    time.sleep(self.pause)
            except (OSError, http.client.HTTPException) as failed:
                self.failures.append(repr(failed))
                return
            finally:
                connection.close()

    def ask(self, connection: http.client.HTTPConnection) -> bool:
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        self.answered += 1
        return response.headers.get("connection", "").lower() != "close"


@pytest.mark.parametrize("pause", [0, 0.003])
def test_no_request_is_lost_when_the_server_stops(tmp_path: Path, pause: float) -> None:
    with run_server(tmp_path / "data") as (process, port, _):
        clients = [Client(port, pause * number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        while min(client.answered for client in clients) < 5:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)
        assert [client.failures for client in clients] == [[]] * CLIENTS
        assert process.wait(20) == 0


def test_stalled_upload_gets_503_and_does_not_delay_the_stop(tmp_path: Path) -> None:
    form = encode_multipart(photo=sample_photos.png(seed=3))
    with run_server(tmp_path / "data") as (process, port, token):
        head = (
            f"POST /admin/v2/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: {form.content_type}\r\nContent-Length: {len(form.data)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(head.encode() + form.data[:100])
            time.sleep(0.3)
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            response = b""
            while chunk := connection.recv(65536):
                response += chunk
        assert process.wait(25) == 0
        assert time.monotonic() - started < 25  # 31 seconds before the fix
    assert response.startswith(b"HTTP/1.1 503 ")
    assert b"fatrina-reason: stopping" in response
    assert b"connection: close" in response
