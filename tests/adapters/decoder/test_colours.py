"""Colours declared without a profile are converted as an independent computation predicts."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from fatrina.adapters.decoder import heic
from fatrina.domain.metadata_stripping import items
from fatrina.domain.metadata_stripping.boxes import Box, read_boxes
from tests import sample_photos
from tests.adapters.decoder.conftest import RenderPhoto
from tests.containers import png_chunk, with_chunks

COLOURS = [(180, 60, 60), (60, 170, 60), (60, 60, 180), (200, 200, 200), (255, 255, 255), (9, 9, 9)]
# From linear P3 and BT.2020 to linear sRGB, all with the white point D65.
MATRICES = {
    1: np.eye(3),
    9: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    12: [[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0196, -0.0786, 1.0983]],
}


def patches(bits: int = 8, *, alpha: bool = False) -> bytes:
    """Return a PNG with a patch of each colour."""
    rows = np.repeat(np.array(COLOURS, np.uint16), 20, axis=0)
    pixels = np.repeat(rows[np.newaxis], 30, axis=0)
    if alpha:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint16)], axis=2)
    body = (pixels * 257).astype(">u2") if bits == 16 else pixels.astype(np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in body)
    head = struct.pack(">2I5B", 120, 30, bits, 6 if alpha else 2, 0, 0, 0)
    parts = png_chunk(b"IHDR", head), png_chunk(b"IDAT", zlib.compress(lines)), png_chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def patch_colours(image: Any) -> list[tuple[int, ...]]:
    return [tuple(int(v) for v in image(10 + 20 * at, 15)[:3]) for at in range(6)]


def expected_colours(primaries: int, gamma: float | None) -> list[tuple[int, ...]]:
    values = np.array(COLOURS) / 255
    curve = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    light = values**gamma if gamma else curve
    light = np.clip(light @ np.array(MATRICES[primaries]).T, 0, 1)
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return [tuple(int(v) for v in row) for row in np.rint(coded * 255)]


def assert_close(
    actual: list[tuple[int, ...]], expected: list[tuple[int, ...]], tolerance: int
) -> None:
    assert np.abs(np.array(actual) - np.array(expected)).max() <= tolerance, (actual, expected)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize(
    ("primaries", "transfer", "gamma"),
    [(1, 13, None), (12, 13, None), (9, 1, None), (9, 14, None), (1, 8, 1.0), (12, 4, 2.2)],
)
def test_png_code_points_are_converted(
    render_photo: RenderPhoto,
    bits: int,
    primaries: int,
    transfer: int,
    gamma: float,
    *,
    alpha: bool,
) -> None:
    cicp = png_chunk(b"cICP", bytes([primaries, transfer, 0, 1]))
    images = render_photo(with_chunks(patches(bits, alpha=alpha), cicp)).images()
    assert_close(patch_colours(images[1]), expected_colours(primaries, gamma), 3)


def test_png_original_keeps_its_colour_declaration(render_photo: RenderPhoto) -> None:
    data = with_chunks(patches(), png_chunk(b"cICP", bytes([12, 13, 0, 1])))
    assert b"cICP" in render_photo(data).data[0]


def test_png_gamma_and_primaries_are_converted(render_photo: RenderPhoto) -> None:
    xy = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]
    parts = (
        png_chunk(b"gAMA", struct.pack(">I", 100_000)),
        png_chunk(b"cHRM", struct.pack(">8I", *xy)),
    )
    assert_close(
        patch_colours(render_photo(with_chunks(patches(), *parts)).images()[1]),
        expected_colours(12, 1.0),
        3,
    )


@pytest.mark.parametrize(("transfer", "white"), [(16, 148), (18, 191)])
def test_hdr_reference_white_is_nearly_white(
    render_photo: RenderPhoto, transfer: int, white: int
) -> None:
    flat = Image.new("RGB", (60, 40), (white,) * 3)
    file = io.BytesIO()
    flat.save(file, "PNG")
    data = with_chunks(file.getvalue(), png_chunk(b"cICP", bytes([9, transfer, 0, 1])))
    assert all(233 <= value <= 241 for value in render_photo(data).images()[1](20, 20))


def coded_heic(**options: Any) -> bytes:
    file = io.BytesIO()
    image = Image.open(io.BytesIO(patches()))
    pillow_heif.from_pillow(image).save(file, quality=95, chroma=444, **options)
    return file.getvalue()


def test_display_p3_heic_and_its_original_become_srgb(render_photo: RenderPhoto) -> None:
    data = coded_heic(color_primaries=12, transfer_characteristics=13)
    images = render_photo(data).images()
    assert_close(patch_colours(images[0]), expected_colours(12, None), 8)
    assert_close(patch_colours(images[1]), expected_colours(12, None), 8)


def test_grey_avif_of_limited_range_keeps_white(render_photo: RenderPhoto) -> None:
    file = io.BytesIO()
    image = Image.open(io.BytesIO(patches())).convert("L")
    image.save(file, "AVIF", quality=95, range="limited")
    actual = patch_colours(render_photo(file.getvalue()).images()[1])
    assert min(actual[4]) >= 253


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_cropped_heic_matches_another_libheif(orientation: int) -> None:
    data = cropped(orientation)
    opened = heic.open_photo(data)  # this object owns the pixels
    ours = heic.decode(opened)
    theirs = np.asarray(pillow_heif.open_heif(data))
    assert (ours.width, ours.height) == theirs.shape[1::-1]
    assert np.abs(ours.numpy().astype(int) - theirs).mean() < 1


def cropped(orientation: int) -> bytes:
    """Return a HEIC of 600 by 400 pixels with a crop to 200 by 100 off the centre, then rotated."""
    image = Image.open(io.BytesIO(sample_photos.png(width=600, height=400)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90, exif=exif.tobytes())
    data = bytearray(file.getvalue())
    clap = struct.pack(">I4s2I2IiIiI", 40, b"clap", 200, 1, 100, 1, 10, 1, -20, 1)
    ipco, ipma, iloc = (data.index(kind) - 4 for kind in (b"ipco", b"ipma", b"iloc"))
    size = int.from_bytes(data[ipco : ipco + 4], "big")
    number = 1 + len(list(read_boxes(bytes(data), ipco + 8, ipco + size)))
    place = Box(b"iloc", iloc, iloc + 8, iloc + int.from_bytes(data[iloc : iloc + 4], "big"))
    for _, start, stop in list(items.read_extents(bytes(data), place, None)):
        if start < stop:
            at = data.index(start.to_bytes(4, "big"), place.body_start)
            data[at : at + 4] = (start + 41).to_bytes(4, "big")
    for kind, more in ((b"meta", 41), (b"iprp", 41), (b"ipco", 40), (b"ipma", 1)):
        at = data.index(kind) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + more).to_bytes(4, "big")
    data[ipma + 18] += 1  # after its header, the number of items, and the first item's number
    data[ipma + 19 : ipma + 19] = bytes([0x80 | number])
    data[ipco + size : ipco + size] = clap
    return bytes(data)
