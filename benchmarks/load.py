"""The load generator: busy connections in a separate process.

`python -m benchmarks.load` reads one plan (JSON) and prints one result (JSON). A connection is a
thread with a blocking socket, so that this process costs little more than the kernel's copying.
"""

import json
import socket
import sys
import time
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks import proc

_BOUNDARY = "fatrina-bench-3b1f"
_PATIENCE = 120.0
_SAMPLE = 0.25
_TICK = 0.002
_BUFFER = 262_144


@dataclass(slots=True)
class Connection:
    """One connection and its results: end, duration and status of each request."""

    address: tuple[str, int]
    requests: list[tuple[bytes, ...]]
    turn: int
    done: list[tuple[float, float, int]] = field(default_factory=list)
    error: str = ""
    sock: socket.socket | None = None
    limit: float = inf
    stopped: bool = False

    def run(self) -> None:
        """Send one request after another until `stopped` is set."""
        while not self.stopped and len(self.done) < self.limit:
            begun = time.monotonic()
            try:
                status = self._request(self.requests[self.turn % len(self.requests)])
            except OSError as exc:
                self.error, status = repr(exc), 0
                self._close()
            ended = time.monotonic()
            self.turn += 1
            self.done.append((ended, ended - begun, status))
        self._close()

    def _request(self, chunks: tuple[bytes, ...]) -> int:
        if self.sock is None:
            self.sock = socket.create_connection(self.address, _PATIENCE)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for chunk in chunks:
            self.sock.sendall(chunk)
        head, _, body = self._head().partition(b"\r\n\r\n")
        head = head.lower()
        remaining = _length(head) - len(body)
        while remaining > 0:
            data = self.sock.recv(min(remaining, _BUFFER))
            if not data:
                raise ConnectionError("incomplete response")
            remaining -= len(data)
        if b"\r\nconnection: close" in head:
            self._close()
        return int(head[9:12])

    def _head(self) -> bytes:
        assert self.sock is not None
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.sock.recv(_BUFFER)
            if not chunk:
                raise ConnectionError("no response")
            data += chunk
        return data

    def _close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def encode_request(
    request: dict[str, Any], host: str, bodies: dict[str, bytes]
) -> tuple[bytes, ...]:
    """Return the bytes of one request; requests with the same photo share its bytes."""
    headers = {"Host": host, **request.get("headers", {})}
    chunks: tuple[bytes, ...] = ()
    if "json" in request:
        chunks = (json.dumps(request["json"]).encode(),)
        headers["Content-Type"] = "application/json"
    elif "file" in request or "fields" in request:
        chunks = _form(request, bodies)
        headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
    if chunks or request["method"] != "GET":
        headers["Content-Length"] = str(sum(map(len, chunks)))
    head = f"{request['method']} {request['path']} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    first = head.encode() + b"\r\n" + (chunks[0] if chunks else b"")
    return (first, *chunks[1:])


def _form(request: dict[str, Any], bodies: dict[str, bytes]) -> tuple[bytes, ...]:
    head = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in request.get("fields", {}).items()
    )
    end = f"\r\n--{_BOUNDARY}--\r\n".encode()
    if "file" not in request:
        return (head.encode() + end.removeprefix(b"\r\n"),)
    path = request["file"]
    if path not in bodies:
        bodies[path] = Path(path).read_bytes()
    head += (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; '
        f'filename="{Path(path).name}"\r\nContent-Type: {request.get("type", "image/jpeg")}\r\n\r\n'
    )
    return (head.encode(), bodies[path], end)


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Keep every connection of the plan busy; measure between the warm-up and the end."""
    bodies: dict[str, bytes] = {}
    host = f"{plan['host']}:{plan['port']}"
    connections = [
        Connection(
            (plan["host"], plan["port"]),
            [encode_request(request, host, bodies) for request in each["requests"]],
            each.get("turn", 0),
        )
        for each in plan["connections"]
    ]
    threads = [Thread(target=each.run) for each in connections]
    once = plan.get("once", False)  # one request each, measured from the start
    for each, thread in zip(connections, threads, strict=True):
        each.limit = 1 if once else inf
        thread.start()
    warm = time.monotonic() + plan.get("warm", 0.0)
    while not once and (time.monotonic() < warm or not all(each.done for each in connections)):
        time.sleep(_TICK)
    pids = plan["pids"]
    before = {pid: proc.cpu(pid) for pid in pids}
    first, begin, own, peak = _count(connections), time.monotonic(), time.process_time(), 0.0
    due, sampled = begin + plan["seconds"], 0.0
    cap = due + plan.get("patience", _PATIENCE)
    # Requests that start together end together, so the window consists of complete waves.
    while (now := time.monotonic()) < cap:
        more, wave = _count(connections) - first, len(connections)
        if now >= due and more >= plan.get("enough", wave) and more % wave == 0:
            break
        if plan.get("memory", True) and now - sampled > _SAMPLE:
            peak, sampled = max(peak, proc.pss(pids)), now
        time.sleep(_TICK)
    after = {pid: proc.cpu(pid) for pid in pids}
    ended, own = time.monotonic(), time.process_time() - own
    for each in connections:
        each.stopped = True
    for thread in threads:
        thread.join()
    done = [result for each in connections for result in each.done if begin <= result[0] <= ended]
    return {
        "seconds": ended - begin,
        "ms": [round(took * 1000, 2) for _, took, _ in done],
        "statuses": _counted([status for _, _, status in done]),
        "cpu": {str(pid): after[pid] - before[pid] for pid in pids},
        "client_cpu": own,
        "pss": peak,
        "turn": max(each.turn for each in connections),
        "errors": [each.error for each in connections if each.error],
    }


def _count(connections: list[Connection]) -> int:
    return sum(len(each.done) for each in connections)


def _counted(statuses: list[int]) -> dict[str, int]:
    return {str(status): statuses.count(status) for status in sorted(set(statuses))}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
