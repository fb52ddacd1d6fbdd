"""Real decoders shared by all tests of a process, and a separate store for each test."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from fatrina.adapters.database import Database, SqliteDatabase
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.decoder import DecoderPool
from fatrina.domain.photo import Limits
from tests.actions.store import Store, fill
from tests.databases import ENGINES, new_postgres_database
from tests.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def decoders() -> Iterator[DecoderPool]:
    with closing(DecoderPool(2, Limits(), max_waiting=64)) as decoders:
        yield decoders


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    fill(SqliteDatabase(path))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    name = postgres_server.create_database()
    fill(PostgresDatabase(postgres_server.address(name)))
    return name


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of the store's database; a module can override it."""
    return str(request.param)


@pytest.fixture
def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, decoders: DecoderPool
) -> Iterator[Callable[[str], Store]]:
    """A function that opens a store on an engine, with a database and a folder of its own."""
    with ExitStack() as stack:

        def open_on(engine: str) -> Store:
            folder = Path(mkdtemp(prefix="data-", dir=tmp_path))
            database: Database
            if engine == "sqlite":
                template = request.getfixturevalue("sqlite_template")
                database = SqliteDatabase(Path(shutil.copy(template, folder / "fatrina.sqlite3")))
            else:
                server = request.getfixturevalue("postgres_server")
                template = request.getfixturevalue("postgres_template")
                address = stack.enter_context(new_postgres_database(server, template))
                database = PostgresDatabase(address)
            return stack.enter_context(Store.open(database, folder, decoders))

        yield open_on


@pytest.fixture
def store(engine: str, open_store: Callable[[str], Store]) -> Store:
    return open_store(engine)
