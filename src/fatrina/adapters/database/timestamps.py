"""The moments that rows record: what they say about the clock."""

from typing import Final

from sqlalchemy import Connection, func, select

from fatrina.adapters.database import schema

_FUTURE: Final = ("expires_at", "due_at")
_TIMESTAMPS: Final = tuple(
    column
    for table in schema.metadata.sorted_tables
    for column in table.columns
    if column.name.endswith("_at") and column.name not in _FUTURE
)


def newest_timestamp(conn: Connection) -> int:
    """Return the latest moment of any row, in milliseconds since the epoch; 0 without rows."""
    found = (conn.scalar(select(func.max(column))) for column in _TIMESTAMPS)
    return max((moment for moment in found if moment is not None), default=0)
