"""The table of renditions: the documented pairs to the last bit, and general properties."""

from dataclasses import replace
from itertools import pairwise
from math import nextafter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import (
    HANDLE_LENGTH,
    ORIGINAL,
    RENDITIONS,
    ROLES,
    Original,
    Rendition,
    Size,
    handle_from_key,
)
from fatrina.domain.text import ALPHANUMERIC

SIDES = st.integers(1, 16_384)
TABLE = st.sampled_from(RENDITIONS)


@pytest.mark.parametrize(
    ("photo", "declared"),
    [
        (
            (1600, 1848),
            [
                (865.8008658008658, 1000),
                (432.9004329004329, 500),
                (103.89610389610388, 119.99999999999999),
            ],
        ),
        (
            (1480, 898),
            [(1000, 606.7567567567568), (500, 303.3783783783784), (120, 72.81081081081082)],
        ),
        (
            (1366, 580),
            [(1000, 424.597364568082), (500, 212.298682284041), (120, 50.95168374816984)],
        ),
    ],
)
def test_documented_pairs(photo: tuple[int, int], declared: list[tuple[float, float]]) -> None:
    assert [rendition.size(*photo) for rendition in RENDITIONS] == declared


def test_table_of_renditions() -> None:
    assert [(one.name, one.box) for one in RENDITIONS] == [
        ("standard_resolution", 1000),
        ("low_resolution", 500),
        ("thumbnail", 120),
    ]
    assert ROLES == (ORIGINAL, "standard_resolution", "low_resolution", "thumbnail")


@given(TABLE, SIDES, SIDES)
@example(RENDITIONS[0], 1159, 777)
@example(RENDITIONS[2], 16_384, 1)
@example(RENDITIONS[2], 1, 16_384)
def test_size_fits_its_box_and_is_never_enlarged(
    rendition: Rendition, width: int, height: int
) -> None:
    size = rendition.size(width, height)
    assert size.width <= width
    assert size.height <= height
    # The documented formula can exceed the box by one bit: 1159 by 777 declares 1000.0000000000001.
    assert max(size) <= nextafter(rendition.box, 2000)
    across, down = size.pixels()
    assert 1 <= across <= min(width, rendition.box)
    assert 1 <= down <= min(height, rendition.box)


@given(TABLE, SIDES, SIDES)
def test_larger_photo_fills_its_box(rendition: Rendition, width: int, height: int) -> None:
    if max(width, height) >= rendition.box:
        assert max(rendition.size(width, height).pixels()) == rendition.box


@given(TABLE, st.data())
def test_photo_inside_the_box_keeps_its_size(rendition: Rendition, data: st.DataObject) -> None:
    width, height = (data.draw(st.integers(1, rendition.box)) for _ in range(2))
    assert rendition.size(width, height) == (width, height)
    assert rendition.size(width, height).pixels() == (width, height)


@given(TABLE, SIDES, SIDES)
def test_aspect_ratio_is_preserved(rendition: Rendition, width: int, height: int) -> None:
    size = rendition.size(width, height)
    assert size.width / size.height == pytest.approx(width / height, rel=1e-12)


@given(TABLE, SIDES, SIDES)
def test_rotated_photo_has_a_rotated_size(rendition: Rendition, width: int, height: int) -> None:
    assert rendition.size(width, height) == rendition.size(height, width)[::-1]


@given(SIDES, SIDES)
def test_sizes_are_descending(width: int, height: int) -> None:
    sizes = [rendition.size(width, height).pixels() for rendition in RENDITIONS]
    for larger, smaller in pairwise(sizes):
        assert larger[0] >= smaller[0]
        assert larger[1] >= smaller[1]


@pytest.mark.parametrize(
    ("declared", "whole"),
    [
        (Size(72.81081081081082, 120), (73, 120)),
        (Size(103.89610389610388, 119.99999999999999), (104, 120)),
        (Size(2.5, 0.5), (3, 1)),
        (Size(0.49, 2.5), (1, 3)),
        (Size(0.007, 1000.0000000000001), (1, 1000)),
    ],
)
def test_integer_pixels_are_rounded_half_up_and_at_least_one(
    declared: Size, whole: tuple[int, int]
) -> None:
    assert declared.pixels() == whole


WORD = st.text(ALPHANUMERIC, min_size=HANDLE_LENGTH, max_size=HANDLE_LENGTH)
ORIGINALS = st.builds(
    Original,
    merchant_code=st.text(ALPHANUMERIC, min_size=4, max_size=6),
    handle=WORD,
    secret=WORD,
    format=st.sampled_from(ImageFormat),
    width=SIDES,
    height=SIDES,
)


@given(ORIGINALS)
def test_keys_are_distinct_and_contain_the_handle(original: Original) -> None:
    keys = original.keys()
    assert tuple(keys) == ROLES
    assert len(set(keys.values())) == len(ROLES)
    for key in keys.values():
        merchant, _, name = key.partition("/")
        stem, _, extension = name.partition(".")
        assert (merchant, extension) == (original.merchant_code, original.format.value)
        assert len(stem) == 40
        assert set(stem) <= set(ALPHANUMERIC)
        assert handle_from_key(key) == original.handle


@given(ORIGINALS, WORD)
def test_keys_depend_on_the_secret(original: Original, secret: str) -> None:
    other = replace(original, secret=secret)
    assert (other.keys() == original.keys()) is (secret == original.secret)
    assert set(other.keys().values()).isdisjoint(original.keys().values()) or other == original


def test_key_formula_is_stable() -> None:
    """Stored files are found by these computed names: another formula would lose all of them."""
    original = Original("bYQEn", "0123456789ab", "secret", ImageFormat.PNG, 1600, 1848)
    assert original.keys() == {
        "original": "bYQEn/0123456789abwjDO81EVPqwrnjIBiT3cYBWBj32o.png",
        "standard_resolution": "bYQEn/0123456789abLl36d9nqQHpyCw7Rw8tYG5UoorL8.png",
        "low_resolution": "bYQEn/0123456789abzHYCP0sByoWvSQr180UZi8VeWJm2.png",
        "thumbnail": "bYQEn/0123456789abhtpGHM9PaIfS5GrBdxMzVIbxTzXP.png",
    }


@given(ORIGINALS)
def test_sizes_match_the_table(original: Original) -> None:
    width, height = original.width, original.height
    sizes = original.sizes()
    assert tuple(sizes) == ROLES
    assert sizes.pop(ORIGINAL) == (width, height)
    assert list(sizes.values()) == [rendition.size(width, height) for rendition in RENDITIONS]
