"""Delivery of a thumbnail and of a 1000 px rendition: Fatrina, and nginx on the same directory."""

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import proc
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, ratio, run_load, summarize
from benchmarks.servers import CONNECTIONS, HOST, Fatrina, MissingError, Nginx, Server

_SIZES = {"thumbnail": "thumbnail", "1000 px": "standard_resolution"}


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    if not shutil.which("wrk"):
        options.note("wrk is not installed: a slower Python client is used instead")
    with ExitStack() as running:
        servers, paths = _start(folder, collected["cam12"].data, running, options)
        table = Table(
            f"Delivery, {CONNECTIONS} connections",
            ("", "of", "bytes", "requests/s", "to nginx", "CPU us", "per core/s", "to nginx"),
        )
        for name in _SIZES:
            targets = {subject: paths[subject][name] for subject in servers}
            bodies = {
                subject: server.request("GET", targets[subject])
                for subject, server in servers.items()
            }
            if any(status != 200 for status, _ in bodies.values()):  # noqa: PLR2004
                raise RuntimeError({subject: status for subject, (status, _) in bodies.items()})
            results[name] = _measured(name, targets, servers, options)
            for subject, each in results[name].items():
                total, ratios = each["median"], each["ratios"]
                size = len(bodies[subject][1])
                table.row(
                    subject, name, float(size), total["rate"], ratios.get("rate"),
                    total["cpu"] * 1e6, 1 / total["cpu"], ratios.get("per_core"),
                )  # fmt: skip
        table.show()
    return results


def _start(
    folder: Path, photo: bytes, running: ExitStack, options: Options
) -> tuple[dict[str, Server], dict[str, dict[str, str]]]:
    """Return the servers, and the path of each size on each of them."""
    servers: dict[str, Server] = {}
    paths = {}
    services = {
        "Fatrina": Fatrina(folder / "fatrina"),
        "logging images": Fatrina(folder / "logging", log_images="true"),
    }
    for subject, service in services.items():
        servers[subject] = running.enter_context(service)
        service.create_images(photo, 1)
        renditions = service.last_image["image"]
        paths[subject] = {
            name: urlsplit(renditions[role]["url"]).path for name, role in _SIZES.items()
        }
    try:
        nginx = Nginx(folder / "nginx", services["Fatrina"].data / "media")
        servers[nginx.name] = running.enter_context(nginx)
        paths[nginx.name] = paths["Fatrina"]
    except MissingError as exc:
        options.note(f"nginx is left out: {exc}")
    return servers, paths


def _measured(
    name: str, paths: dict[str, str], servers: dict[str, Server], options: Options
) -> dict[str, Any]:
    measure = _by_wrk if shutil.which("wrk") else _by_python

    def window(server: Server, path: str) -> Callable[[], Figures]:
        return lambda: measure(server, path, options.seconds)

    runs = {subject: window(server, paths[subject]) for subject, server in servers.items()}
    done = alternate(f"delivery {name}", runs, options)
    nginx = done.get(Nginx.name)
    return {
        subject: {
            "median": summarize(rounds),
            "ratios": {
                "rate": ratio(rounds, nginx, "rate"),
                "per_core": ratio(nginx, rounds, "cpu"),
            }
            if nginx
            else {},
        }
        for subject, rounds in done.items()
    }


_REPORT = """
done = function(summary, latency, requests)
  io.write(string.format("JSON {\\"count\\": %d, \\"us\\": %d, \\"bad\\": %d, \\"p99\\": %f}\\n",
    summary.requests, summary.duration, summary.errors.status + summary.errors.read,
    latency:percentile(99) / 1000))
end
"""


def _by_wrk(server: Server, path: str, seconds: float) -> Figures:
    script = server.folder / "report.lua"
    script.write_text(_REPORT)
    url = f"http://{HOST}:{server.port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    pids = server.pids
    before = sum(map(proc.cpu, pids))
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    spent = sum(map(proc.cpu, pids)) - before
    summary = json.loads(done.stdout.partition("JSON ")[2].splitlines()[0])
    count = max(1, summary["count"])
    return {
        "rate": summary["count"] / summary["us"] * 1e6,
        "cpu": spent / count,
        "p99": summary["p99"],
        "failed": summary["bad"],
    }


def _by_python(server: Server, path: str, seconds: float) -> Figures:
    connections = [{"requests": [{"method": "GET", "path": path}]} for _ in range(CONNECTIONS)]
    result = run_load(server, connections, seconds=seconds, warm=0.3, memory=False)
    count = max(1, len(result["ms"]))
    return {
        "rate": len(result["ms"]) / result["seconds"],
        "cpu": sum(result["cpu"].values()) / count,
        "failed": float(len(result["ms"]) - result["statuses"].get("200", 0)),
    }
