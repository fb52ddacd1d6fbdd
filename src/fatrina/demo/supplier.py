"""Somebody else's web site, on this machine: where links lead, and where webhooks arrive."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message as Headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple


class Message(NamedTuple):
    """A webhook as it arrived."""

    headers: Headers
    body: bytes


Heard = SimpleQueue[Message]


@contextmanager
def supplier(photos: Mapping[str, bytes], heard: Heard) -> Iterator[str]:
    """Serve `photos` by file name on a free port of the loopback; gives its host:port.

    What is posted to it is `heard`.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(photos, heard))
    Thread(target=server.serve_forever, name="supplier", daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(photos: Mapping[str, bytes], heard: Heard) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(photos.get(self.path.removeprefix("/")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.put(Message(self.headers, body))
            self._answer(b"")

        def _answer(self, data: bytes | None) -> None:
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Stay silent: the stage belongs to Fatrina."""

    return Handler
