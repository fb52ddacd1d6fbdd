"""A client of a few lines: sends a form or JSON over HTTP, reads JSON, fetches pictures."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from time import perf_counter
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from fatrina.demo.pictures import Drawn

_PATIENCE: Final = 60.0
_BOUNDARY: Final = "fatrina-demo-7d4c1f0b"


class Answer(NamedTuple):
    """What came back."""

    status: int
    kind: str
    body: bytes
    milliseconds: int

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Client:
    """Talks to the service at `base` with one token."""

    def __init__(self, base: str, token: str) -> None:
        """Nothing is sent yet."""
        self._where = urlsplit(base)
        self._token = token

    def update(self, path: str, fields: Mapping[str, str | Drawn]) -> Answer:
        """POST a multipart form: a drawn photo as a file, all else as text."""
        parts = b"".join(_part(name, value) for name, value in fields.items())
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        }
        return self._ask("POST", path, parts + f"--{_BOUNDARY}--\r\n".encode(), headers)

    def look(self, path: str) -> Answer:
        """GET a path with the token."""
        return self._ask("GET", path, b"", {"Authorization": f"Bearer {self._token}"})

    def ask(self, method: str, path: str, value: object = None) -> Answer:
        """Make a request, with `value` as JSON if there is one."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return self._ask(
            method, path, b"" if value is None else json.dumps(value).encode(), headers
        )

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        line = HTTPConnection(self._where.hostname or "", self._where.port, timeout=_PATIENCE)
        try:
            begun = perf_counter()
            line.request(method, path, body or None, headers)
            response = line.getresponse()
            data = response.read()
            spent = round((perf_counter() - begun) * 1000)
            return Answer(response.status, response.headers.get_content_type(), data, spent)
        finally:
            line.close()


def _part(name: str, value: str | Drawn) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}\r\n".encode()
    head += f'; filename="{value.file}"\r\nContent-Type: application/octet-stream'
    return f"{head}\r\n\r\n".encode() + value.data + b"\r\n"
