"""Rows and transactions: SQLite embedded; each module of rows speaks of one subject."""

from fatrina.adapters.database.engine import Database

__all__ = ["Database"]
