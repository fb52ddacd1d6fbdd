"""Shared decoders, and a separate one for tests that damage it."""

from collections.abc import Callable, Iterator

import pytest

from fatrina.adapters.decoder import Decoder, DecoderPool
from fatrina.domain.photo import Limits
from tests.adapters.decoder.rendering import RenderedPhoto, decode_and_render

RenderPhoto = Callable[..., RenderedPhoto]


@pytest.fixture(scope="session")
def shared_decoders() -> Iterator[DecoderPool]:
    """A pool of one decoder, which is replaced when a photo kills it."""
    decoders = DecoderPool(1, Limits(), max_waiting=4)
    yield decoders
    decoders.close()


@pytest.fixture
def render_photo(shared_decoders: DecoderPool) -> RenderPhoto:
    """Return a function that renders a photo in the shared decoder."""

    def run(data: bytes, limits: Limits | None = None) -> RenderedPhoto:
        with shared_decoders.acquire() as decoder:
            return decode_and_render(decoder, data, limits)

    return run


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """A decoder for one test."""
    decoder = Decoder(Limits().memory)
    decoder.handshake()
    yield decoder
    decoder.kill()
