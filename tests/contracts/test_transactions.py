"""Every database: one writer at a time, readers that do not block, atomic transactions."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from fatrina.adapters.database import Database, tokens
from fatrina.adapters.database.schema import merchants
from fatrina.domain import errors
from fatrina.domain.types import Millis


def count(database: Database) -> int:
    with database.reading() as conn:
        return len(conn.execute(select(merchants.c.id)).all())


@pytest.mark.parametrize("exception", [ValueError, errors.NotFound, KeyboardInterrupt])
def test_a_failed_transaction_is_rolled_back(
    database: Database, exception: type[BaseException]
) -> None:
    def add_and_fail() -> None:
        with database.writing() as tx:
            tokens.add_merchant(tx, "shop9", Millis(1))
            raise exception

    with pytest.raises(exception):
        add_and_fail()
    assert count(database) == 1
    with database.writing() as tx:
        tokens.add_merchant(tx, "shop9", Millis(1))
    assert count(database) == 2


def test_a_programming_error_is_not_reported_as_an_outage(database: Database) -> None:
    with pytest.raises(ProgrammingError), database.writing() as tx:
        tx.execute(text("SELECT :one"), {"one": object()})


def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(errors.DatabaseUnavailable), database.reading() as conn:
        tokens.add_merchant(conn, "shop9", Millis(1))


def test_a_read_transaction_sees_a_snapshot_and_does_not_block_writers(database: Database) -> None:
    with database.reading() as conn:
        before = conn.execute(select(merchants.c.id)).all()
        with database.writing() as tx:
            tokens.add_merchant(tx, "shop9", Millis(1))
        assert conn.execute(select(merchants.c.id)).all() == before
    assert count(database) == 2


def test_a_write_transaction_does_not_block_readers(database: Database) -> None:
    with database.writing() as tx:
        tokens.add_merchant(tx, "shop9", Millis(1))
        started = time.monotonic()
        assert count(database) == 1
        assert time.monotonic() - started < 1


def test_write_transactions_wait_for_each_other(database: Database) -> None:
    barrier = threading.Barrier(16)

    def add(number: int) -> None:
        barrier.wait()
        for index in range(5):
            with database.writing() as tx:
                count_seen = len(tx.execute(select(merchants.c.id)).all())
                tokens.add_merchant(tx, f"{number:02}{index}{count_seen}", Millis(1))

    with ThreadPoolExecutor(16) as pool:
        assert [*pool.map(add, range(16))] == [None] * 16
    assert count(database) == 81


OTHER_PROCESS = """
import sys
from fatrina.adapters.database import tokens
from tests.databases import open_database
with open_database(sys.argv[1]) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        with database.writing() as tx:
            tokens.add_merchant(tx, f"x{number}", 1)
"""


def test_write_transactions_of_two_processes_wait_for_each_other(
    database: Database, database_address: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, database_address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as second:  # fmt: skip
        assert second.stdin is not None
        assert second.stdout is not None
        assert second.stdout.readline() == "ready\n"
        second.stdin.write("go\n")
        second.stdin.flush()
        for number in range(40):
            with database.writing() as tx:
                tokens.add_merchant(tx, f"y{number}", Millis(1))
        assert second.wait(20) == 0
    assert count(database) == 81
