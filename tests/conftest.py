"""Shared fixtures: a running service, a store in it, and a product with an image."""

import sys
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from tests import sample_photos
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


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the default settings, an admin token, and downloads from 127.0.0.1."""
    folder = tmp_path_factory.mktemp("service")
    with run_service(folder, download_allow="127.0.0.1", admin_token=ADMIN_TOKEN) as service:
        yield service


@pytest.fixture(scope="session")
def strict_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with small limits, short timeouts, a public URL and optional photos."""
    with run_service(
        tmp_path_factory.mktemp("strict"),
        photo_optional=True,
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
