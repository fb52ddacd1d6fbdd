"""Thousands of uploads that stand still, and a hundred of 20 MB at once: memory and waiting."""

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
from benchmarks.rounds import Figures, Options, loaded, percentile, say, update_window
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
"""Seconds without a byte after which the service cuts an upload by default."""


def run(folder: Path, gathered: dict[str, Photo], options: Options) -> dict[str, Any]:
    return {
        "idle": _idle(folder / "idle", gathered["shop2"], options),
        "large": _large(folder / "large", options),
    }


def _room(wanted: int, options: Options) -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = max(0, (most - _SPARE) // _PER_UPLOAD)
    if possible < wanted:
        options.note(f"only {possible} idle uploads, not {wanted}: ulimit -Hn is {most}")
    return min(wanted, possible)


def _idle(folder: Path, photo: Photo, options: Options) -> dict[str, Any]:
    count = _room(_IDLE_QUICK if options.quick else _IDLE, options)
    files = [str(path) for path in photo.paths]
    # Long enough for all of them to be there before the first is cut.
    patience = _WAIT if options.quick else 2 * _WAIT
    with Fatrina(folder, upload_idle=patience) as service:
        service.open_shop(photos.small())
        turn = 0
        before, turn = update_window(service, files, turn, options.seconds)
        front = service.process.pid
        small = _settled(front)
        crowd = _crowd(service, count)
        opened = _said(crowd)
        say(f"  {opened['open']} idle uploads after {opened['seconds']:.0f} s")
        grown = _settled(front) - small
        during, turn = update_window(service, files, turn, options.seconds)
        cut, waited = _wait_for_cut(crowd, int(opened["open"]), patience * 1.5)
        left = _settled(front) - small
        after, turn = update_window(service, files, turn, options.seconds)
        crowd.terminate()
        crowd.wait()
    table = Table(
        f"{opened['open']} uploads of which {_SENT} bytes came and no more",
        ("good updates", "updates/s", "p50 ms", "p99 ms", "CPU ms"),
    )
    for name, seen in {"before": before, "during": during, "after": after}.items():
        table.row(name, seen["rate"], seen["p50"], seen["p99"], seen["cpu"] * 1000)
        if seen["failed"]:
            options.note(f"{name} the idle uploads: {seen['failed']:.0f} good updates failed")
    table.show()
    each = grown / max(1, opened["open"]) * 1000
    print(
        f"The server grew by {grown:.1f} MB ({each:.2f} kB each); {cut} were cut, "
        f"{waited:.0f} s after the last; then {left:.1f} MB more than at first remain."
    )
    return {
        "count": opened["open"], "failed": opened["failed"], "grown_mb": grown, "kb_each": each,
        "cut": cut, "left_mb": left, "before": before, "during": during, "after": after,
    }  # fmt: skip


def _settled(pid: int) -> float:
    """Megabytes of a process once it has nothing more to do."""
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


def _said(crowd: subprocess.Popen[str]) -> dict[str, float]:
    assert crowd.stdout is not None
    said: dict[str, float] = json.loads(crowd.stdout.readline())
    return said


def _wait_for_cut(crowd: subprocess.Popen[str], count: int, longest: float) -> tuple[int, float]:
    """How many are cut in the end, and how many seconds that took."""
    assert crowd.stdin is not None
    begun, cut = time.monotonic(), 0
    while cut < count and time.monotonic() - begun < longest:
        time.sleep(1)
        crowd.stdin.write("cut\n")
        crowd.stdin.flush()
        cut = int(_said(crowd)["cut"])
    return cut, time.monotonic() - begun


def _large(folder: Path, options: Options) -> dict[str, Any]:
    photo = photos.small()
    folder.mkdir(parents=True)
    path = folder / "large.jpg"
    path.write_bytes(photo + bytes(_BIG - len(photo)))  # what follows the end marker is cut off
    count = _AT_ONCE // 10 if options.quick else _AT_ONCE
    with Fatrina(folder / "fatrina") as service:
        service.open_shop(photo, count)
        before: Figures = {"front": proc.peak(service.process.pid)}
        lines = [{"requests": [service.update(image, file=str(path))]} for image in service.images]
        begun = time.monotonic()
        seen = loaded(service, lines, seconds=0.0, once=True)
        took = time.monotonic() - begun
        peak = proc.peak(service.process.pid)
    said = ", ".join(f"{n} answered {status}" for status, n in seen["statuses"].items())
    print(
        f"\n{count} uploads of 20 MB at once: {said}, in {took:.0f} s "
        f"(p95 {percentile(seen['ms'], 95):.0f} ms); the front process peaked at {peak:.1f} MB "
        f"({before['front']:.1f} before), all together at {seen['pss']:.0f} MB."
    )
    return {
        "count": count, "statuses": seen["statuses"], "seconds": took,
        "peak_front": peak, "peak_front_before": before["front"], "memory": seen["pss"],
    }  # fmt: skip
