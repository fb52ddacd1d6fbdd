"""Stubs: canned responses, read from a directory, for requests that Fatrina does not implement."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from fatrina.domain import json_text
from fatrina.domain.json_text import JsonError
from fatrina.web.api.endpoints import ENDPOINTS

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NAMES: Final = ("method", "path", "status", "headers", "body")
_SEGMENT: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9._~!$&'()*+,;=:@-]+")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE: Final = re.compile(r"([\x21-\x7e]([\x20-\x7e]{0,2000}[\x21-\x7e])?)?")
_SERVER_HEADERS: Final = frozenset(
    {"connection", "content-length", "date", "keep-alive", "transfer-encoding", "x-request-id"}
)
"""Headers, in lower case, that the server sets itself."""
_NO_BODY: Final = (204, 304)
"""Statuses of responses without a body (RFC 9110, 15.3.5 and 15.4.5)."""
_MAX_BYTES: Final = 64_000_000
"""Bytes of all files together, because all responses are kept in memory."""
_MAX_PROBLEMS: Final = 100


class StubError(Exception):
    """Invalid stubs: one problem per line, each with its file and JSON pointer (RFC 6901)."""


class Stub(NamedTuple):
    """A canned response for a method and a path below `/admin/v2`."""

    method: str
    segments: tuple[str, ...]
    """A segment in braces, such as `{id}`, matches any text."""
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def literals(self) -> int:
        """The number of segments without braces; of two stubs that match, the greater wins."""
        return sum(not _is_parameter(segment) for segment in self.segments)

    def matches(self, method: str, segments: list[str]) -> bool:
        """Return whether this is the response for a request; a stub for GET also serves HEAD."""
        return (
            self.method == ("GET" if method == "HEAD" else method)
            and len(self.segments) == len(segments)
            and all(
                _is_parameter(ours) or ours == theirs
                for ours, theirs in zip(self.segments, segments, strict=True)
            )
        )


class Stubs:
    """All stubs of a service."""

    def __init__(self, stubs: list[Stub]) -> None:
        self._stubs = sorted(stubs, key=lambda stub: -stub.literals)

    def find(self, method: str, path: str) -> Response | None:
        """Return the response for a method and a path below `/admin/v2`; None without a stub."""
        segments = path.split("/")[1:]
        for stub in self._stubs:
            if stub.matches(method, segments):
                return Response(stub.body, stub.status, stub.headers)
        return None


def load(directory: Path) -> Stubs:
    """Return the stubs in the `*.json` files of a directory and its subdirectories.

    Raises:
        StubError: with all problems found.
        OSError: a file cannot be read.
    """
    reader = _StubReader()
    if not directory.is_dir():
        raise StubError(f"{directory} is not a directory.")
    for file in sorted(directory.rglob("*.json")):
        reader.read_file(file, str(file.relative_to(directory)))
    if reader.problems:
        raise StubError("\n".join(reader.problems[:_MAX_PROBLEMS]))
    return Stubs(reader.stubs)


class _StubReader:
    """Reads files and collects their problems; `at` is the file and the JSON pointer of a value."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.stubs: list[Stub] = []
        self._bytes = 0
        self._defined: Counter[tuple[str, str]] = Counter()

    def read_file(self, file: Path, name: str) -> None:
        """Add the stubs of a file: one object, or a list of objects."""
        self._bytes += file.stat().st_size
        if self._bytes > _MAX_BYTES:
            self._add_problem(f"{name}#", f"the files are larger than {_MAX_BYTES} bytes")
            return
        try:
            value = json_text.parse(file.read_bytes())
        except JsonError as exc:
            self._add_problem(f"{name}#", f"is not JSON: {exc}")
            return
        stubs = value if isinstance(value, list) else [value]
        for index, stub in enumerate(stubs):
            at = f"{name}#/{index}" if isinstance(value, list) else f"{name}#"
            if isinstance(stub, dict):
                self._read_stub(at, stub)
            else:
                self._add_problem(at, "must be an object")

    def _read_stub(self, at: str, given: dict[str, Any]) -> None:
        for name in given.keys() - {*_NAMES}:
            self._add_problem(f"{at}/{name}", f"is not a known name: use {', '.join(_NAMES)}")
        method = given.get("method")
        if method not in _METHODS:
            self._add_problem(f"{at}/method", f"must be one of {', '.join(_METHODS)}")
        status = given.get("status", 200)
        if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:  # noqa: PLR2004  final statuses
            self._add_problem(f"{at}/status", "must be an integer from 200 to 599")
        if status in _NO_BODY and "body" in given:
            self._add_problem(f"{at}/body", f"must be absent: a response with {status} has none")
        segments = self._read_path(f"{at}/path", str(method), given.get("path"))
        headers = self._read_headers(f"{at}/headers", given.get("headers", {}))
        body = b""
        if "body" in given:
            headers = {"content-type": "application/json; charset=utf-8"} | headers
            text = json.dumps(given["body"], ensure_ascii=False, separators=(",", ":"))
            body = text.encode("utf-8", "replace")  # an unpaired surrogate cannot be encoded
        self.stubs.append(Stub(str(method), segments, status, headers, body))

    def _read_path(self, at: str, method: str, path: object) -> tuple[str, ...]:
        if not isinstance(path, str) or not path.startswith("/"):
            self._add_problem(at, "must be a path below /admin/v2, such as /orders/{id}")
            return ()
        segments = tuple(path.split("/")[1:])
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            self._add_problem(at, "has a segment that is neither plain text nor {name}")
            return ()
        if segments[:2] == ("admin", "v2"):
            self._add_problem(at, "must be written without /admin/v2")
        for name in _conflicts(method, segments):
            self._add_problem(at, f"conflicts with an endpoint that Fatrina implements: {name}")
        key = method, "/".join("{}" if _is_parameter(each) else each for each in segments)
        self._defined[key] += 1
        if self._defined[key] > 1:
            self._add_problem(at, f"is defined more than once for {method}")
        return segments

    def _read_headers(self, at: str, headers: object) -> dict[str, str]:
        if not isinstance(headers, dict):
            self._add_problem(at, "must be an object of names and values")
            return {}
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _SERVER_HEADERS:
                self._add_problem(f"{at}/{name[:100]}", "is not a header that a stub can set")
            if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
                self._add_problem(f"{at}/{name[:100]}", "must be text in printable ASCII")
        return {name.lower(): str(value) for name, value in headers.items()}

    def _add_problem(self, at: str, problem: str) -> None:
        self.problems.append(f"{at}: {problem}")


def _conflicts(method: str, segments: tuple[str, ...]) -> Iterator[str]:
    """Yield the implemented endpoints that accept a request which the stub would match."""
    for endpoint in ENDPOINTS.values():
        theirs = endpoint.path.split("/")[1:]
        if (
            method == endpoint.method
            and len(theirs) == len(segments)
            and all(
                _is_parameter(a) or _is_parameter(b) or a == b
                for a, b in zip(theirs, segments, strict=True)
            )
        ):
            yield f"{method} {endpoint.openapi_path}"


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")
