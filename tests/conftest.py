"""What tests share: a service on a socket, a shop in it, a picture that hangs there."""

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

# How fast is for the benchmarks: a busy machine must not fail a test.
hypothesis.settings.register_profile("fatrina", deadline=None)
hypothesis.settings.load_profile("fatrina")
# Services log from threads of their own: not into what a test reads of a command meanwhile.
structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=sys.__stdout__))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the settings it comes with, but for links to 127.0.0.1 and an admin token."""
    folder = tmp_path_factory.mktemp("service")
    with run_service(folder, download_allow="127.0.0.1", admin_token=ADMIN_TOKEN) as service:
        yield service


@pytest.fixture(scope="session")
def strict_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with every other setting: small, impatient, and content without a photo."""
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
    """A merchant that no other test has."""
    return Store.create(service)


@pytest.fixture
def image_in_product(store: Store) -> ImageInProduct:
    """An image on a product."""
    return ImageInProduct.create(store, photo=sample_photos.png(seed=9), alt="before", sort="7")


@pytest.fixture(scope="session")
def photos() -> Iterator[str]:
    """The base of links to /a.png, /b.jpg and /page.html on a site that may be fetched from."""
    pages = {
        "/a.png": sample_photos.png(seed=3),
        "/b.jpg": sample_photos.jpeg(seed=4),
        "/page.html": b"<!doctype html><title>no photo</title>",
    }
    with serve_files(pages) as base:
        yield base
