"""Database: an embedded SQLite file, its transactions, and one module of queries per subject."""

from fatrina.adapters.database.engine import Database

__all__ = ["Database"]
