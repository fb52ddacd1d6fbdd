"""A fixture with each database in turn, holding one merchant and two products."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fatrina.adapters.database import Database, SqliteDatabase, products, tokens
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.products import ProductRow
from fatrina.domain.types import Millis, ProductId
from tests.contracts.rows import OTHER, PRODUCT
from tests.databases import ENGINES, new_postgres_database


@pytest.fixture(params=ENGINES)
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of each engine, for `tests.databases.open_database`."""
    if request.param == "sqlite":
        yield str(tmp_path / "fatrina.sqlite3")
    else:
        with new_postgres_database(request.getfixturevalue("postgres_server")) as address:
            yield address


@pytest.fixture
def database(database_address: str) -> Iterator[Database]:
    """A database of each engine with sample rows."""
    with (
        PostgresDatabase(database_address)
        if database_address.startswith("postgresql:")
        else SqliteDatabase(Path(database_address))
    ) as database:
        database.migrate()
        with database.writing() as tx:
            merchant = tokens.add_merchant(tx, "shop1", Millis(1))
            for product in (PRODUCT, OTHER):
                products.add(tx, merchant, ProductRow(ProductId(product), "Lamp", None), Millis(1))
        yield database
