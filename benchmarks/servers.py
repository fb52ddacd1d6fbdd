"""The measured servers: Fatrina, two peers and nginx, each on its own port."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from benchmarks import proc
from benchmarks.kernel import ENVIRONMENT

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent
HOST = "127.0.0.1"
TOKEN = "bench-token"
CONNECTIONS = 8
_START = 60.0
_STOP = 30.0


class MissingError(Exception):
    """A requirement is missing on this machine; the message names it."""


class Server:
    """One running server process and its descendants."""

    name = "server"
    health = "/"

    def __init__(self, folder: Path, command: list[str], env: dict[str, str], port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.folder = folder
        self.log = folder / "server.log"
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**_environment(), **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait(begun + _START)
        self.started = time.monotonic() - begun
        """Seconds from the start to the first response."""

    def _wait(self, until: float) -> None:
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.request("GET", self.health)
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.close()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise MissingError(f"{self.name} did not start: {tail}")

    @property
    def pids(self) -> list[int]:
        return proc.tree(self.process.pid)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(HOST, self.port, timeout=_START)
        try:
            connection.request(method, path, body or None, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def updates(self, files: Iterable[str], connection: int) -> list[dict[str, Any]]:
        """Return the requests of one connection: its own image, one photo after another."""
        raise NotImplementedError

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Fatrina(Server):
    """The service of this checkout, started by `fatrina serve`."""

    name = "Fatrina"
    health = "/health"

    def __init__(self, folder: Path, without: str = "", **settings: str | int) -> None:
        port = free_port()
        program = [sys.executable, "-m", "fatrina"]
        if without:
            program = [sys.executable, str(HERE / "launcher.py"), without]
        env = {f"FATRINA_{name.upper()}": str(value) for name, value in settings.items()}
        self.data = folder / "data"
        if not self.data.exists():
            _cli("merchant", "create", "bench", data=self.data, **env)
        token = _cli("token", "create", "--merchant", "bench", data=self.data, **env)
        self.headers = {"Authorization": f"Bearer {token}"}
        command = [*program, "serve", "--port", str(port), "--data", str(self.data)]
        super().__init__(folder, command, env, port)
        self.images: list[int] = []
        self.last_image: dict[str, Any] = {}

    def create_images(self, photo: bytes, count: int = CONNECTIONS) -> None:
        """Create products with one image each."""
        for _ in range(count):
            product = self._create("/products", {"name": "bench"})["id"]
            boundary = "b0undary"
            head = f"--{boundary}\r\nContent-Disposition: form-data; name=photo; filename=a.jpg"
            body = f"{head}\r\n\r\n".encode() + photo + f"\r\n--{boundary}--\r\n".encode()
            kind = f"multipart/form-data; boundary={boundary}"
            image = self._create(f"/products/{product}/images", body, kind)
            self.images.append(int(image["id"]))
            self.last_image = image

    def update(self, image: int, **content: Any) -> dict[str, Any]:
        """Return one Update Image request."""
        return {
            "method": "POST",
            "path": f"/admin/v2/products/images/{image}",
            "headers": self.headers,
            **content,
        }

    def updates(self, files: Iterable[str], connection: int) -> list[dict[str, Any]]:
        return [self.update(self.images[connection], file=file) for file in files]

    def etag(self, path: str) -> str:
        """Return the entity tag in the response to a GET request."""
        connection = HTTPConnection(HOST, self.port, timeout=_START)
        try:
            connection.request("GET", path, headers=self.headers)
            return connection.getresponse().headers["ETag"]
        finally:
            connection.close()

    def _create(
        self, path: str, body: bytes | dict[str, Any], kind: str = "application/json"
    ) -> dict[str, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self.headers, "Content-Type": kind}
        status, response = self.request("POST", f"/admin/v2{path}", data, headers)
        if status != 201:  # noqa: PLR2004
            raise RuntimeError(f"{path}: {status} {response[:300]!r}")
        created: dict[str, Any] = json.loads(response)["data"]
        return created


class Peer(Server):
    """One of the two peers."""

    health = "/health"  # any response is enough

    def __init__(self, folder: Path, command: list[str], port: int, *, keep: bool) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        env = {"PEER_DATA": str(folder), "PEER_TOKEN": TOKEN, "PEER_PORT": str(port)}
        super().__init__(folder, command, env | ({"PEER_KEEP": "1"} if keep else {}), port)

    def updates(self, files: Iterable[str], connection: int) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = f"/images/{connection + 1}"
        return [{"method": "POST", "path": path, "headers": headers, "file": f} for f in files]


class Pillow(Peer):
    """FastAPI with Pillow and SQLite, one worker per core."""

    name = "FastAPI + Pillow"

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        program = ROOT / ".venv-bench/bin/uvicorn"
        if not program.exists():
            raise MissingError(".venv-bench is not set up: run scripts/bench")
        port = free_port()
        place = str(HERE / "peers/fastapi_pillow")
        cores = str(len(os.sched_getaffinity(0)))
        options = ["--port", str(port), "--workers", cores, "--no-access-log"]
        super().__init__(
            folder, [str(program), "--app-dir", place, "server:app", *options], port, keep=keep
        )


class Sharp(Peer):
    """Fastify with sharp and better-sqlite3."""

    name = "Fastify + sharp"

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        place = HERE / "peers/fastify_sharp"
        node = shutil.which("node")
        if node is None:
            raise MissingError("node is not on this machine")
        if not (place / "node_modules/better-sqlite3/build").exists():
            raise MissingError("its packages are not installed: see .venv-bench/npm.log")
        super().__init__(folder, [node, str(place / "server.js")], free_port(), keep=keep)


class Nginx(Server):
    """nginx with one worker, serving the images from Fatrina's data directory."""

    name = "nginx"

    def __init__(self, folder: Path, media: Path) -> None:
        program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        if program is None:
            raise MissingError("nginx is not on this machine")
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        text = (HERE / "nginx.conf").read_text()
        for word, value in {"PORT": port, "MEDIA": media.resolve(), "PLACE": folder}.items():
            text = text.replace(f"@{word}@", str(value))
        (folder / "nginx.conf").write_text(text)
        command = [program, "-c", str(folder / "nginx.conf")]
        if not os.geteuid():  # its worker must be allowed to read the directory of this user
            command += ["-g", "user root;"]
        super().__init__(folder, command, {}, port)


def free_port() -> int:
    """Return an unused port."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    names = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in names if name in os.environ}


def _cli(*words: str, data: Path, **env: str) -> str:
    command = [sys.executable, "-m", "fatrina", *words, "--data", str(data)]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment() | env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def kernel_window(files: list[str], seconds: float, turn: int) -> dict[str, float]:
    """Measure the limit K: the bare recipe in as many processes as cores."""
    plan = json.dumps({"files": files, "seconds": seconds, "turn": turn})
    command = [sys.executable, "-m", "benchmarks.kernel"]
    env = {**_environment(), **ENVIRONMENT}
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in os.sched_getaffinity(0)
    ]
    for each in running:
        assert each.stdin is not None
        each.stdin.write(plan)
        each.stdin.close()
    memory, peaks = 0.0, dict.fromkeys((each.pid for each in running), 0.0)
    while any(each.poll() is None for each in running):
        memory = max(memory, proc.pss([each.pid for each in running]))
        peaks = {pid: max(most, proc.peak(pid)) for pid, most in peaks.items()}
        time.sleep(0.2)
    rate = cost = 0.0
    for each in running:
        assert each.stdout is not None
        (begun, cpu_begun), *_, (ended, cpu_ended) = done = json.load(each.stdout)
        rate += (len(done) - 1) / (ended - begun)
        cost += (cpu_ended - cpu_begun) / (len(done) - 1) / len(running)
    return {"rate": rate, "cpu": cost, "memory": memory, "peak": max(peaks.values())}
