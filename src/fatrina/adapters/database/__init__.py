"""Database: SQLite or PostgreSQL, its transactions, and one module of queries per subject."""

from fatrina.adapters.database.base import Database
from fatrina.adapters.database.sqlite import SqliteDatabase

__all__ = ["Database", "SqliteDatabase"]
