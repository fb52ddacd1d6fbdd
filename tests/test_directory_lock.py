"""One process owns a data directory; others can find out which, even if files are damaged."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fatrina import cli
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.data_directory import lock_data_directory, open_shared
from fatrina.directory_lock import Owner, lock_directory
from fatrina.doctor import directory_checks
from fatrina.doctor.report import Report
from tests.configured import settings_for

HOLDER_PROGRAM = """
import sys
from pathlib import Path
from fatrina.directory_lock import lock_directory
with lock_directory(Path(sys.argv[2])) as (mine, owner):
    print(mine, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def hold_lock(path: Path, command: str = "serve") -> Iterator["subprocess.Popen[str]"]:
    """Hold the lock in another process."""
    program = [sys.executable, "-c", HOLDER_PROGRAM, command, str(path)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.mark.parametrize("damage", ["none", "deleted", "emptied", "nonsense"])
def test_damaging_the_lock_file_gives_no_second_owner(tmp_path: Path, damage: str) -> None:
    with hold_lock(tmp_path) as process:
        match damage:
            case "deleted":
                (tmp_path / "lock").unlink()
            case "emptied":
                (tmp_path / "lock").write_text("")
            case "nonsense":
                (tmp_path / "lock").write_text(json.dumps([1]))
        with lock_directory(tmp_path) as (is_owner, owner):
            assert not is_owner
        if damage == "none":
            assert (owner.pid, owner.command) == (process.pid, "fatrina serve")
            assert owner.is_server
            assert str(owner) == f"fatrina serve (process {process.pid})"
        else:
            assert owner == Owner()
            assert owner.since == 0
        with lock_data_directory(settings_for(tmp_path)) as folder:
            assert not folder.is_owner
    with lock_directory(tmp_path) as (is_owner, owner):
        assert is_owner
        assert owner.pid == os.getpid()


def test_locking_waits_for_a_command_but_not_for_a_server(tmp_path: Path) -> None:
    with hold_lock(tmp_path, "restore") as process:
        started = time.monotonic()
        with lock_directory(tmp_path, 0.3) as (is_owner, owner):
            assert not is_owner
        assert time.monotonic() - started > 0.29
        assert owner.command == "fatrina restore"
        process.communicate("\n")
        with lock_directory(tmp_path, 30) as (is_owner, _):
            assert is_owner
    with hold_lock(tmp_path):
        started = time.monotonic()
        with lock_directory(tmp_path, 30) as (is_owner, _):
            assert not is_owner
        assert time.monotonic() - started < 20


def test_a_replacing_directory_is_the_one_that_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()

    def replace_directory(_: float) -> None:
        if not (tmp_path / "moved").exists():
            data.rename(tmp_path / "moved")
            data.mkdir()

    with hold_lock(data, "restore"):
        monkeypatch.setattr("fatrina.directory_lock.time.sleep", replace_directory)
        with lock_directory(data, 30) as (is_owner, _):
            assert is_owner
            with lock_directory(data) as (second, _):
                assert not second


def test_a_directory_replaced_between_opening_and_locking_is_not_owned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lock = fcntl.flock

    def replace_before_lock(descriptor: int, how: int) -> None:
        if not (tmp_path / "moved").exists():
            data.rename(tmp_path / "moved")
            data.mkdir()
        lock(descriptor, how)

    monkeypatch.setattr("fatrina.directory_lock.fcntl.flock", replace_before_lock)
    with lock_directory(data) as (is_owner, _):
        assert not is_owner
    assert not (data / "lock").exists()
    with lock_directory(data) as (is_owner, _):
        assert is_owner


def test_a_server_can_start_during_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_data_directory(settings_for(tmp_path), create=True) as folder:
        folder.open_database().close()
    is_server_owner = []

    def check_meanwhile(*_: object, **__: object) -> None:
        with lock_data_directory(settings_for(tmp_path)) as server:
            is_server_owner.append(server.is_owner)

    monkeypatch.setattr("fatrina.doctor.database_checks.check_database", check_meanwhile)
    directory_checks.check_directory(Report(), settings_for(tmp_path))
    assert is_server_owner == [True]


def test_a_server_can_start_during_a_dry_run_of_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_data_directory(settings_for(tmp_path), create=True) as folder:
        folder.open_database().close()
    is_server_owner = []

    def sweep_meanwhile(*_: object) -> SweepResult:
        with lock_data_directory(settings_for(tmp_path)) as server:
            is_server_owner.append(server.is_owner)
        return SweepResult(0, 0)

    monkeypatch.setattr(Sweeper, "sweep", sweep_meanwhile)
    cli.sweep(dry_run=True, data=tmp_path)
    assert is_server_owner == [True]


def test_a_server_can_start_during_a_dump(tmp_path: Path) -> None:
    with lock_data_directory(settings_for(tmp_path), create=True) as folder:
        folder.open_database().close()
    shared = open_shared(settings_for(tmp_path))
    with shared.open_database(), lock_data_directory(settings_for(tmp_path)) as folder:
        assert folder.is_owner
    assert not shared.is_owner
