"""Somebody else's web site, on this machine: where the demonstration's links lead."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def supplier(photos: Mapping[str, bytes]) -> Iterator[str]:
    """Serve `photos` by file name on a free port of the loopback; gives its host:port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(photos))
    Thread(target=server.serve_forever, name="supplier", daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(photos: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = photos.get(self.path.removeprefix("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Stay silent: the stage belongs to Fatrina."""

    return Handler
