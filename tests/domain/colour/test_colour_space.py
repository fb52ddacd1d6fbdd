"""Colour declarations in PNG headers, their precedence, and the HDR transfer functions."""

import struct

import pytest

from fatrina.domain import colour
from fatrina.domain.colour import cicp
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.containers import png_chunk, with_chunks

P3 = png_chunk(b"cICP", bytes([12, 13, 0, 1]))
SRGB = png_chunk(b"sRGB", b"\0")
LINEAR = png_chunk(b"gAMA", struct.pack(">I", 100_000))
PHOTOSHOP = png_chunk(b"gAMA", struct.pack(">I", 45_455))


def declared(*chunks: bytes, profiled: bool = False) -> colour.ColourSpace | None:
    data = with_chunks(sample_photos.png(width=4, height=4), *chunks)
    return colour.read_declared(ImageFormat.PNG, data, profiled=profiled)


def test_cicp_takes_precedence() -> None:
    colour_space = declared(SRGB, LINEAR, P3, profiled=True)
    assert colour_space is not None
    assert colour_space.primaries == cicp.PRIMARIES[12]
    assert colour_space.has_srgb_curve


@pytest.mark.parametrize(
    ("chunks", "profiled"),
    [((), False), ((SRGB, LINEAR), False), ((LINEAR,), True), ((PHOTOSHOP,), False)],
)
def test_no_declaration_with_a_profile_or_srgb(
    chunks: tuple[bytes, ...], *, profiled: bool
) -> None:
    assert declared(*chunks, profiled=profiled) is None


def test_gamma_applies_without_a_profile() -> None:
    colour_space = declared(LINEAR)
    assert colour_space is not None
    assert colour_space.gamma == 1.0
    assert colour_space.has_srgb_primaries


@pytest.mark.parametrize("values", [[0] * 8, [2**32 - 1] * 8, [31_270, 32_900] * 4])
def test_impossible_primaries_are_treated_as_srgb(values: list[int]) -> None:
    colour_space = declared(png_chunk(b"cHRM", struct.pack(">8I", *values)))
    assert colour_space is not None
    assert colour.build_profile(colour_space, grey=False) == b""


@pytest.mark.parametrize(("transfer", "code"), [(cicp.PQ, 0.5807), (cicp.HLG, 0.75)])
def test_hdr_reference_white_stays_nearly_white(transfer: int, code: float) -> None:
    assert cicp.to_linear(transfer, code) == pytest.approx(cicp.tone_map(203), abs=0.005)
    assert 0.84 < cicp.tone_map(203) < 0.86
    assert cicp.to_linear(transfer, 0.0) == pytest.approx(0, abs=1e-6)
    assert cicp.to_linear(transfer, 1.0) == pytest.approx(1)


def test_tone_mapping_keeps_dark_values_and_is_monotonic() -> None:
    steps = [cicp.tone_map(nits) for nits in range(0, 2000, 5)]
    assert cicp.tone_map(100) == 100 / 203
    assert steps == sorted(steps)
    assert max(steps) == pytest.approx(1)
