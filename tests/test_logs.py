"""The log: every line is written, and a blocked log never blocks the service."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, time, structlog
from fatrina import logs
logs.configure("info")
log = structlog.get_logger("fatrina")
for number in range(int(sys.argv[1])):
    log.info("line", number=number, text="x" * 100)
print(logs.dropped(), flush=True)
sys.stdin.read()
before = None
while len(sys.argv) > 2 and before != logs.dropped():  # until there is room in the queue
    time.sleep(0.01)
    before = logs.dropped()
    log.info("last")
print(logs.dropped(), flush=True)
"""


def start_process(lines: int, stderr: int, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(lines), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def test_every_line_is_written_before_exit() -> None:
    with start_process(3000, subprocess.PIPE) as process:
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    events = [json.loads(line) for line in logged.splitlines()]
    assert [event["number"] for event in events] == list(range(3000))


def test_unread_pipe_does_not_block_and_dropped_lines_are_counted() -> None:
    with start_process(20_000, subprocess.PIPE, "last") as process:
        assert process.stdout is not None
        dropped = int(process.stdout.readline())  # every line was logged, although none was read
        out, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    events = [json.loads(line) for line in logged.splitlines()]
    counted = sum(event["count"] for event in events if event["event"] == "log_lines_dropped")
    written = [event["number"] for event in events if event["event"] == "line"]
    assert counted == int(out) >= dropped > 10_000
    assert len(written) + dropped == 20_000
    assert written == sorted(written)
    assert events[-1]["event"] == "last"


@pytest.mark.parametrize("lines", [10, 6000])
def test_unread_pipe_delays_the_exit_only_briefly(lines: int) -> None:
    with start_process(lines, subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_full_disk_does_not_block() -> None:
    with Path("/dev/full").open("wb") as full, start_process(5000, full.fileno()) as process:
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_truncated_line_does_not_affect_the_next_line(tmp_path: Path) -> None:
    """A file size limit simulates a disk that becomes full in the middle of a line."""
    script = """
import resource, signal, sys, time, structlog
from fatrina import logs
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
logs.configure("info")
resource.setrlimit(resource.RLIMIT_FSIZE, (250, resource.RLIM_INFINITY))
log = structlog.get_logger("fatrina")
log.info("line", text="x" * 400)
while not logs.dropped():
    time.sleep(0.01)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.info("last")
"""
    with (tmp_path / "log").open("wb") as file:
        subprocess.run([sys.executable, "-c", script], stderr=file, check=True, timeout=30)
    truncated, report, last = (tmp_path / "log").read_bytes().splitlines()
    assert truncated.startswith(b"{")
    assert len(truncated) == 250
    assert json.loads(report)["count"] == 1
    assert json.loads(last)["event"] == "last"
