"""Every database: one writer at a time, readers never in the way, all or nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from fatrina.adapters.database import Database, tokens
from fatrina.adapters.database import engine as engines
from fatrina.adapters.database.schema import merchants
from fatrina.domain import errors


def count(database: Database) -> int:
    with database.reading() as conn:
        return len(conn.execute(select(merchants.c.id)).all())


@pytest.mark.parametrize("fault", [ValueError, errors.NotFound, KeyboardInterrupt])
def test_what_fails_is_undone(database: Database, fault: type[BaseException]) -> None:
    def add_and_fail() -> None:
        with database.writing() as tx:
            tokens.add_merchant(tx, "shop9", 1)
            raise fault

    with pytest.raises(fault):
        add_and_fail()
    assert count(database) == 1
    with database.writing() as tx:
        tokens.add_merchant(tx, "shop9", 1)
    assert count(database) == 2


def test_a_fault_of_ours_is_no_outage(database: Database) -> None:
    with pytest.raises(ProgrammingError), database.writing() as tx:
        tx.execute(text("SELECT :one"), {"one": object()})


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(errors.DatabaseUnavailable), database.reading() as conn:
        tokens.add_merchant(conn, "shop9", 1)


def test_a_reader_sees_one_moment_and_blocks_nobody(database: Database) -> None:
    with database.reading() as conn:
        before = conn.execute(select(merchants.c.id)).all()
        with database.writing() as tx:
            tokens.add_merchant(tx, "shop9", 1)
        assert conn.execute(select(merchants.c.id)).all() == before
    assert count(database) == 2


def test_a_writer_blocks_no_reader(database: Database) -> None:
    with database.writing() as tx:
        tokens.add_merchant(tx, "shop9", 1)
        begun = time.monotonic()
        assert count(database) == 1
        assert time.monotonic() - begun < 1


def test_writers_wait_for_each_other(database: Database) -> None:
    barrier = threading.Barrier(16)

    def add(number: int) -> None:
        barrier.wait()
        for more in range(5):
            with database.writing() as tx:
                seen = len(tx.execute(select(merchants.c.id)).all())
                tokens.add_merchant(tx, f"{number:02}{more}{seen}", 1)

    with ThreadPoolExecutor(16) as pool:
        assert [*pool.map(add, range(16))] == [None] * 16
    assert count(database) == 81


OTHER_PROCESS = """
import sys
from pathlib import Path
from fatrina.adapters.database import Database, tokens
with Database(Path(sys.argv[1]), owner=False) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        with database.writing() as tx:
            tokens.add_merchant(tx, f"x{number}", 1)
"""


def test_a_writer_in_another_process_waits_too(database: Database, tmp_path: Path) -> None:
    path = str(tmp_path / "fatrina.sqlite3")
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        for number in range(40):
            with database.writing() as tx:
                tokens.add_merchant(tx, f"y{number}", 1)
        assert other.wait(20) == 0
    assert count(database) == 81


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep the write lock from somewhere else."""
    with Database(path, owner=False) as other, other.writing():
        yield


def test_who_waits_too_long_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_TIMEOUT_SECONDS", 0.05)
    path = tmp_path / "fatrina.sqlite3"
    with Database(path) as database:
        database.migrate()
        with held(path), pytest.raises(errors.DatabaseUnavailable):
            database.check_writable()
        with database.writing(), pytest.raises(errors.DatabaseUnavailable):
            database.check_writable()
        database.check_writable()
