"""Real decoders for all tests of a process, and a shop of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fatrina.adapters.decoder import Decoders
from fatrina.domain.photo import Limits
from tests.actions import shop as shops
from tests.actions.shop import Shop


@pytest.fixture(scope="session")
def decoders() -> Iterator[Decoders]:
    decoders = Decoders(2, Limits(), room=64)
    yield decoders
    decoders.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "template"
    shops.lay(folder)
    return folder


@pytest.fixture
def shop(template: Path, tmp_path: Path, decoders: Decoders) -> Iterator[Shop]:
    shop = Shop.opened(template, tmp_path / "data", decoders)
    yield shop
    shop.parts.database.close()
