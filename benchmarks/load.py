"""The client: connections that are kept busy for a while, in a process of its own.

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
class Line:
    """One connection and what it did: (when it ended, how long it took, status) of each request."""

    address: tuple[str, int]
    requests: list[tuple[bytes, ...]]
    turn: int
    done: list[tuple[float, float, int]] = field(default_factory=list)
    fault: str = ""
    line: socket.socket | None = None
    most: float = inf
    stopped: bool = False

    def run(self) -> None:
        """Send one request after another, in turn, until told to stop."""
        while not self.stopped and len(self.done) < self.most:
            begun = time.monotonic()
            try:
                status = self._ask(self.requests[self.turn % len(self.requests)])
            except OSError as fault:
                self.fault, status = repr(fault), 0
                self._hang_up()
            ended = time.monotonic()
            self.turn += 1
            self.done.append((ended, ended - begun, status))
        self._hang_up()

    def _ask(self, pieces: tuple[bytes, ...]) -> int:
        if self.line is None:
            self.line = socket.create_connection(self.address, _PATIENCE)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.line.sendall(piece)
        head, _, body = self._head().partition(b"\r\n\r\n")
        head = head.lower()
        left = _length(head) - len(body)
        while left > 0:
            data = self.line.recv(min(left, _BUFFER))
            if not data:
                raise ConnectionError("cut short")
            left -= len(data)
        if b"\r\nconnection: close" in head:
            self._hang_up()
        return int(head[9:12])

    def _head(self) -> bytes:
        assert self.line is not None
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.line.recv(_BUFFER)
            if not piece:
                raise ConnectionError("no answer")
            data += piece
        return data

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def composed(request: dict[str, Any], host: str, bodies: dict[str, bytes]) -> tuple[bytes, ...]:
    """The bytes of one request; those of a photo are shared by all that send it."""
    headers = {"Host": host, **request.get("headers", {})}
    pieces: tuple[bytes, ...] = ()
    if "json" in request:
        pieces = (json.dumps(request["json"]).encode(),)
        headers["Content-Type"] = "application/json"
    elif "file" in request or "fields" in request:
        pieces = _form(request, bodies)
        headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
    if pieces or request["method"] != "GET":
        headers["Content-Length"] = str(sum(map(len, pieces)))
    head = f"{request['method']} {request['path']} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    first = head.encode() + b"\r\n" + (pieces[0] if pieces else b"")
    return (first, *pieces[1:])


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
    """Keep every line of the plan busy; measure between the warm-up and the end."""
    bodies: dict[str, bytes] = {}
    host = f"{plan['host']}:{plan['port']}"
    lines = [
        Line(
            (plan["host"], plan["port"]),
            [composed(request, host, bodies) for request in line["requests"]],
            line.get("turn", 0),
        )
        for line in plan["lines"]
    ]
    threads = [Thread(target=line.run) for line in lines]
    once = plan.get("once", False)  # a request each, measured from the very start
    for line, thread in zip(lines, threads, strict=True):
        line.most = 1 if once else inf
        thread.start()
    warm = time.monotonic() + plan.get("warm", 0.0)
    while not once and (time.monotonic() < warm or not all(line.done for line in lines)):
        time.sleep(_TICK)
    pids = plan["pids"]
    before = {pid: proc.cpu(pid) for pid in pids}
    first, begin, own, most = _count(lines), time.monotonic(), time.process_time(), 0.0
    due, sampled = begin + plan["seconds"], 0.0
    cap = due + plan.get("patience", _PATIENCE)
    # Requests that began together end together: so the window is made of whole waves of them.
    while (now := time.monotonic()) < cap:
        more = _count(lines) - first
        if now >= due and more >= plan.get("enough", len(lines)) and more % len(lines) == 0:
            break
        if plan.get("memory", True) and now - sampled > _SAMPLE:
            most, sampled = max(most, proc.pss(pids)), now
        time.sleep(_TICK)
    after = {pid: proc.cpu(pid) for pid in pids}
    ended, own = time.monotonic(), time.process_time() - own
    for line in lines:
        line.stopped = True
    for thread in threads:
        thread.join()
    done = [each for line in lines for each in line.done if begin <= each[0] <= ended]
    return {
        "seconds": ended - begin,
        "ms": [round(took * 1000, 2) for _, took, _ in done],
        "statuses": _counted([status for _, _, status in done]),
        "cpu": {str(pid): after[pid] - before[pid] for pid in pids},
        "client_cpu": own,
        "pss": most,
        "turn": max(line.turn for line in lines),
        "faults": [line.fault for line in lines if line.fault],
    }


def _count(lines: list[Line]) -> int:
    return sum(len(line.done) for line in lines)


def _counted(statuses: list[int]) -> dict[str, int]:
    return {str(status): statuses.count(status) for status in sorted(set(statuses))}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
