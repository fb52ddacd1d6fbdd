"""Decoders that tests share, and a spare one for those that hurt it."""

from collections.abc import Callable, Iterator

import pytest

from fatrina.adapters.decoder import Decoder, DecoderPool
from fatrina.domain.photo import Limits
from tests.adapters.decoder.rendering import RenderedPhoto, decode_and_render

RenderPhoto = Callable[..., RenderedPhoto]


@pytest.fixture(scope="session")
def shared_decoders() -> Iterator[DecoderPool]:
    """One decoder behind a queue, replaced when a photo kills it."""
    decoders = DecoderPool(1, Limits(), max_waiting=4)
    yield decoders
    decoders.close()


@pytest.fixture
def render_photo(shared_decoders: DecoderPool) -> RenderPhoto:
    """Develop a photo in the shared_decoders decoder."""

    def run(data: bytes, limits: Limits | None = None) -> RenderedPhoto:
        with shared_decoders.acquire() as decoder:
            return decode_and_render(decoder, data, limits)

    return run


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """A decoder of the test's own."""
    decoder = Decoder(Limits().memory)
    decoder.handshake()
    yield decoder
    decoder.kill()
