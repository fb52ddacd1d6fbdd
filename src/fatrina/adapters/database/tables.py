"""Operations on all rows of a table: read them for a dump, replace them, delete them."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from fatrina.adapters.database.column_checks import find_invalid_column
from fatrina.adapters.database.schema import (
    REVISION,
    apps,
    authorization_codes,
    grants,
    merchants,
    metadata,
    refresh_tokens,
    tokens,
)

_TABLES: Final = {
    table.name: table for table in metadata.sorted_tables if table.info.get("dumped", True)
}
_BATCH_SIZE: Final = 500
_LOCK_TIMEOUT_MS: Final = 500
"""Shorter than the second after which PostgreSQL ends one of two transactions in a deadlock."""
_LOCK_ATTEMPTS: Final = 20
NAMES: Final = tuple(_TABLES)
"""Names of all tables; a table comes after those that it references."""
MERCHANT_TABLES: Final = frozenset(
    table.name for table in (merchants, tokens, apps, grants, authorization_codes, refresh_tokens)
)
"""Names of the tables of merchants and of their apps' access."""
RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    REVISION: {},
    "0015": {},
    "0014": {},
    "0013": {},
    "0012": {},
    "0011": {},
    "0010": {},
    "0009": {"codes": "authorization_codes", "refreshes": "refresh_tokens"},
}
"""By revision of a dump that can be restored: its table names, and the current ones."""
_ADDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "products": {"details": "{}", "status": "sale", "category_ids": ""}
}
"""Columns that rows of these older dumps lack, by table, with the values that a migration sets."""

Row = Mapping[str, Any]


class InvalidRowsError(Exception):
    """Rows cannot be inserted; the message gives the reason."""


def iter_rows(conn: Connection, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by column name."""
    query = select(_TABLES[name]).execution_options(yield_per=_BATCH_SIZE)
    for row in conn.execute(query).mappings():
        yield dict(row)


def delete_all(conn: Connection, *, keep: Collection[str] = ()) -> None:
    """Delete the rows of all tables except those in `keep`; lock all tables first."""
    lock_all(conn)
    for name, table in reversed(_TABLES.items()):
        if name not in keep:
            conn.execute(table.delete())


def replace_all(conn: Connection, tables: Iterable[tuple[str, Iterable[Row]]]) -> None:
    """Replace all rows by those in `tables`, pairs of a table's name and its rows.

    Raises:
        InvalidRowsError: a row does not fit its table, or the rows are inconsistent.
    """
    try:
        delete_all(conn)
        for name, rows in tables:
            _insert(conn, _TABLES[name], rows)
        _advance_sequences(conn)
    except IntegrityError as exc:
        raise InvalidRowsError("The rows are inconsistent.") from exc
    except (UnicodeEncodeError, OverflowError) as exc:
        message = "The rows contain values that the database cannot store."
        raise InvalidRowsError(message) from exc


def lock_all(conn: Connection) -> None:
    """Wait for the write transactions of others and let new ones wait until this one ends.

    Otherwise a row that another transaction adds meanwhile would refer to deleted ones. SQLite has
    one writer. Tables are locked one after the other, so others can wait for this transaction while
    it waits for them: it gives up its locks after a short time and tries again.
    """
    if conn.dialect.name != "postgresql":
        return
    for attempt in range(_LOCK_ATTEMPTS):
        try:
            with conn.begin_nested():
                conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_MS}ms'")
                conn.exec_driver_sql(f"LOCK TABLE {', '.join(_TABLES)} IN EXCLUSIVE MODE")
            return
        except OperationalError as exc:
            if exc.connection_invalidated or attempt == _LOCK_ATTEMPTS - 1:
                raise
            time.sleep(_LOCK_TIMEOUT_MS / 1000)


def _advance_sequences(conn: Connection) -> None:
    """Let the ids of the next rows follow the inserted ones; SQLite does so automatically."""
    if conn.dialect.name != "postgresql":
        return
    for name, table in _TABLES.items():
        column = table.autoincrement_column
        if column is not None:
            newest = func.max(column)
            sequence = func.pg_get_serial_sequence(name, column.name)
            last = func.setval(sequence, func.coalesce(newest, 1), newest.is_not(None))
            conn.execute(select(last).select_from(table))


def _insert(conn: Connection, table: Table, rows: Iterable[Row]) -> None:
    for batch in _batches(table, rows):
        conn.execute(insert(table), batch)


def _batches(table: Table, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield checked rows in lists of at most `_BATCH_SIZE`."""
    batch: list[Row] = []
    added = {column.name: None for column in table.columns if column.nullable}
    for given in rows:
        row = {**added, **_ADDED.get(table.name, {}), **given}  # columns newer than the dump
        _check_row(table, row)
        batch.append(row)
        if len(batch) == _BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_row(table: Table, row: Row) -> None:
    if set(row) != {column.name for column in table.columns}:
        raise InvalidRowsError(f"A row of “{table.name}” has other columns.")
    if (column := find_invalid_column(table, row)) is not None:
        raise InvalidRowsError(
            f"A row of “{table.name}” has a value that does not fit into “{column}”."
        )
