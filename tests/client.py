"""A small HTTP client for tests that sends exact bytes and returns complete responses."""

import json
import socket
from email.message import Message
from http.client import parse_headers
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode

BOUNDARY: Final = "----FormBoundary7MA4YWxkTrZu0gW"
_TIMEOUT_SECONDS: Final = 20.0


class Body(NamedTuple):
    """The body of a request and its Content-Type."""

    data: bytes
    content_type: str


class Response(NamedTuple):
    """A complete response."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def reasons(self) -> str:
        """The stable reasons of an error."""
        return str(self.headers["fatrina-reason"])


class Connection:
    """One connection to a service."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_response(self, method: str = "POST") -> Response:
        """Return the next response.

        Raises:
            ConnectionError: the server has closed the connection instead.
        """
        status_line = self._file.readline()
        if not status_line.endswith(b"\n"):
            raise ConnectionError(status_line)
        _, status, *_ = status_line.split(None, 2)
        headers = parse_headers(self._file)
        code = int(status)
        has_no_body = method == "HEAD" or code in {100, 204, 304}
        return Response(
            code, headers, b"" if has_no_body else self._file.read(int(headers["content-length"]))
        )

    def wait_closed(self) -> bool:
        """Wait for data or the end of the connection; return True at its end."""
        try:
            return not self._file.read(1)
        except ConnectionError:
            return True

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode_head(method: str, target: str, headers: dict[str, str]) -> bytes:
    """Return the head of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.test"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def request(
    port: int, method: str, target: str, body: Body | None = None, **headers: str
) -> Response:
    """Send one request on a new connection; the keyword `if_range` sets the header If-Range."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    if body is not None:
        named |= {"Content-Type": body.content_type, "Content-Length": str(len(body.data))}
    with Connection(port) as connection:
        connection.send(encode_head(method, target, named) + (body.data if body else b""))
        return connection.read_response(method)


# Bodies


def encode_part(head: str, data: bytes = b"") -> bytes:
    """Return one part of a multipart body; `head` has its header lines."""
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"


def join_parts(*parts: bytes) -> Body:
    """Return a multipart body of these parts."""
    end = f"--{BOUNDARY}--\r\n".encode()
    return Body(b"".join(parts) + end, f"multipart/form-data; boundary={BOUNDARY}")


def encode_multipart(**fields: str | bytes) -> Body:
    """Return a multipart form as browsers send it; bytes become a file."""
    return join_parts(*(encode_field(name, value) for name, value in fields.items()))


def encode_field(name: str, value: str | bytes) -> bytes:
    """Return one field of a multipart form as browsers send it."""
    named = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return encode_part(named, value.encode())
    return encode_part(f'{named}; filename="photo.jpg"\r\nContent-Type: image/jpeg', value)


def encode_json(value: object) -> Body:
    """Return a JSON body."""
    return Body(json.dumps(value).encode(), "application/json")


def encode_urlencoded(**fields: str) -> Body:
    """Return a urlencoded body."""
    return Body(urlencode(fields).encode(), "application/x-www-form-urlencoded")
