"""A minimal HTTP client: sends forms and JSON, reads JSON and images."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from time import perf_counter
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from fatrina.demo.sample_photos import SamplePhoto

_TIMEOUT: Final = 60.0
_BOUNDARY: Final = "fatrina-demo-7d4c1f0b"

Fields = Mapping[str, str | SamplePhoto]


class Response(NamedTuple):
    """A response, read completely."""

    status: int
    content_type: str
    body: bytes
    milliseconds: int

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.body)


class Client:
    """Sends requests to the service at `base` with one token."""

    def __init__(self, base: str, token: str) -> None:
        """Store the address; no connection is opened yet."""
        self._base = urlsplit(base)
        self._token = token

    def post_form(self, path: str, fields: Fields) -> Response:
        """POST a multipart form: sample photos as files, everything else as text."""
        parts = b"".join(_part(name, value) for name, value in fields.items())
        content_type = f"multipart/form-data; boundary={_BOUNDARY}"
        body = parts + f"--{_BOUNDARY}--\r\n".encode()
        return self._send("POST", path, body, {"Content-Type": content_type})

    def get(self, path: str) -> Response:
        """GET a path."""
        return self._send("GET", path, b"", {})

    def request(self, method: str, path: str, value: object = None) -> Response:
        """Send a request with `value` as its JSON body, or without a body."""
        body = b"" if value is None else json.dumps(value).encode()
        return self._send(method, path, body, {"Content-Type": "application/json"})

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Response:
        headers = {"Authorization": f"Bearer {self._token}", **headers}
        connection = HTTPConnection(self._base.hostname or "", self._base.port, timeout=_TIMEOUT)
        try:
            start = perf_counter()
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            data = response.read()
            milliseconds = round((perf_counter() - start) * 1000)
            return Response(
                response.status, response.headers.get_content_type(), data, milliseconds
            )
        finally:
            connection.close()


def _part(name: str, value: str | SamplePhoto) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}\r\n".encode()
    head += f'; filename="{value.file}"\r\nContent-Type: application/octet-stream'
    return f"{head}\r\n\r\n".encode() + value.data + b"\r\n"
