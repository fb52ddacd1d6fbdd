"""CPU time and memory of processes, from the kernel."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

MB = 1_000_000


def tree(root: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [root]
    for pid in found:
        for task in _lines(f"/proc/{pid}/task"):
            found += map(int, _text(f"/proc/{pid}/task/{task}/children").split())
    return found


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process and all its threads; 0 when it has ended."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3)
    except OSError:
        return 0.0


def pss(pids: Iterable[int]) -> float:
    """Return the megabytes of several processes; shared memory is counted once."""
    total = 0
    for pid in pids:
        rollup = _field(f"/proc/{pid}/smaps_rollup", "Pss:")
        total += rollup or _field(f"/proc/{pid}/status", "VmRSS:")
    return total * 1024 / MB


def peak(pid: int) -> float:
    """Return the peak of a process's resident megabytes."""
    return _field(f"/proc/{pid}/status", "VmHWM:") * 1024 / MB


def resident(pid: int) -> float:
    """Return the resident megabytes of a process."""
    return _field(f"/proc/{pid}/status", "VmRSS:") * 1024 / MB


def reset_peak(pid: int) -> None:
    """Reset a process's peak, where the kernel permits it."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return


def name(pid: int) -> str:
    """Return a short name for a process."""
    words = _text(f"/proc/{pid}/cmdline").split("\0")
    if "fatrina.adapters.decoder.worker" in words or any("unsafe_child" in word for word in words):
        return "decoder"
    return Path(words[0]).name if words[0] else "?"


def _field(path: str, label: str) -> int:
    for line in _text(path).splitlines():
        if line.startswith(label):
            return int(line.split()[1])
    return 0


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _lines(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208  names alone
    except OSError:
        return []
