"""Other updates: by link, without a photo, with identical bytes, and rejected photos."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import hostile, photos, proc
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, figures, ratio, run_load, summarize
from benchmarks.servers import CONNECTIONS, HOST, Fatrina, free_port

_UPLOAD = "cam12 by file"
_LINK = "cam12 by link"
_METADATA = "metadata only"
_SAME = "identical bytes"


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    photo = collected["cam12"]
    with site(photo.paths[0].parent) as address:
        settings = {"download_allow": address}
        with Fatrina(folder / "fatrina", **settings) as service:
            service.create_images(photos.small())
            result = _accepted(service, photo, address, options)
            result["rejected"] = _rejected(service, photo, folder, options)
    return result


def _accepted(service: Fatrina, photo: Photo, address: str, options: Options) -> dict[str, Any]:
    links = [f"http://{address}/{path.name}" for path in photo.paths]
    plans: dict[str, list[dict[str, Any]]] = {
        _UPLOAD: [{"file": str(path)} for path in photo.paths],
        _LINK: [{"fields": {"photo": link}} for link in links],
        _METADATA: [{"fields": {"alt": f"text {n}"}} for n in range(2)],
        _SAME: [{"file": str(photo.paths[0])}],
    }
    turns = dict.fromkeys(plans, 0)

    def window(name: str) -> Callable[[], Figures]:
        def measure() -> Figures:
            connections = [
                {"requests": [service.update(image, **each) for each in plans[name]],
                 "turn": turns[name]}
                for image in service.images
            ]  # fmt: skip
            # Each image must already show these bytes before the window begins.
            if name == _SAME:
                run_load(service, connections, seconds=0.0, memory=False)
            result = run_load(
                service, connections, seconds=options.seconds, warm=0.5, enough=2 * CONNECTIONS
            )
            turns[name] = result["turn"] + 1
            return figures(service, result)

        return measure

    done = alternate("requests", {name: window(name) for name in plans}, options)
    table = Table(
        "Other updates, 8 connections",
        ("", "updates/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "vs by file", "front CPU ms"),
    )
    result: dict[str, Any] = {}
    for name, rounds in done.items():
        total, cost = summarize(rounds), ratio(rounds, done[_UPLOAD], "cpu")
        result[name] = {"median": total, "ratios": {"cpu_to_file": cost}}
        table.row(
            name, total["rate"], total["p50"], total["p95"], total["p99"], total["cpu"] * 1000,
            cost, total["cpu_front"] * 1000,
        )  # fmt: skip
        if total["failed"]:
            options.note(f"{name}: {total['failed']:.0f} requests of a round failed")
    table.show()
    return result


def _rejected(
    service: Fatrina, photo: Photo, folder: Path, options: Options
) -> dict[str, dict[str, float]]:
    cases = hostile.files(folder, photo)
    table = Table(
        "Rejected photos, one at a time",
        ("", "status", "ms", "CPU ms", "front", "decoder", "MB front grew", "MB decoder grew"),
    )
    result = {}
    connection = {"requests": [], "turn": 0}
    for name, paths in cases.items():
        requests = [service.update(service.images[0], file=str(path)) for path in paths]
        plan = partial(run_load, service, [{**connection, "requests": requests}], memory=False)
        plan(seconds=0.0, enough=4)  # warm
        pids = service.pids
        for pid in pids:
            proc.reset_peak(pid)
        before = {pid: proc.resident(pid) for pid in pids}
        window = plan(seconds=options.seconds / 2, enough=4)
        grown = {pid: max(0.0, proc.peak(pid) - before[pid]) for pid in pids}
        total = figures(service, window)
        front = service.process.pid
        statuses = " ".join(window["statuses"])
        result[name] = total | {"grown": max(grown.values()), "bytes": paths[0].stat().st_size}
        table.row(
            name, statuses, total["p50"], total["cpu"] * 1000, total["cpu_front"] * 1000,
            (total["cpu"] - total["cpu_front"]) * 1000, grown[front],
            max((grew for pid, grew in grown.items() if pid != front), default=0.0),
        )  # fmt: skip
    table.show()
    return result


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


def _serve(folder: str, port: int) -> None:
    handler = partial(_Quiet, directory=folder)
    ThreadingHTTPServer((HOST, port), handler).serve_forever()


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP from another process; yield its host and port."""
    port = free_port()
    process = get_context("spawn").Process(target=_serve, args=(str(folder), port), daemon=True)
    process.start()
    try:
        yield f"{HOST}:{port}"
    finally:
        process.terminate()
        process.join()
