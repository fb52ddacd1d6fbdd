"""A fixture with each database in turn, holding one merchant and two products."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fatrina.adapters.database import Database, products, tokens
from fatrina.adapters.database.products import ProductRow
from fatrina.domain.types import Millis, ProductId
from tests.contracts.rows import OTHER, PRODUCT

DATABASES: dict[str, Callable[[Path], Database]] = {
    "sqlite": lambda folder: Database(folder / "fatrina.sqlite3")
}


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with DATABASES[request.param](tmp_path) as database:
        database.migrate()
        with database.writing() as tx:
            merchant = tokens.add_merchant(tx, "shop1", Millis(1))
            for product in (PRODUCT, OTHER):
                products.add(tx, merchant, ProductRow(ProductId(product), "Lamp", None), Millis(1))
        yield database
