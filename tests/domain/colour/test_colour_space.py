"""What PNG headers declare, which declaration counts, and the curves of HDR."""

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


def test_cicp_counts_more_than_all_others() -> None:
    found = declared(SRGB, LINEAR, P3, profiled=True)
    assert found is not None
    assert found.primaries == cicp.PRIMARIES[12]
    assert found.has_srgb_curve


@pytest.mark.parametrize(
    ("chunks", "profiled"),
    [((), False), ((SRGB, LINEAR), False), ((LINEAR,), True), ((PHOTOSHOP,), False)],
)
def test_nothing_is_declared_where_a_profile_or_srgb_counts(
    chunks: tuple[bytes, ...], *, profiled: bool
) -> None:
    assert declared(*chunks, profiled=profiled) is None


def test_gamma_alone_counts_without_a_profile() -> None:
    found = declared(LINEAR)
    assert found is not None
    assert found.gamma == 1.0
    assert found.has_srgb_primaries


@pytest.mark.parametrize("values", [[0] * 8, [2**32 - 1] * 8, [31_270, 32_900] * 4])
def test_impossible_primaries_are_read_as_srgb(values: list[int]) -> None:
    found = declared(png_chunk(b"cHRM", struct.pack(">8I", *values)))
    assert found is not None
    assert colour.build_profile(found, grey=False) == b""


@pytest.mark.parametrize(("transfer", "code"), [(cicp.PQ, 0.5807), (cicp.HLG, 0.75)])
def test_reference_white_of_hdr_stays_nearly_white(transfer: int, code: float) -> None:
    assert cicp.to_linear(transfer, code) == pytest.approx(cicp.tone_map(203), abs=0.005)
    assert 0.84 < cicp.tone_map(203) < 0.86
    assert cicp.to_linear(transfer, 0.0) == pytest.approx(0, abs=1e-6)
    assert cicp.to_linear(transfer, 1.0) == pytest.approx(1)


def test_tone_mapping_leaves_the_dark_alone_and_never_falls() -> None:
    steps = [cicp.tone_map(nits) for nits in range(0, 2000, 5)]
    assert cicp.tone_map(100) == 100 / 203
    assert steps == sorted(steps)
    assert max(steps) == pytest.approx(1)
