"""A crash, or a fault of the disk, at every single step of every action."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash import tracer
from tests.crash.tracer import Tell
from tests.crash.world import ACTIONS

MEMORY = Path("/dev/shm")
ROOT = Path(__file__).parents[2]
RECOVERING = [name for name in ACTIONS if name != "first"]


def _can_trace() -> bool:
    quiet = 'import sys; sys.path.insert(0, "."); from tests.crash import tracer; tracer.run'
    return platform.machine() == "x86_64" and not subprocess.call(
        [sys.executable, "-c", f"{quiet}(lambda: lambda tell: None, 0)"], cwd=ROOT
    )


pytestmark = pytest.mark.skipif(not _can_trace(), reason="system calls cannot be traced here")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of flushes would take minutes on a disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        yield Path(name)


def _steps(folder: Path, action: str, way: str) -> int:
    run = subprocess.run(
        [sys.executable, "-m", "tests.crash.crash_points", str(folder), action, way],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.returncode, run.stderr
    return int(run.stdout)


@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_any_step_an_action_is_done_or_not_and_one_sweep_cleans(
    folder: Path, action: str
) -> None:
    least = {"update": 50, "attach": 50, "first": 50, "create": 90}
    least |= {"same": 15, "delete": 15, "sweep": 15, "reset": 15, "restore": 90}
    assert _steps(folder, action, "killed") >= least[action]


@pytest.mark.parametrize("action", RECOVERING)
def test_a_full_disk_at_any_step_changes_nothing_and_the_next_try_works(
    folder: Path, action: str
) -> None:
    assert _steps(folder, action, "full") >= 15


@pytest.mark.parametrize("action", RECOVERING)
def test_a_broken_disk_at_any_step_changes_nothing_and_the_next_try_works(
    folder: Path, action: str
) -> None:
    assert _steps(folder, action, "broken") >= 15


@pytest.mark.parametrize("way", ["vanished", "swept"])
def test_a_commit_that_failed_never_comes_back_without_its_bytes(folder: Path, way: str) -> None:
    assert _steps(folder, "update", way) >= 40


def test_the_tracer_sees_every_change_and_stops_at_the_one_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def body(tell: Tell) -> None:
        file.write_bytes(b"bytes")
        tell("written")
        file.unlink()

    def prepare() -> Callable[[Tell], None]:
        return body

    killed = [tracer.run(prepare, at) for at in range(1, 5)]
    assert [each.stopped for each in killed] == ["open", "write", "unlink", ""]
    assert [each.told for each in killed] == [[], [], ["written"], ["written"]]
