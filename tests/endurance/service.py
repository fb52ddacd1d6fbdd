"""A service as a process, and an HTTP client for it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

FATRINA: Final = (sys.executable, "-m", "fatrina")
LOST: Final = (OSError, HTTPException)
"""The errors that a client gets when the service is killed."""
_BOUNDARY: Final = "----a-boundary-that-no-photo-holds"
_PATIENCE: Final = 30.0


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    body: bytes

    @property
    def data(self) -> Any:
        """The data in the envelope."""
        if self.status >= 300:
            raise RuntimeError(self.body)
        return json.loads(self.body)["data"]


class Client:
    """A client with the token of a merchant."""

    def __init__(self, port: int, token: str, patience: float = _PATIENCE) -> None:
        """Send requests to the service on `port`."""
        self._port = port
        self._token = token
        self._patience = patience

    def get(self, path: str) -> Answer:
        """Fetch a path, or a URL's path."""
        return self._ask("GET", urlsplit(path).path, b"", {})

    def send(self, path: str, photo: bytes | None = None, **fields: str) -> Answer:
        """Send a form, as a browser does."""
        parts = [_part(f'name="{name}"', value.encode()) for name, value in fields.items()]
        if photo is not None:
            parts.append(_part('name="photo"; filename="a.jpg"', photo))
        body = b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])
        kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        return self._ask("POST", f"/admin/v2/{path}", body, kind)

    def put(self, path: str, **fields: str) -> Answer:
        """Send a PUT request with JSON."""
        kind = {"Content-Type": "application/json"}
        return self._ask("PUT", f"/admin/v2/{path}", json.dumps(fields).encode(), kind)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        line = HTTPConnection("127.0.0.1", self._port, timeout=self._patience)
        try:
            line.request(method, path, body, {"Authorization": f"Bearer {self._token}", **headers})
            answer = line.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            line.close()


class Server:
    """`fatrina serve` on a directory."""

    def __init__(self, data: Path, port: int, log: Path, **settings: str) -> None:
        """Start it and wait until it is ready."""
        self.port = port
        begun = time.monotonic()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*FATRINA, "serve", "--data", str(data), "--port", str(port)],
                stdout=out,
                stderr=out,
                env=os.environ
                | {f"FATRINA_{name.upper()}": each for name, each in settings.items()},
            )
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() - begun > _PATIENCE:
                raise RuntimeError(log.read_text()[-4000:])
            time.sleep(0.01)
        self.ready_after = time.monotonic() - begun

    def kill(self) -> float:
        """Kill the process with SIGKILL; return the seconds until its decoders have ended too."""
        decoders = self._children()
        self._process.kill()
        self._process.wait()
        begun = time.monotonic()
        while any(_lives(each) for each in decoders):
            if time.monotonic() - begun > _PATIENCE:
                break
            time.sleep(0.005)
        return time.monotonic() - begun

    def stop(self) -> int:
        """Stop it by SIGTERM; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_PATIENCE)

    def _is_ready(self) -> bool:
        with suppress(*LOST):
            return Client(self.port, "", 2).get("/ready").status == 200
        return False

    def _children(self) -> list[int]:
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(each) for task in tasks for each in task.read_text().split()]


def command(data: Path, *words: str, **settings: str) -> str:
    """Run a command; return its output."""
    run = subprocess.run(
        [*FATRINA, *words, "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {f"FATRINA_{name.upper()}": each for name, each in settings.items()},
    )
    return run.stdout.strip()


def fetched(client: Client, image: dict[str, Any]) -> tuple[str, ...]:
    """Return the hashes of an image's four files as served."""
    answers = [client.get(size["url"]) for size in image["image"].values()]
    return tuple(sha256(each.body).hexdigest() if each.status == 200 else "" for each in answers)


def stored(data: Path) -> set[str]:
    """Return the names of all stored files."""
    return {path.name for path in (data / "media").rglob("*") if path.is_file()}


def _part(names: str, value: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {names}\r\n\r\n"
    return head.encode() + value + b"\r\n"


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
