"""Decoders that tests share, and a spare one for those that hurt it."""

from collections.abc import Callable, Iterator

import pytest

from fatrina.adapters.decoder import Decoder, Decoders
from fatrina.domain.photo import Limits
from tests.adapters.decoder.rendering import Developed, develop

Develop = Callable[..., Developed]


@pytest.fixture(scope="session")
def shared() -> Iterator[Decoders]:
    """One decoder behind a queue, replaced when a photo kills it."""
    decoders = Decoders(1, Limits(), room=4)
    yield decoders
    decoders.close()


@pytest.fixture
def developed(shared: Decoders) -> Develop:
    """Develop a photo in the shared decoder."""

    def run(data: bytes, limits: Limits | None = None) -> Developed:
        with shared.acquire() as decoder:
            return develop(decoder, data, limits)

    return run


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """A decoder of the test's own."""
    decoder = Decoder(Limits().memory)
    decoder.handshake()
    yield decoder
    decoder.end()
