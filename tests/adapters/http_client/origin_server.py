"""A hostile origin server on loopback: it reads a request, then runs a script on the socket."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from tests.adapters.http_client import certificates

ADDRESS = "127.0.0.2"
"""Stands for an allowed host; the rest of 127.0.0.0/8 stands for the internal network."""

HEAD = b"HTTP/1.1 200 OK\r\n"

Script = Callable[["ServerConnection"], None]


class ServerConnection:
    """One connection, as the script sees it."""

    def __init__(self, sock: socket.socket, test_ended: threading.Event) -> None:
        self._sock = sock
        self._test_ended = test_ended
        self.port: int = sock.getsockname()[1]

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def wait(self, seconds: float = 30) -> bool:
        """Wait; return True when the test has ended."""
        return self._test_ended.wait(seconds)

    def send_slowly(self, data: bytes, seconds: float) -> None:
        for byte in data:
            self.send(bytes([byte]))
            if self.wait(seconds):
                return

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._sock.close()


def respond_raw(data: bytes) -> Script:
    """Return a script that sends these bytes and closes the connection."""
    return lambda connection: connection.send(data)


def respond_with(body: bytes, *headers: str) -> Script:
    """Return a script that responds with 200 and a body with Content-Length."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return respond_raw(HEAD + f"Content-Length: {len(body)}\r\n{lines}\r\n".encode() + body)


def redirect_to(location: str, status: int = 302) -> Script:
    """Return a script that redirects; `PORT` in the location is replaced by the server's port."""

    def script(connection: ServerConnection) -> None:
        target = location.replace("PORT", str(connection.port))
        connection.send(f"HTTP/1.1 {status} Elsewhere\r\nLocation: {target}\r\n\r\n".encode())

    return script


class OriginServer:
    """Runs its scripts in order, one per connection; the last one is repeated."""

    def __init__(self, *scripts: Script, tls: bool = False, address: str = ADDRESS) -> None:
        self._scripts = scripts
        self._tls = _context(self._record_server_name) if tls else None
        self._test_ended = threading.Event()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self._threads = [threading.Thread(target=self._listen)]
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.server_names: list[str | None] = []

    def url(self, path: str = "/photo.jpg", host: str = "photos.test") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._test_ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _record_server_name(self, _sock: object, name: str | None, _context: object) -> None:
        self.server_names.append(name)

    def _listen(self) -> None:
        for script in self._repeat_last():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._handle, args=(sock, script))
            self._threads.append(thread)
            thread.start()

    def _repeat_last(self) -> Iterator[Script]:
        yield from self._scripts
        while True:
            yield self._scripts[-1]

    def _handle(self, sock: socket.socket, script: Script) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(sock)
            stack.enter_context(contextlib.suppress(OSError))
            sock.settimeout(10)
            if self._tls:
                sock = stack.enter_context(self._tls.wrap_socket(sock, server_side=True))
            request = b""
            while b"\r\n\r\n" not in request and (chunk := sock.recv(65536)):
                request += chunk
            self.requests.append(request)
            script(ServerConnection(sock, self._test_ended))


def _context(sni_callback: Callable[[object, str | None, object], None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = sni_callback
    return context


def install_certificate(folder: Path, origin: OriginServer) -> Path:
    """Install the certificate on a TLS server; return the file with the root to trust."""
    for name in ("ROOT", "CHAIN", "KEY"):
        (folder / name).write_text(getattr(certificates, name))
    assert origin._tls is not None
    origin._tls.load_cert_chain(folder / "CHAIN", folder / "KEY")
    return folder / "ROOT"
