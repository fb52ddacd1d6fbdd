"""A crash or a disk error at every disk change of every action."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash import tracer
from tests.crash.tracer import Report
from tests.crash.world import ACTIONS

MEMORY = Path("/dev/shm")
ROOT = Path(__file__).parents[2]
_COVERED = {"first", "update", "undo", "undelete", "order"}
"""Actions that make the same disk changes as others; `keyed` is an update."""
RECOVERING = [name for name in ACTIONS if name not in _COVERED]


def _can_trace() -> bool:
    code = 'import sys; sys.path.insert(0, "."); from tests.crash import tracer; tracer.run'
    return platform.machine() == "x86_64" and not subprocess.call(
        [sys.executable, "-c", f"{code}(lambda: lambda report: None, 0)"], cwd=ROOT
    )


pytestmark = pytest.mark.skipif(
    not _can_trace(), reason="system calls cannot be traced on this machine"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory if possible: thousands of fsync calls would take minutes on a disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        yield Path(name)


def _count_changes(folder: Path, action: str, mode: str) -> int:
    run = subprocess.run(
        [sys.executable, "-m", "tests.crash.crash_points", str(folder), action, mode],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.returncode, run.stderr
    return int(run.stdout)


@pytest.mark.parametrize("action", ACTIONS)
def test_action_killed_at_any_disk_change_is_complete_or_absent(folder: Path, action: str) -> None:
    minimum = {"update": 50, "keyed": 50, "attach": 50, "first": 50, "create": 90}
    minimum |= {"same": 15, "delete": 15, "undo": 15, "undelete": 15, "order": 15}
    minimum |= {"sweep": 15, "reset": 15, "restore": 90}
    assert _count_changes(folder, action, "killed") >= minimum[action]


@pytest.mark.parametrize("action", RECOVERING)
def test_full_disk_at_any_change_leaves_the_old_state_and_a_retry_works(
    folder: Path, action: str
) -> None:
    assert _count_changes(folder, action, "full") >= 15


@pytest.mark.parametrize("action", RECOVERING)
def test_disk_error_at_any_change_leaves_the_old_state_and_a_retry_works(
    folder: Path, action: str
) -> None:
    assert _count_changes(folder, action, "broken") >= 15


@pytest.mark.parametrize("mode", ["vanished", "swept"])
def test_failed_commit_is_not_replayed_without_its_files(folder: Path, mode: str) -> None:
    assert _count_changes(folder, "update", mode) >= 40


def test_tracer_counts_disk_changes_and_stops_at_the_given_one(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def body(report: Report) -> None:
        file.write_bytes(b"bytes")
        report("written")
        file.unlink()

    def prepare() -> Callable[[Report], None]:
        return body

    killed = [tracer.run(prepare, at) for at in range(1, 5)]
    assert [each.stopped for each in killed] == ["open", "write", "unlink", ""]
    assert [each.reports for each in killed] == [[], [], ["written"], ["written"]]
