"""Reports: tables for the terminal, JSON for programs, a description of the machine."""

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyvips

from benchmarks.servers import HERE, ROOT

Cell = str | float | None


@dataclass(slots=True)
class Table:
    """Rows of one subject, printed with aligned columns."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)

    def row(self, *cells: Cell) -> None:
        self.rows.append(cells)

    def text(self) -> str:
        lines = [self.head, *(tuple(map(_format, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join(["", self.title, rows[0], rule, *rows[1:]])

    def show(self) -> None:
        print(self.text(), flush=True)


def _format(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    size = abs(cell)
    return f"{cell:.0f}" if size >= 1000 else f"{cell:.1f}" if size >= 10 else f"{cell:.2f}"  # noqa: PLR2004


def machine() -> dict[str, Any]:
    """Return the machine and the versions of everything that is measured."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo")), 0)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu,
        "memory_gb": round(memory / 1e6, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {
        "Python": platform.python_version(),
        "libvips": ".".join(str(pyvips.version(part)) for part in range(3)),
        **{name: version(name) for name in ("fatrina", "pyvips", "uvicorn", "starlette")},
    }
    for line in _lines(str(HERE / "requirements.txt")):
        name, pinned, rest = line.partition("==")
        if pinned and name in {"fastapi", "pillow", "python-multipart"}:
            found[name] = rest.split()[0]
    peer = json.loads((HERE / "peers/fastify_sharp/package.json").read_text())
    found |= peer["dependencies"]
    for name, flag in (("node", "--version"), ("nginx", "-v")):
        if program := shutil.which(name):
            done = subprocess.run([program, flag], capture_output=True, text=True, check=False)
            found[name] = (done.stdout or done.stderr).strip().rpartition("/")[2].lstrip("v")
    return found


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def commit() -> str:
    """Return the measured commit, marked when files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def write(path: Path, results: dict[str, Any]) -> None:
    """Write the results as JSON with figures rounded to four digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(results), indent=1, ensure_ascii=False) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {str(key): _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
