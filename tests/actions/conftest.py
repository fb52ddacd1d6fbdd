"""Real decoders shared by all tests of a process, and a separate store for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fatrina.adapters.decoder import DecoderPool
from fatrina.domain.photo import Limits
from tests.actions.store import Store, create_template


@pytest.fixture(scope="session")
def decoders() -> Iterator[DecoderPool]:
    with closing(DecoderPool(2, Limits(), max_waiting=64)) as decoders:
        yield decoders


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "template"
    create_template(folder)
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path, decoders: DecoderPool) -> Iterator[Store]:
    with Store.open(template, tmp_path / "data", decoders) as store:
        yield store
