"""Operations on all rows of a table: read them for a dump, replace them, delete them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

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
NAMES: Final = tuple(_TABLES)
"""Names of all tables; a table comes after those that it references."""
MERCHANT_TABLES: Final = frozenset(
    table.name for table in (merchants, tokens, apps, grants, authorization_codes, refresh_tokens)
)
"""Names of the tables of merchants and of their apps' access."""
RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    REVISION: {},
    "0010": {},
    "0009": {"codes": "authorization_codes", "refreshes": "refresh_tokens"},
}
"""By revision of a dump that can be restored: its table names, and the current ones."""

Row = Mapping[str, Any]


class InvalidRowsError(Exception):
    """Rows cannot be inserted; the message gives the reason."""


def iter_rows(conn: Connection, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by column name."""
    for row in conn.execute(select(_TABLES[name])).mappings():
        yield dict(row)


def delete_all(conn: Connection, *, keep: Collection[str] = ()) -> None:
    """Delete the rows of all tables except those in `keep`."""
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
    except IntegrityError as exc:
        raise InvalidRowsError("The rows are inconsistent.") from exc
    except (UnicodeEncodeError, OverflowError) as exc:
        message = "The rows contain values that the database cannot store."
        raise InvalidRowsError(message) from exc


def _insert(conn: Connection, table: Table, rows: Iterable[Row]) -> None:
    for batch in _batches(table, rows):
        conn.execute(insert(table), batch)


def _batches(table: Table, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield checked rows in lists of at most `_BATCH_SIZE`."""
    batch: list[Row] = []
    for row in rows:
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
