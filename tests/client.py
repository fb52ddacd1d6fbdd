"""A small HTTP client for tests: exact bytes out, whole answers in."""

import json
import socket
from email.message import Message
from http.client import parse_headers
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode

BOUNDARY: Final = "----FormBoundary7MA4YWxkTrZu0gW"
_TIMEOUT_SECONDS: Final = 20.0


class Body(NamedTuple):
    """A request's body and what it says it is."""

    data: bytes
    content_type: str


class Response(NamedTuple):
    """A whole answer."""

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
        """The stable reasons of a refusal."""
        return str(self.headers["fatrina-reason"])


class Connection:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_response(self, method: str = "POST") -> Response:
        """Read the next answer; ConnectionError when the far side has hung up instead."""
        first = self._file.readline()
        if not first.endswith(b"\n"):
            raise ConnectionError(first)
        _, status, *_ = first.split(None, 2)
        headers = parse_headers(self._file)
        code = int(status)
        bare = method == "HEAD" or code in {100, 204, 304}
        return Response(
            code, headers, b"" if bare else self._file.read(int(headers["content-length"]))
        )

    def wait_closed(self) -> bool:
        """Wait for the far side's next bytes; True when there are none, ever."""
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
    """Write the head of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.test"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def request(
    port: int, method: str, target: str, body: Body | None = None, **headers: str
) -> Response:
    """Make one request on a connection of its own; `if_range` is the header If-Range."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    if body is not None:
        named |= {"Content-Type": body.content_type, "Content-Length": str(len(body.data))}
    with Connection(port) as line:
        line.send(encode_head(method, target, named) + (body.data if body else b""))
        return line.read_response(method)


# Bodies


def encode_part(head: str, data: bytes = b"") -> bytes:
    """Write one part of a multipart body; `head` is its header lines."""
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"


def join_parts(*parts: bytes) -> Body:
    """Join parts into a multipart body."""
    end = f"--{BOUNDARY}--\r\n".encode()
    return Body(b"".join(parts) + end, f"multipart/form-data; boundary={BOUNDARY}")


def encode_multipart(**fields: str | bytes) -> Body:
    """Write a form as browsers do; bytes are a file, text is text."""
    return join_parts(*(encode_field(name, value) for name, value in fields.items()))


def encode_field(name: str, value: str | bytes) -> bytes:
    """Write one field of a form as browsers do."""
    named = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return encode_part(named, value.encode())
    return encode_part(f'{named}; filename="photo.jpg"\r\nContent-Type: image/jpeg', value)


def encode_json(value: object) -> Body:
    """Write a JSON body."""
    return Body(json.dumps(value).encode(), "application/json")


def encode_urlencoded(**fields: str) -> Body:
    """Write a urlencoded body."""
    return Body(urlencode(fields).encode(), "application/x-www-form-urlencoded")
