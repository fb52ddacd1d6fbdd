"""GET of a thumbnail and of a 1000 px rendition: Fatrina itself, and nginx over the same folder."""

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
from benchmarks.rounds import Figures, Options, alternate, loaded, ratio, summed_up
from benchmarks.servers import CONNECTIONS, HOST, Fatrina, MissingError, Nginx, Server

_SIZES = {"thumbnail": "thumbnail", "1000 px": "standard_resolution"}


def run(folder: Path, gathered: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    if not shutil.which("wrk"):
        options.note("wrk is not on this machine: a Python client takes its place, which is slower")
    with ExitStack() as running:
        service = running.enter_context(Fatrina(folder / "fatrina"))
        service.open_shop(gathered["cam12"].data, 1)
        servers: dict[str, Server] = {service.name: service}
        try:
            nginx = Nginx(folder / "nginx", service.data / "media")
            servers[nginx.name] = running.enter_context(nginx)
        except MissingError as fault:
            options.note(f"nginx is left out: {fault}")
        table = Table(
            f"Delivery, {CONNECTIONS} connections",
            ("", "of", "bytes", "requests/s", "to nginx", "CPU us", "per core/s", "to nginx"),
        )
        for name, path in _paths(service).items():
            bodies = {who: server.ask("GET", path) for who, server in servers.items()}
            if any(status != 200 for status, _ in bodies.values()):  # noqa: PLR2004
                raise RuntimeError({who: status for who, (status, _) in bodies.items()})
            results[name] = _measured(name, path, servers, options)
            for who, each in results[name].items():
                total, ratios = each["median"], each["ratios"]
                size = len(bodies[who][1])
                table.row(
                    who, name, float(size), total["rate"], ratios.get("rate"), total["cpu"] * 1e6,
                    1 / total["cpu"], ratios.get("per_core"),
                )  # fmt: skip
        table.show()
    return results


def _paths(service: Fatrina) -> dict[str, str]:
    pictures = service.shown["image"]
    return {name: urlsplit(pictures[role]["url"]).path for name, role in _SIZES.items()}


def _measured(name: str, path: str, servers: dict[str, Server], options: Options) -> dict[str, Any]:
    measure = _by_wrk if shutil.which("wrk") else _by_python

    def window(server: Server) -> Callable[[], Figures]:
        return lambda: measure(server, path, options.seconds)

    runs = {who: window(server) for who, server in servers.items()}
    done = alternate(f"delivery {name}", runs, options)
    nginx = done.get(Nginx.name)
    return {
        who: {
            "median": summed_up(rounds),
            "ratios": {
                "rate": ratio(rounds, nginx, "rate"),
                "per_core": ratio(nginx, rounds, "cpu"),
            }
            if nginx
            else {},
        }
        for who, rounds in done.items()
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
    said = json.loads(done.stdout.partition("JSON ")[2].splitlines()[0])
    count = max(1, said["count"])
    return {
        "rate": said["count"] / said["us"] * 1e6,
        "cpu": spent / count,
        "p99": said["p99"],
        "failed": said["bad"],
    }


def _by_python(server: Server, path: str, seconds: float) -> Figures:
    lines = [{"requests": [{"method": "GET", "path": path}]} for _ in range(CONNECTIONS)]
    seen = loaded(server, lines, seconds=seconds, warm=0.3, memory=False)
    count = max(1, len(seen["ms"]))
    return {
        "rate": len(seen["ms"]) / seen["seconds"],
        "cpu": sum(seen["cpu"].values()) / count,
        "failed": float(len(seen["ms"]) - seen["statuses"].get("200", 0)),
    }
