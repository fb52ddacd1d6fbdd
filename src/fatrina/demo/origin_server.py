"""A web server on this machine that stands in for other sites: linked photos, webhooks."""

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


Received = SimpleQueue[Message]


@contextmanager
def origin_server(photos: Mapping[str, bytes], received: Received) -> Iterator[str]:
    """Serve `photos` by file name on a free loopback port; yield its host:port.

    Bodies of POST requests are put into `received`.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(photos, received))
    Thread(target=server.serve_forever, name="origin", daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(photos: Mapping[str, bytes], received: Received) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond(photos.get(self.path.removeprefix("/")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            received.put(Message(self.headers, body))
            self._respond(b"")

        def _respond(self, data: bytes | None) -> None:
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Log nothing: the output belongs to the demo."""

    return Handler
