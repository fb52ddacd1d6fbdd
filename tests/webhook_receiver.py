"""A webhook receiver that records requests and returns configured statuses."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import wait_until

Responder = Callable[[int], int]


@dataclass(slots=True)
class ReceivedRequest:
    """One received request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class WebhookReceiver:
    """A receiver; `status_for` maps the number of a request, from 1, to a status; 0 sends none."""

    url: str = ""
    status_for: Responder = lambda _: 200
    delay_seconds: float = 0
    received: list[ReceivedRequest] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, count: int, seconds: float = 60) -> list[ReceivedRequest]:
        wait_until(lambda: len(self.received) >= count, seconds)
        return self.received


@contextmanager
def run_receiver() -> Iterator[WebhookReceiver]:
    """Run a receiver on 127.0.0.1."""
    receiver = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(ReceivedRequest(self.path, headers, body))
                status = receiver.status_for(len(receiver.received))
            time.sleep(receiver.delay_seconds)
            if status:
                self.send_response(status)
                self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
