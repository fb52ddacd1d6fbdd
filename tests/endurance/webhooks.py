"""Measure the delay of good receivers while others are dead, slow or failing.

`python -m tests.endurance.webhooks` starts a service with 50 merchants, each with a dead, a slow,
a failing and a good receiver, changes products for a while, and reports the good ones' latency.
"""

# ruff: noqa: T201  a command prints

import argparse
import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from fatrina.actions import access
from fatrina.actions.clock import Clock
from fatrina.data_directory import lock_data_directory
from fatrina.domain.access import WRITE
from fatrina.domain.types import Millis
from tests.configured import settings_for
from tests.endurance.service import Client, Server
from tests.silent_server import run_silent_server

_SLOW: Final = 5.0
_SETTINGS: Final = {"download_allow": "127.0.0.1", "log_level": "critical", "webhook_pause": "5"}


class Receivers:
    """Good, slow and failing receivers on one socket, each with its path."""

    def __init__(self) -> None:
        """Create the receivers."""
        self.sent: dict[str, float] = {}
        self.latency: list[float] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen on 127.0.0.1."""
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receivers.receive(self.path, message)
                self.send_response(500 if self.path == "/failing" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Discard the log line."""

        class Listener(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        with Listener(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    def receive(self, path: str, message: Any) -> None:
        """Record when a good receiver got an event; delay the response of a slow one."""
        begun = self.sent.get(message["data"]["name"])
        if path == "/good" and begun is not None:
            self.latency.append(time.monotonic() - begun)
        if path == "/slow":
            time.sleep(_SLOW)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merchants", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10, help="product changes per second")
    given = parser.parse_args()
    receivers = Receivers()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_silent_server() as dead,
        receivers.listening() as url,
    ):
        data = Path(folder) / "data"
        shops = _shops(data, given.merchants)
        port = _free_port()
        server = Server(data, port, Path(folder) / "log", **_SETTINGS)
        clients = [Client(port, token) for token in shops]
        for client in clients:
            for each in (dead.url, f"{url}/slow", f"{url}/failing", f"{url}/good"):
                wanted = {"name": "n", "event": "product.updated", "url": each}
                if client.send("webhooks/subscribe", None, **wanted).status != 200:
                    raise SystemExit("cannot subscribe")
        changes = _change(clients, receivers, given.seconds, given.rate)
        _report(receivers, changes, server)


def _shops(data: Path, count: int) -> list[str]:
    """Create merchants; return a token of each."""
    now, tokens = Clock()(), []
    with (
        lock_data_directory(settings_for(data), create=True) as folder,
        closing(folder.open_database()) as database,
    ):
        for number in range(count):
            access.create_merchant(database, f"m{number}", now)
            tokens.append(
                access.issue_token(database, f"m{number}", WRITE, Millis(86_400_000), now) or ""
            )
    return tokens


def _change(clients: list[Client], receivers: Receivers, seconds: float, rate: float) -> int:
    products = [client.send("products", None, name="new").data["id"] for client in clients]
    count, begun = 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        at = count % len(clients)
        name = f"name {count}"
        receivers.sent[name] = time.monotonic()
        clients[at].put(f"products/{products[at]}", name=name)
        count += 1
        time.sleep(max(begun + count / rate - time.monotonic(), 0))
    return count


def _report(receivers: Receivers, changes: int, server: Server) -> None:
    end = time.monotonic() + 60
    while len(receivers.latency) < changes and time.monotonic() < end:
        time.sleep(0.1)
    found = sorted(receivers.latency)
    begun = time.monotonic()
    server.stop()
    print(f"changes {changes}, events at good receivers {len(found)}")
    for part in (0.5, 0.95, 0.99):
        print(f"latency p{part * 100:.0f}: {found[int(part * (len(found) - 1))]:.2f} s")
    print(f"longest: {found[-1]:.2f} s; the stop took {time.monotonic() - begun:.1f} s")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
