"""Shared fixtures: a running service, a store in it, and a product with an image."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests import sample_photos, stores
from tests.databases import ENGINES, new_postgres_database
from tests.postgres_server import PostgresServer, run_server
from tests.s3_server import CREDENTIALS, S3Server, run_s3_server
from tests.stores import (
    ADMIN_TOKEN,
    MEDIA_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
    serve_files,
)

# Benchmarks measure speed: a test must not fail on a busy machine.
hypothesis.settings.register_profile("fatrina", deadline=None)
hypothesis.settings.load_profile("fatrina")
# Services log from other threads: the lines must not get into captured output of a command.
structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=sys.__stdout__))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that selects the database of the web tests."""
    parser.addoption(
        "--database",
        choices=ENGINES,
        default="sqlite",
        help="The database of every service that tests start.",
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that all tests of a process share."""
    with run_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 fake that all tests of a process share; its credentials are in the environment."""
    with pytest.MonkeyPatch.context() as patch, run_s3_server() as server:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="session", autouse=True)
def _database_of_services(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--database=postgres`, give each service without a database a new PostgreSQL one."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with pytest.MonkeyPatch.context() as patch:

        @cache
        def database_for(_folder: Path) -> str:
            return server.address(server.create_database())

        patch.setattr(stores, "default_database", database_for)
        yield


@contextmanager
def _run_default_service(folder: Path, database: str = "") -> Iterator[Service]:
    with run_service(
        folder, download_allow="127.0.0.1", admin_token=ADMIN_TOKEN, database=database
    ) as service:
        yield service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the default settings, an admin token, and downloads from 127.0.0.1."""
    with _run_default_service(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="session")
def postgres_service(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The same service on PostgreSQL."""
    with (
        new_postgres_database(postgres_server) as address,
        _run_default_service(tmp_path_factory.mktemp("postgres"), address) as service,
    ):
        yield service


@pytest.fixture(scope="session")
def strict_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with small limits, short timeouts, and a public URL."""
    with run_service(
        tmp_path_factory.mktemp("strict"),
        photo_bytes=200_000,
        alt_length=20,
        upload_idle=0.4,
        upload_seconds=1.5,
        public_url=f"https://cdn.shop.test{MEDIA_PATH}/",
    ) as service:
        yield service


@pytest.fixture
def store(service: Service) -> Store:
    """The store of a merchant that no other test uses."""
    return Store.create(service)


@pytest.fixture
def image_in_product(store: Store) -> ImageInProduct:
    """A product with one image."""
    return ImageInProduct.create(store, photo=sample_photos.png(seed=9), alt="before", sort="7")


@pytest.fixture(scope="session")
def photos() -> Iterator[str]:
    """The base URL of /a.png, /b.jpg and /page.html on a server that downloads may use."""
    pages = {
        "/a.png": sample_photos.png(seed=3),
        "/b.jpg": sample_photos.jpeg(seed=4),
        "/page.html": b"<!doctype html><title>no photo</title>",
    }
    with serve_files(pages) as base:
        yield base
