"""Thousands of stalled uploads, and a hundred of 20 MB at once: memory and latency."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import photos, proc
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, percentile, run_load, say, update_window
from benchmarks.servers import HOST, ROOT, Fatrina

_IDLE = 10_000
_IDLE_QUICK = 1_000
_SPARE = 500
_PER_UPLOAD = 2
_SENT = 20_000
_DECLARED = 1_000_000
_BIG = 20_000_000
_AT_ONCE = 100
_PAUSE = 0.5
_BUSY = 0.05
_WAIT = 30
"""Default seconds without a byte after which the service disconnects an upload."""


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    return {
        "idle": _idle(folder / "idle", collected["shop2"], options),
        "large": _large(folder / "large", options),
    }


def _possible(wanted: int, options: Options) -> int:
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = max(0, (maximum - _SPARE) // _PER_UPLOAD)
    if possible < wanted:
        options.note(f"only {possible} idle uploads, not {wanted}: ulimit -Hn is {maximum}")
    return min(wanted, possible)


def _idle(folder: Path, photo: Photo, options: Options) -> dict[str, Any]:
    count = _possible(_IDLE_QUICK if options.quick else _IDLE, options)
    files = [str(path) for path in photo.paths]
    # Long enough for all of them to be open before the first is disconnected.
    patience = _WAIT if options.quick else 2 * _WAIT
    with Fatrina(folder, upload_idle=patience) as service:
        service.create_images(photos.small())
        turn = 0
        before, turn = update_window(service, files, turn, options.seconds)
        front = service.process.pid
        small = _idle_memory(front)
        crowd = _crowd(service, count)
        opened = _output(crowd)
        say(f"  {opened['open']} idle uploads after {opened['seconds']:.0f} s")
        grown = _idle_memory(front) - small
        during, turn = update_window(service, files, turn, options.seconds)
        disconnected, waited = _wait_for_disconnects(crowd, int(opened["open"]), patience * 1.5)
        left = _idle_memory(front) - small
        after, turn = update_window(service, files, turn, options.seconds)
        crowd.terminate()
        crowd.wait()
    table = Table(
        f"{opened['open']} uploads that stalled after {_SENT} bytes",
        ("valid updates", "updates/s", "p50 ms", "p99 ms", "CPU ms"),
    )
    for name, window in {"before": before, "during": during, "after": after}.items():
        table.row(name, window["rate"], window["p50"], window["p99"], window["cpu"] * 1000)
        if window["failed"]:
            options.note(f"{name} the idle uploads: {window['failed']:.0f} valid updates failed")
    table.show()
    each = grown / max(1, opened["open"]) * 1000
    print(
        f"The server grew by {grown:.1f} MB ({each:.2f} kB each); {disconnected} were "
        f"disconnected within {waited:.0f} s; afterwards it holds {left:.1f} MB more than before."
    )
    return {
        "count": opened["open"], "failed": opened["failed"], "grown_mb": grown, "kb_each": each,
        "disconnected": disconnected, "left_mb": left, "before": before, "during": during,
        "after": after,
    }  # fmt: skip


def _idle_memory(pid: int) -> float:
    """Return the megabytes of a process when it is idle."""
    while True:
        before = proc.cpu(pid)
        time.sleep(_PAUSE)
        if proc.cpu(pid) - before < _PAUSE * _BUSY:
            return proc.pss([pid])


def _crowd(service: Fatrina, count: int) -> subprocess.Popen[str]:
    head = service.update(service.images[0])
    start = (
        f"POST {head['path']} HTTP/1.1\r\nHost: {HOST}\r\n"
        f"Authorization: {service.headers['Authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {_DECLARED}\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    )
    plan = {"host": HOST, "port": service.port, "count": count, "bytes": _SENT, "start": start}
    crowd = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crowd"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert crowd.stdin is not None
    crowd.stdin.write(json.dumps(plan) + "\n")
    crowd.stdin.flush()
    return crowd


def _output(crowd: subprocess.Popen[str]) -> dict[str, float]:
    assert crowd.stdout is not None
    values: dict[str, float] = json.loads(crowd.stdout.readline())
    return values


def _wait_for_disconnects(
    crowd: subprocess.Popen[str], count: int, longest: float
) -> tuple[int, float]:
    """Return how many uploads were disconnected and how many seconds that took."""
    assert crowd.stdin is not None
    started, disconnected = time.monotonic(), 0
    while disconnected < count and time.monotonic() - started < longest:
        time.sleep(1)
        crowd.stdin.write("count\n")
        crowd.stdin.flush()
        disconnected = int(_output(crowd)["disconnected"])
    return disconnected, time.monotonic() - started


def _large(folder: Path, options: Options) -> dict[str, Any]:
    photo = photos.small()
    folder.mkdir(parents=True)
    path = folder / "large.jpg"
    path.write_bytes(
        photo + bytes(_BIG - len(photo))
    )  # the service strips bytes after the end marker
    count = _AT_ONCE // 10 if options.quick else _AT_ONCE
    with Fatrina(folder / "fatrina") as service:
        service.create_images(photo, count)
        before: Figures = {"front": proc.peak(service.process.pid)}
        connections = [
            {"requests": [service.update(image, file=str(path))]} for image in service.images
        ]
        started = time.monotonic()
        result = run_load(service, connections, seconds=0.0, once=True)
        took = time.monotonic() - started
        peak = proc.peak(service.process.pid)
    statuses = ", ".join(f"{n} with {status}" for status, n in result["statuses"].items())
    print(
        f"\n{count} uploads of 20 MB at once: {statuses}, in {took:.0f} s "
        f"(p95 {percentile(result['ms'], 95):.0f} ms); the front process peaked at {peak:.1f} MB "
        f"({before['front']:.1f} before), all together at {result['pss']:.0f} MB."
    )
    return {
        "count": count, "statuses": result["statuses"], "seconds": took,
        "peak_front": peak, "peak_front_before": before["front"], "memory": result["pss"],
    }  # fmt: skip
