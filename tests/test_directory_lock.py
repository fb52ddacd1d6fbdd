"""One process owns a data directory; others learn which one, whatever happens to its files."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fatrina import cli
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.data_directory import lock_data_directory, open_shared
from fatrina.directory_lock import Owner, lock_directory
from fatrina.doctor import directory_checks as doctor_folder
from fatrina.doctor.report import Report
from fatrina.settings import Settings

HOLD = """
import sys
from pathlib import Path
from fatrina.directory_lock import lock_directory
with lock_directory(Path(sys.argv[2])) as (mine, owner):
    print(mine, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(path: Path, command: str = "serve") -> Iterator["subprocess.Popen[str]"]:
    """Hold the lock in another process."""
    program = [sys.executable, "-c", HOLD, command, str(path)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.mark.parametrize("damage", ["none", "deleted", "emptied", "nonsense"])
def test_no_file_can_be_taken_away_to_get_a_second_owner(tmp_path: Path, damage: str) -> None:
    with holder(tmp_path) as process:
        match damage:
            case "deleted":
                (tmp_path / "lock").unlink()
            case "emptied":
                (tmp_path / "lock").write_text("")
            case "nonsense":
                (tmp_path / "lock").write_text(json.dumps([1]))
        with lock_directory(tmp_path) as (mine, owner):
            assert not mine
        if damage == "none":
            assert (owner.pid, owner.command) == (process.pid, "fatrina serve")
            assert owner.is_server
            assert str(owner) == f"fatrina serve (process {process.pid})"
        else:
            assert owner == Owner()
            assert owner.since == 0
        with lock_data_directory(tmp_path) as folder:
            assert not folder.is_owner
    with lock_directory(tmp_path) as (mine, owner):
        assert mine
        assert owner.pid == os.getpid()


def test_a_start_waits_for_a_command_but_not_for_a_server(tmp_path: Path) -> None:
    with holder(tmp_path, "restore") as process:
        begun = time.monotonic()
        with lock_directory(tmp_path, 0.3) as (mine, owner):
            assert not mine
        assert time.monotonic() - begun > 0.29
        assert owner.command == "fatrina restore"
        process.communicate("\n")
        with lock_directory(tmp_path, 30) as (mine, _):
            assert mine
    with holder(tmp_path):
        begun = time.monotonic()
        with lock_directory(tmp_path, 30) as (mine, _):
            assert not mine
        assert time.monotonic() - begun < 20


def test_a_directory_that_takes_the_place_of_another_is_the_one_that_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()

    def replaced(_: float) -> None:
        if not (tmp_path / "moved").exists():
            data.rename(tmp_path / "moved")
            data.mkdir()

    with holder(data, "restore"):
        monkeypatch.setattr("fatrina.directory_lock.time.sleep", replaced)
        with lock_directory(data, 30) as (mine, _):
            assert mine
            with lock_directory(data) as (second, _):
                assert not second


def test_a_directory_that_is_replaced_between_opening_and_locking_is_not_owned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lock = fcntl.flock

    def late(descriptor: int, how: int) -> None:
        if not (tmp_path / "moved").exists():
            data.rename(tmp_path / "moved")
            data.mkdir()
        lock(descriptor, how)

    monkeypatch.setattr("fatrina.directory_lock.fcntl.flock", late)
    with lock_directory(data) as (mine, _):
        assert not mine
    assert not (data / "lock").exists()
    with lock_directory(data) as (mine, _):
        assert mine


def test_a_server_starts_while_the_doctor_examines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_data_directory(tmp_path, create=True) as folder:
        folder.database().close()
    owned = []

    def examined(*_: object, **__: object) -> None:
        with lock_data_directory(tmp_path) as server:
            owned.append(server.is_owner)

    monkeypatch.setattr("fatrina.doctor.database_checks.check_database", examined)
    chosen: dict[str, Any] = {"data": tmp_path}
    doctor_folder.check_directory(Report(), Settings(**chosen))
    assert owned == [True]


def test_a_server_starts_during_a_dry_run_of_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_data_directory(tmp_path, create=True) as folder:
        folder.database().close()
    owned = []

    def swept(*_: object) -> SweepResult:
        with lock_data_directory(tmp_path) as server:
            owned.append(server.is_owner)
        return SweepResult(0, 0)

    monkeypatch.setattr(Sweeper, "sweep", swept)
    cli.sweep(dry_run=True, data=tmp_path)
    assert owned == [True]


def test_a_dump_does_not_keep_a_server_from_starting(tmp_path: Path) -> None:
    with lock_data_directory(tmp_path, create=True) as folder:
        folder.database().close()
    reading = open_shared(tmp_path)
    with reading.database(), lock_data_directory(tmp_path) as folder:
        assert folder.is_owner
    assert not reading.is_owner
