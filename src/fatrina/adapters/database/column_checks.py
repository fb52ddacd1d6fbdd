"""Checks of a row against its table: types, lengths and ranges, which SQLite does not enforce."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Double, String, Table

from fatrina.domain.integers import MAX_INT32, MAX_INT64

_MAX_DOUBLE: Final = 1.7e308


def find_invalid_column(table: Table, row: Mapping[str, object]) -> str | None:
    """Return the name of the first column whose value is invalid; None if all values are valid."""
    return next(
        (column.name for column in table.columns if not _fits(column, row[column.name])), None
    )


def _fits(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, String):
        return isinstance(value, str) and _is_valid_text(value, column.type.length)
    if isinstance(column.type, Boolean) or isinstance(value, bool):
        return isinstance(column.type, Boolean) and isinstance(value, bool)
    if isinstance(column.type, Double):
        return isinstance(value, int | float) and abs(value) <= _MAX_DOUBLE
    maximum = MAX_INT64 if isinstance(column.type, BigInteger) else MAX_INT32
    return isinstance(value, int) and -maximum - 1 <= value <= maximum


def _is_valid_text(text: str, length: int | None) -> bool:
    """Return whether a text has no NUL, no unpaired surrogate, and at most `length` characters."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return False
    return length is None or len(text) <= length
