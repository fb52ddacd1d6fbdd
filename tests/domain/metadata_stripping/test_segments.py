"""The pieces of a clean file: merged where they touch, and ranges wherever nothing changed."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.segments import (
    MAX_SEGMENTS,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

DATA = b"0123456789"


def test_ranges_that_touch_are_one() -> None:
    cut = SegmentBuilder(DATA)
    cut.keep(0, 3)
    cut.keep(3, 3)
    cut.append(b"")
    cut.keep(3, 7)
    cut.keep(8, 10)
    assert cut.build().segments == (range(7), range(8, 10))


def test_what_reads_the_same_is_a_range() -> None:
    cut = SegmentBuilder(DATA)
    cut.replace(0, 3, b"012")
    cut.replace(3, 6, b"abc")
    cut.replace(6, 10, b"6")
    assert cut.build().segments == (range(3), b"abc", b"6")


def test_one_cut_goes_on_with_another() -> None:
    inner = SegmentBuilder(DATA)
    inner.keep(4, 6)
    inner.append(b"xy")
    outer = SegmentBuilder(DATA)
    outer.keep(0, 4)
    outer.extend(inner)
    assert outer.size == 8
    assert outer.build(scans=2, frames=3) == StrippedFile((range(6), b"xy"), scans=2, frames=3)


def test_untouched_is_the_whole_and_nothing_else() -> None:
    assert StrippedFile((range(10),)).is_unchanged(10)
    assert not StrippedFile((range(9),)).is_unchanged(10)
    assert not StrippedFile((range(9), b"9")).is_unchanged(10)
    assert StrippedFile((range(2, 5), b"abc")).size == 6


def test_parts_are_bounded() -> None:
    assert sum(1 for _ in limit_segments(range(MAX_SEGMENTS))) == MAX_SEGMENTS
    with pytest.raises(PhotoDamaged):
        list(limit_segments(range(MAX_SEGMENTS + 1)))
