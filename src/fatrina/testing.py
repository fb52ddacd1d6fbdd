"""Start a service for a test suite, and seed, reset and inspect the stores in it."""

import json
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import IO, Any, Final, Self
from urllib.parse import urlencode, urlsplit

_TIMEOUT_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0


class ServiceError(Exception):
    """The service did not start, or rejected a request of the test kit."""


class Service:
    """A running service and its admin endpoints."""

    def __init__(self, url: str, admin_token: str) -> None:
        """Use the service at `url`; nothing is sent yet."""
        self.url = url.rstrip("/")
        self.api_url = f"{self.url}/admin/v2"
        self.admin_token = admin_token
        self._connection: HTTPConnection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @classmethod
    def start(cls, *, stubs: Path | None = None, environment: Mapping[str, str] = {}) -> Self:
        """Start an ephemeral service; it ends with this process, or by `close`.

        Raises:
            ServiceError: it did not start; the message has what it printed.
        """
        command = [sys.executable, "-m", "fatrina", "serve", "--ephemeral", "--port", "0"]
        command += ["--admin-token", "auto", "--exit-with-parent"]
        command += ["--stubs", str(stubs)] if stubs else []
        # One decoder per service, because every worker of a test suite has a service.
        settings = {"FATRINA_DECODERS": "1", **os.environ, **environment}
        log = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=settings)  # noqa: S603
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            process.communicate()
            with log:
                log.seek(0)
                raise ServiceError(log.read().decode(errors="replace"))
        report = json.loads(line)
        service = cls(report["url"], report["admin_token"])
        service._process, service._log = process, log
        return service

    def close(self) -> None:
        """Close the connection, and stop the service if `start` has started it."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
        if self._log is not None:
            self._log.close()

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Send a request to the admin endpoint `path` below `/_fatrina`; return its data.

        Raises:
            ServiceError: the service rejected the request.
        """
        headers = {"Authorization": f"Bearer {self.admin_token}", "Accept-Language": "en"}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        status, text = self._exchange(method, f"/_fatrina{path}", content, headers)
        response = json.loads(text)
        if status >= 400:  # noqa: PLR2004  errors
            raise ServiceError(f"{method} {path}: {status} {response['error']}")
        return response["data"]

    def seed(self, seed: Mapping[str, Any], folder: Path | None = None) -> list[dict[str, Any]]:
        """Seed the service; return the created ids of each merchant.

        `file` values of images are paths in `folder`.
        """
        content = seed if folder is None else inline_files(seed, folder)
        merchants: list[dict[str, Any]] = self.admin("POST", "/seed", content)["merchants"]
        return merchants

    def reset(self, merchant: str = "", *, keep_merchants: bool = False, clear: str = "") -> None:
        """Delete everything, or what belongs to one merchant; `clear`: `faults,journal`."""
        keep = "merchants" if keep_merchants else ""
        query = {"merchant": merchant, "keep": keep, "clear": clear}
        self.admin("POST", "/reset?" + urlencode({k: v for k, v in query.items() if v}))

    def add_fault(self, what: str | int, **options: object) -> int:
        """Inject a fault and return its id; `options` are those of `POST /_fatrina/faults`."""
        return int(self.admin("POST", "/faults", {"what": what, **options})["id"])

    def clear_faults(self) -> None:
        """Remove all injected faults."""
        self.admin("DELETE", "/faults")

    def requests(self, **filters: object) -> list[dict[str, Any]]:
        """Return the request journal, the newest request first."""
        entries: list[dict[str, Any]] = self.admin("GET", "/requests?" + urlencode(filters))
        return entries

    def not_emulated(self) -> list[dict[str, Any]]:
        """Return the requests to endpoints that Fatrina does not implement, with counts."""
        counts: list[dict[str, Any]] = self.admin("GET", "/requests/not-emulated")
        return counts

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Send a request on the open connection, or on a new one if the service closed it."""
        for is_last in (self._connection is None, True):
            if self._connection is None:
                self._connection = _connect(self.url)
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (HTTPException, OSError) as exc:
                self._connection.close()
                self._connection = None
                if is_last:
                    raise ServiceError(f"{self.url} does not respond: {exc}") from exc
        raise AssertionError


@dataclass(frozen=True)
class Store:
    """A merchant's store in a service."""

    service: Service
    merchant: str
    token: str
    products: Sequence[Mapping[str, Any]] = field(default=())
    """The seeded products: `id`, `sku`, and the ids of `images`."""

    @property
    def api_url(self) -> str:
        """The base URL of the API, to be used instead of `https://api.salla.dev/admin/v2`."""
        return self.service.api_url

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request of the merchant."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def product_id(self) -> int:
        """The id of the first seeded product."""
        return int(self.products[0]["id"])

    @property
    def image_id(self) -> int:
        """The id of the first image of the first seeded product."""
        return int(self.products[0]["images"][0])

    def add_fault(self, what: str | int, **options: object) -> int:
        """Inject a fault into the requests of this merchant only."""
        return self.service.add_fault(what, merchant=self.merchant, **options)

    def requests(self, **filters: object) -> list[dict[str, Any]]:
        """Return the requests of this merchant, the newest first."""
        return self.service.requests(merchant=self.merchant, **filters)


def create_store(
    service: Service,
    merchant: str,
    token: str,
    content: Mapping[str, Any],
    folder: Path | None = None,
) -> Store:
    """Delete a merchant's store, its faults and its journal, and create it again.

    `content` is the merchant in a seed, without `code`; `token` is added to its tokens.
    """
    service.reset(merchant, clear="faults,journal")
    tokens = [{"token": token}, *content.get("tokens", ())]
    seed = {"merchants": [{**content, "code": merchant, "tokens": tokens}]}
    (created,) = service.seed(seed, folder)
    return Store(service, merchant, token, created["products"])


def inline_files(value: Any, folder: Path) -> Any:
    """Return a copy of seed data in which `data` replaces `file`, to send it to a service.

    Raises:
        OSError: a file cannot be read.
    """
    if isinstance(value, list | tuple):
        return [inline_files(each, folder) for each in value]
    if not isinstance(value, Mapping):
        return value
    copy = {name: inline_files(each, folder) for name, each in value.items()}
    if isinstance(copy.get("file"), str):
        copy["data"] = b64encode((folder / copy.pop("file")).read_bytes()).decode()
    return copy


def _connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return connection(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
