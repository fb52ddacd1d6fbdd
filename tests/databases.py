"""The database engines that contract, action and web tests run on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fatrina.adapters.database import Database, SqliteDatabase
from fatrina.adapters.database.postgres import PostgresDatabase
from tests.postgres_server import PostgresServer

ENGINES = ("sqlite", "postgres")


def open_database(address: str) -> Database:
    """Open the database at a PostgreSQL URI or a path; another process may be its owner."""
    if address.startswith("postgresql:"):
        return PostgresDatabase(address)
    return SqliteDatabase(Path(address), owner=False)


@contextmanager
def new_postgres_database(server: PostgresServer, template: str = "migrated") -> Iterator[str]:
    """Yield the address of a new database with all tables, which is deleted at the end."""
    name = server.create_database(template)
    try:
        yield server.address(name)
    finally:
        server.drop_database(name)
