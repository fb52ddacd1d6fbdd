"""A pytest plugin: a service for each session, and a new store for each test (`--fatrina`)."""

import os
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from secrets import choice, token_hex
from string import ascii_lowercase
from typing import Any, Final

import pytest

from fatrina.testing import Service, Store, create_store

_SIDE: Final = 64
"""Pixels of each side of the default image."""
_CODE_LENGTH: Final = 6


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of the plugin."""
    group = parser.getgroup("fatrina", "Fatrina: stores with product images")
    group.addoption(
        "--fatrina",
        action="store_true",
        help="Run the tests that use a Fatrina service; without this option they are skipped.",
    )
    group.addoption(
        "--fatrina-url",
        metavar="URL",
        help="Use the service at this URL, with the admin token in FATRINA_ADMIN_TOKEN, instead of "
        "starting one.",
    )
    parser.addini("fatrina", "Always run the tests that use a Fatrina service.", "bool")
    parser.addini("fatrina_stubs", "Directory of canned responses.", "string")


@pytest.fixture(scope="session")
def fatrina_service(pytestconfig: pytest.Config) -> Iterator[Service]:
    """A Fatrina service: one for each worker, or the one at `--fatrina-url`."""
    url = pytestconfig.getoption("--fatrina-url")
    if not (url or pytestconfig.getoption("--fatrina") or pytestconfig.getini("fatrina")):
        pytest.skip("needs a Fatrina service: run pytest --fatrina")
    stubs = pytestconfig.getini("fatrina_stubs")
    service = (
        Service(url, os.environ.get("FATRINA_ADMIN_TOKEN", ""))
        if url
        else Service.start(stubs=pytestconfig.rootpath / stubs if stubs else None)
    )
    try:
        yield service
    finally:
        service.close()


@pytest.fixture(scope="session")
def fatrina_merchant(fatrina_service: Service) -> Iterator[str]:
    """The code of the merchant of `fatrina_store`: random, because suites may share a service."""
    code = "".join(choice(ascii_lowercase) for _ in range(_CODE_LENGTH))
    yield code
    fatrina_service.reset(code, clear="faults,journal")


@pytest.fixture(scope="session")
def fatrina_seed() -> dict[str, Any]:
    """The merchant to seed for each test, without its code; override it with your own."""
    data = b64encode(_png(_SIDE)).decode()
    return {"products": [{"name": "Cup", "sku": "CUP-1", "images": [{"data": data, "alt": "Cup"}]}]}


@pytest.fixture
def fatrina_store(
    fatrina_service: Service,
    fatrina_merchant: str,
    fatrina_seed: dict[str, Any],
    pytestconfig: pytest.Config,
) -> Store:
    """A store that no earlier test has changed, without faults and with an empty journal.

    `file` values of images in `fatrina_seed` are relative to the root directory of pytest.
    """
    folder: Path = pytestconfig.rootpath
    return create_store(fatrina_service, fatrina_merchant, token_hex(16), fatrina_seed, folder)


def _png(side: int) -> bytes:
    """Return a PNG image with a gradient."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x * 4 % 256, y * 4 % 256, 128)) for x in range(side))
        for y in range(side)
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
