"""Measurement windows in turn; medians, and ratios within one round."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks import proc
from benchmarks.servers import CONNECTIONS, HOST, ROOT, Server

Figures = dict[str, float]


@dataclass(slots=True)
class Options:
    """Duration and number of windows."""

    quick: bool = False
    rounds: int = 7
    seconds: float = 4.0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Print a note and add it to the results."""
        if text not in self.notes:
            self.notes.append(text)
            say(f"! {text}")


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


def run_load(server: Server, connections: list[dict[str, Any]], **plan: Any) -> dict[str, Any]:
    """Run `load.py` against a server and observe the server's processes."""
    address = {"host": HOST, "port": server.port, "pids": server.pids}
    plan = {**address, "connections": connections, **plan}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    if server.process.poll() is not None:
        tail = server.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{server.name} ended ({server.process.returncode}): {tail}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def update_window(
    server: Server, files: list[str], turn: int, seconds: float, *, enough: int = 2 * CONNECTIONS
) -> tuple[Figures, int]:
    """Run updates over several connections; return the figures and the next turn."""
    connections = [
        {"requests": server.updates(files, number), "turn": turn + number * 3}
        for number in range(CONNECTIONS)
    ]
    for pid in server.pids:
        proc.reset_peak(pid)
    result = run_load(
        server, connections, seconds=seconds, warm=min(1.0, seconds / 2), enough=enough
    )
    return figures(server, result), result["turn"] + 1


def figures(server: Server, result: dict[str, Any]) -> Figures:
    """Return the figures of a window, per response."""
    took = result["ms"] or [float("nan")]
    count = max(1, len(result["ms"]))
    costs = {int(pid): spent for pid, spent in result["cpu"].items()}
    front = server.process.pid
    good = sum(n for status, n in result["statuses"].items() if status.startswith("2"))
    return {
        "rate": good / result["seconds"],
        "failed": float(len(result["ms"]) - good),
        "p50": median(took),
        "p95": percentile(took, 95),
        "p99": percentile(took, 99),
        "cpu": sum(costs.values()) / count,
        "cpu_front": costs.get(front, 0.0) / count,
        "cpu_client": result["client_cpu"] / count,
        "memory": result["pss"],
        "peak_front": proc.peak(front),
        "peak_others": max((proc.peak(pid) for pid in costs if pid != front), default=0.0),
    }


def percentile(values: list[float], hundredth: int) -> float:
    """Return a percentile by linear interpolation."""
    if len(values) < 2:  # noqa: PLR2004
        return values[0] if values else float("nan")
    return quantiles(values, n=100, method="inclusive")[hundredth - 1]


def alternate(
    title: str, runs: Mapping[str, Callable[[], Figures]], options: Options
) -> dict[str, list[Figures]]:
    """Run each subject once per round, in an order that is reversed every round."""
    done: dict[str, list[Figures]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(options.rounds):
        begun = time.monotonic()
        for name in names if number % 2 == 0 else reversed(names):
            done[name].append(runs[name]())
        line = "  ".join(f"{name} {_headline(done[name][-1])}" for name in names)
        say(f"  {title} {number + 1}/{options.rounds} ({time.monotonic() - begun:.0f} s): {line}")
    return done


def _headline(figures: Figures) -> str:
    if "rate" in figures:
        return f"{figures['rate']:.1f}/s"
    return f"{next(iter(figures.values())):.2f}"


def summarize(rounds: list[Figures]) -> Figures:
    """Return each figure's median, and the maximum of memory and errors."""
    maxima = ("memory", "peak_front", "peak_others", "peak", "failed")
    return {
        name: (max if name in maxima else median)(each[name] for each in rounds)
        for name in rounds[0]
    }


def ratio(above: list[Figures], below: list[Figures], name: str) -> float:
    """Return the median of the rounds' ratios; both subjects ran within the same seconds."""
    return median(
        a[name] / b[name] if b[name] else float("nan") for a, b in zip(above, below, strict=True)
    )
