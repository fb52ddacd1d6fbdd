"""Newest timestamp in the database, to detect a clock that is set back."""

from typing import Final

from sqlalchemy import Connection, func, select

from fatrina.adapters.database import schema
from fatrina.domain.types import Millis

_FUTURE_COLUMNS: Final = ("expires_at", "due_at")
_TIMESTAMP_COLUMNS: Final = tuple(
    column
    for table in schema.metadata.sorted_tables
    for column in table.columns
    if table.info.get("dumped", True)
    if column.name.endswith("_at") and column.name not in _FUTURE_COLUMNS
)


def newest_timestamp(conn: Connection) -> Millis:
    """Return the latest timestamp of any row, in milliseconds since the epoch; 0 without rows."""
    newest = (conn.scalar(select(func.max(column))) for column in _TIMESTAMP_COLUMNS)
    return Millis(max((timestamp for timestamp in newest if timestamp is not None), default=0))
