"""AVIF: metadata is overwritten with zeros; every byte keeps its offset."""

import struct

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import heif
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.containers import Item, box, build_avif, read_boxes
from tests.domain.metadata_stripping.appearance import appearance, strip
from tests.metadata_markers import SECRET, avif_parts, avif_with_items

IMAGE, PROPERTIES = avif_parts()
ALL = range(1, len(PROPERTIES) + 1)
PLAIN = avif_with_items()


def replaced(photo: bytes, old: bytes, new: bytes) -> bytes:
    assert photo.count(old) == 1
    return photo.replace(old, new)


def test_offsets_are_unchanged() -> None:
    exif = Item(b"Exif", SECRET, SECRET + b"\0")
    photo = avif_with_items(exif, references=[(b"cdsc", 2, [1])], gap=SECRET)
    served = strip(ImageFormat.AVIF, photo)
    assert len(served) == len(photo)
    assert served.index(IMAGE) == photo.index(IMAGE)
    changed = {new for old, new in zip(photo, served, strict=True) if old != new}
    assert changed == {0, *b"free"}


def grid() -> bytes:
    """Return an image of two tiles, with the grid item itself in the description."""
    wide = box(b"ispe", struct.pack(">III", 0, 2 * sample_photos.WIDTH, sample_photos.HEIGHT))
    layout = struct.pack(">BBBBHH", 0, 0, 0, 1, 2 * sample_photos.WIDTH, sample_photos.HEIGHT)
    items = [Item(b"grid", layout, inner=True), Item(b"av01", IMAGE), Item(b"av01", IMAGE)]
    owned = [[len(PROPERTIES) + 1], ALL, ALL]
    return build_avif(
        items, [*PROPERTIES, wide], owned, references=[(b"dimg", 1, [2, 3])], gap=SECRET
    )


def test_grid_tiles_are_kept() -> None:
    served = strip(ImageFormat.AVIF, grid())
    assert served.count(IMAGE) == 2
    assert SECRET not in served
    assert appearance(ImageFormat.AVIF, served) == appearance(ImageFormat.AVIF, grid())
    assert appearance(ImageFormat.AVIF, served)[:2] == (
        2 * sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


def test_thumbnails_and_further_images_are_removed() -> None:
    other = avif_parts(seed=2)[0]
    photo = avif_with_items(
        Item(b"av01", other), Item(b"av01", other), references=[(b"thmb", 2, [1])]
    )
    served = strip(ImageFormat.AVIF, photo)
    assert other not in served
    assert served.count(b"av01") == 1
    assert b"thmb" not in served


def test_image_sequence_becomes_a_still_image() -> None:
    sequence = avif_with_items(brands=b"avis\0\0\0\1avifavismsf1iso8miafMA1A")
    brands = read_boxes(strip(ImageFormat.AVIF, sequence))[0][1]
    assert brands == b"avif\0\0\0\0avifavifmif1mif1miafMA1A"


@pytest.mark.parametrize("version", [0, 1, 2])
def test_every_iloc_version_is_read(version: int) -> None:
    """The location of the image is the last 8 bytes of the box, as the builder writes it."""
    at, size = PLAIN.index(IMAGE), len(IMAGE)
    old = struct.pack(">BxxxBBHHHHHII", 1, 0x44, 0, 1, 1, 0, 0, 1, at, size)
    wide = version == 2
    new = struct.pack(">BxxxBB", version, 0x84, 0x40 + (4 if version else 0))
    new += struct.pack(">II" if wide else ">HH", 1, 1) + (b"\0\0" if version else b"") + b"\0\0"
    grown = len(new) + 4 + 2 + (4 if version else 0) + 8 + 4 - len(old)
    new += struct.pack(">IH", 5, 1) + (bytes(4) if version else b"")
    new += struct.pack(">QI", at - 5 + grown, size)
    photo = replaced(PLAIN, box(b"iloc", old), box(b"iloc", new))
    meta = photo.index(b"meta") - 4
    length = int.from_bytes(photo[meta : meta + 4], "big") + grown
    photo = photo[:meta] + struct.pack(">I", length) + photo[meta + 4 :]
    assert appearance(ImageFormat.AVIF, photo) == appearance(ImageFormat.AVIF, PLAIN)
    assert strip(ImageFormat.AVIF, photo + SECRET) == photo


def test_mdat_without_size_or_with_64_bit_size() -> None:
    at = PLAIN.index(b"mdat") - 4
    endless = PLAIN[:at] + bytes(4) + PLAIN[at + 4 :]
    assert strip(ImageFormat.AVIF, endless + SECRET) == endless + bytes(len(SECRET))
    long = box(b"free", SECRET)[4:]
    photo = avif_with_items(
        between=struct.pack(">I", 1) + long[:4] + struct.pack(">Q", 16 + len(SECRET)) + SECRET
    )
    assert SECRET not in strip(ImageFormat.AVIF, photo)
    assert appearance(ImageFormat.AVIF, photo) == appearance(
        ImageFormat.AVIF, strip(ImageFormat.AVIF, photo)
    )


def test_profile_is_kept_without_trailing_bytes() -> None:
    profile = sample_photos.icc_profile()
    exact = avif_with_items(prop=box(b"colr", b"prof", profile))
    longer = avif_with_items(prop=box(b"colr", b"prof", profile, SECRET))
    assert strip(ImageFormat.AVIF, exact) == exact
    assert profile in strip(ImageFormat.AVIF, longer)
    assert SECRET not in strip(ImageFormat.AVIF, longer)
    assert SECRET not in strip(
        ImageFormat.AVIF, avif_with_items(prop=box(b"colr", b"rICC", SECRET))
    )


def test_unknown_boxes_in_iprp_are_removed() -> None:
    assert b"SECR" not in strip(ImageFormat.AVIF, replaced(PLAIN, b"ipma", b"SECR"))


def test_appended_data_is_removed() -> None:
    for more in (b"x", b"<html>" * 9, bytes(64), box(b"uuid", SECRET), box(b"meta", SECRET)):
        assert strip(ImageFormat.AVIF, PLAIN + more) == PLAIN


def with_location(start: int, size: int) -> bytes:
    """Return the plain photo with its image data at another location."""
    old = struct.pack(">II", PLAIN.index(IMAGE), len(IMAGE))
    return replaced(PLAIN, old, struct.pack(">II", start, size))


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[:-1],
        PLAIN[: PLAIN.index(b"mdat") - 4],
        PLAIN[28:],
        with_location(0, 20),
        with_location(PLAIN.index(IMAGE), len(IMAGE) + 1),
        with_location(0xFFFFFFFF, 0xFFFFFFFF),
        replaced(PLAIN, b"pitm", b"pitn"),
        replaced(PLAIN, b"pict", b"vide"),
        replaced(PLAIN, b"av01", b"mime"),
        replaced(PLAIN, b"infe\2", b"infe\1"),
        replaced(PLAIN, b"\x44\0\0\1", b"\x44\0\0\2"),
        replaced(PLAIN, b"iloc\1\0\0\0\x44", b"iloc\1\0\0\0\x43"),
        replaced(PLAIN, struct.pack(">HHH", 1, 0, 0), struct.pack(">HHH", 1, 1, 0)),
        replaced(PLAIN, struct.pack(">HHH", 1, 0, 0), struct.pack(">HHH", 1, 2, 0)),
        avif_with_items(Item(b"av01", b""), references=[(b"thmb", 1, [2])]),
        avif_with_items(inside=box(b"pitm", bytes(6))),
        avif_with_items(inside=b"abc"),
        replaced(
            avif_with_items(Item(b"Exif", b"")), struct.pack(">H", 2) + b"\0\0Exif", b"\0\1\0\0Exif"
        ),
    ],
    ids=range(18),
)
def test_malformed_files_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        heif.strip(broken)
