"""PostgreSQL: time limits, error classes, lost connections, shared limits and locks, restores."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DataError

from fatrina.adapters.database import Database, postgres, tables, tokens
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.postgres_housekeeping import PostgresHousekeeping
from fatrina.adapters.database.postgres_rate_limits import PostgresBucketStore
from fatrina.adapters.database.schema import deliveries, merchants, products
from fatrina.domain import errors, rate_limit
from fatrina.domain.types import MerchantId, Millis
from tests.databases import new_postgres_database
from tests.postgres_server import PostgresServer


@pytest.fixture
def database_address(postgres_server: PostgresServer) -> Iterator[str]:
    """These tests run on PostgreSQL only."""
    with new_postgres_database(postgres_server) as address:
        yield address


def show(connection: Connection, name: str) -> object:
    return connection.scalar(text(f"SHOW {name}"))


def test_every_transaction_has_its_limits(database: Database) -> None:
    for bulk, statement, idle in ((False, "4s", "10s"), (True, "10min", "10min")):
        for transaction in (database.reading, database.writing):
            with transaction(bulk=bulk) as conn:
                assert show(conn, "statement_timeout") == statement
                assert show(conn, "lock_timeout") == "2s"
                assert show(conn, "idle_in_transaction_session_timeout") == idle
    with database.reading() as conn:
        assert show(conn, "transaction_isolation") == "repeatable read"
    with database.writing() as conn:
        assert show(conn, "transaction_isolation") == "read committed"
        assert show(conn, "synchronous_commit") == "on"


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("53100", errors.StorageFull),
        ("40001", errors.DatabaseBusy),
        ("40P01", errors.DatabaseBusy),
        ("55P03", errors.DatabaseBusy),
        ("53300", errors.DatabaseUnavailable),
        ("25006", errors.DatabaseUnavailable),
        ("57014", errors.DatabaseUnavailable),
        ("57P03", errors.DatabaseUnavailable),
        ("42P01", errors.DatabaseUnavailable),
        ("XX000", errors.DatabaseUnavailable),
    ],
)
def test_errors_of_the_server_are_classified(
    database: Database, state: str, error: type[errors.ServiceError]
) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(errors.ServiceError) as exc_info, database.writing() as tx:
        tx.execute(text(statement))
    assert type(exc_info.value) is error
    assert not getattr(exc_info.value, "connection_lost", False)
    database.check_writable()


def test_a_value_that_does_not_fit_is_a_bug(database: Database) -> None:
    for code in ("a\0b", "longer than six"):
        with pytest.raises(DataError), database.writing() as tx:
            tx.execute(update(merchants).values(code=code))


def test_an_id_drawn_twice_is_reported_as_busy(database: Database) -> None:
    with database.reading() as conn:
        taken = conn.scalars(select(products.c.id)).first()
    row = {"id": taken, "merchant_id": 1, "name": "x", "created_at": 1}
    with pytest.raises(errors.DatabaseBusy), database.writing() as tx:
        tx.execute(insert(products).values(row))


def test_a_locked_row_is_reported_as_busy(database: Database) -> None:
    lock = select(merchants.c.id).with_for_update()
    with database.writing() as tx:
        tx.execute(lock)
        with pytest.raises(errors.DatabaseBusy), database.writing() as other:
            other.execute(lock)


def test_an_ended_idle_connection_is_replaced(
    database: Database, database_address: str, postgres_server: PostgresServer
) -> None:
    name = database_address.partition("?")[0].rpartition("/")[2]
    for _ in range(3):
        postgres_server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        database.check_writable()


def test_a_connection_ended_in_a_transaction_is_reported_as_lost(database: Database) -> None:
    def end() -> None:
        with database.writing() as tx:
            tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(errors.DatabaseUnavailable) as exc_info:
        end()
    assert exc_info.value.connection_lost
    database.check_writable()


def test_a_server_that_became_read_only_is_left(database: Database) -> None:
    with database.writing() as tx:
        before = tx.scalar(text("SELECT pg_backend_pid()"))
    statement = text("SET TRANSACTION READ ONLY; UPDATE merchants SET created_at = 2")
    with pytest.raises(errors.DatabaseUnavailable), database.writing() as tx:
        tx.execute(statement)
    with database.writing() as tx:
        assert tx.scalar(text("SELECT pg_backend_pid()")) != before


def test_a_long_statement_is_cancelled(database: Database) -> None:
    sleep = text("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(10)")
    with pytest.raises(errors.DatabaseUnavailable) as exc_info, database.reading() as conn:
        conn.execute(sleep)
    assert not exc_info.value.connection_lost


def test_more_transactions_than_connections_wait(database: Database) -> None:
    def count(_: int) -> int:
        with database.reading() as conn:
            return conn.scalar(text("SELECT 1 FROM pg_sleep(0.01)")) or 0

    with ThreadPoolExecutor(4 * postgres.POOL_SIZE) as threads:
        assert sum(threads.map(count, range(100))) == 100


def test_a_closed_database_is_unavailable(database: Database) -> None:
    with database.writing():
        database.close()
    with pytest.raises(errors.DatabaseUnavailable), database.reading():
        pass


def test_processes_that_start_together_migrate_once(postgres_server: PostgresServer) -> None:
    with new_postgres_database(postgres_server, "template1") as address:

        def migrate(_: int) -> None:
            with PostgresDatabase(address) as database:
                database.migrate()
                database.check_writable()

        with ThreadPoolExecutor(3) as threads:
            assert [*threads.map(migrate, range(3))] == [None] * 3


# Shared by nodes


@contextmanager
def two_nodes(address: str) -> Iterator[tuple[PostgresDatabase, PostgresDatabase]]:
    with PostgresDatabase(address) as first, PostgresDatabase(address) as second:
        yield first, second


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(1, 5),
    waits=st.lists(st.integers(-500, 3000), min_size=1, max_size=20),
)
def test_buckets_follow_the_rule_of_the_domain(
    database_address: str, limit: int, waits: list[int]
) -> None:
    now, empty_at = Millis(1_800_000_000_000), Millis(0)
    with two_nodes(database_address) as nodes:
        stores = [PostgresBucketStore(each) for each in nodes]
        stores[0].clear()
        for number, wait in enumerate(waits):
            now = Millis(now + wait)
            empty_at, expected = rate_limit.consume(limit, empty_at, now)
            assert stores[number % 2].consume(MerchantId(1), limit, now) == expected


def test_a_limit_is_shared_by_nodes(database_address: str) -> None:
    with two_nodes(database_address) as nodes, ThreadPoolExecutor(8) as threads:
        stores = [PostgresBucketStore(each) for each in nodes]
        started = time.monotonic()
        results = threads.map(lambda n: stores[n % 2].consume(MerchantId(1), 60), range(100))
        accepted = sum(not each.retry_after for each in results)
        assert 60 <= accepted <= 61 + time.monotonic() - started
        assert stores[0].consume(MerchantId(2), 60).remaining == 59


def test_housekeeping_excludes_that_of_other_nodes(
    database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fatrina.adapters.database.postgres_housekeeping._TIMEOUT_SECONDS", 0.1)
    with two_nodes(database_address) as nodes:
        first, second = map(PostgresHousekeeping, nodes)
        with first.exclusive("restore") as lease:
            with pytest.raises(errors.HousekeepingBusy) as exc_info, second.exclusive("sweep"):
                pass
            assert exc_info.value.params["operation"] == "restore"
            lease.check_held()
        with second.exclusive("sweep"):
            second.record_sweep(Millis(7))
        assert first.last_sweep() == 7


# Restores


def test_ids_continue_after_restored_rows(database: Database) -> None:
    row = {"code": "m7", "created_at": 1, "plan": "plus", "key_hash": None, "name": None}
    row |= dict.fromkeys(("email", "mobile", "domain", "avatar"))
    with database.writing() as tx:
        tables.replace_all(tx, [("merchants", [row | {"id": 7}])])
        assert tokens.add_merchant(tx, "m8", Millis(1)) == 8
        query = text("SELECT pg_get_serial_sequence('deliveries', 'id')::regclass::text")
        assert tx.scalar(query) == "deliveries_id_seq"
        assert tx.scalar(text("SELECT nextval('deliveries_id_seq')")) == 1
        assert tx.scalars(select(deliveries.c.id)).all() == []


def test_a_reset_waits_for_transactions_that_add_rows(database: Database) -> None:
    with ThreadPoolExecutor(1) as threads:
        with database.writing() as tx:
            new = {"id": 5, "merchant_id": 1, "name": "x", "created_at": 1}
            tx.execute(insert(products).values(new))

            def reset() -> None:
                with database.writing(bulk=True) as tx:
                    tables.delete_all(tx)

            running = threads.submit(reset)
            time.sleep(0.7)
            assert not running.done()
        running.result(10)
    with database.reading() as conn:
        assert conn.execute(select(products)).all() == []
        assert conn.execute(select(merchants)).all() == []


def test_files_of_sqlite_are_not_opened(tmp_path: Path) -> None:
    """An address without a server is an outage, never a new file."""
    with (
        PostgresDatabase(f"postgresql://postgres@/x?host={tmp_path}") as database,
        pytest.raises(errors.DatabaseUnavailable),
    ):
        database.check_writable()
    assert not [*tmp_path.iterdir()]
