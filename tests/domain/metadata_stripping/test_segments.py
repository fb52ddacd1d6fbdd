"""Segments of a stripped file: adjacent ranges are merged, and equal bytes are ranges."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.segments import (
    MAX_SEGMENTS,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

DATA = b"0123456789"


def test_adjacent_ranges_are_merged() -> None:
    builder = SegmentBuilder(DATA)
    builder.keep(0, 3)
    builder.keep(3, 3)
    builder.append(b"")
    builder.keep(3, 7)
    builder.keep(8, 10)
    assert builder.build().segments == (range(7), range(8, 10))


def test_equal_replacement_is_a_range() -> None:
    builder = SegmentBuilder(DATA)
    builder.replace(0, 3, b"012")
    builder.replace(3, 6, b"abc")
    builder.replace(6, 10, b"6")
    assert builder.build().segments == (range(3), b"abc", b"6")


def test_builder_is_extended() -> None:
    inner = SegmentBuilder(DATA)
    inner.keep(4, 6)
    inner.append(b"xy")
    outer = SegmentBuilder(DATA)
    outer.keep(0, 4)
    outer.extend(inner)
    assert outer.size == 8
    assert outer.build(scans=2, frames=3) == StrippedFile((range(6), b"xy"), scans=2, frames=3)


def test_is_unchanged() -> None:
    assert StrippedFile((range(10),)).is_unchanged(10)
    assert not StrippedFile((range(9),)).is_unchanged(10)
    assert not StrippedFile((range(9), b"9")).is_unchanged(10)
    assert StrippedFile((range(2, 5), b"abc")).size == 6


def test_segment_limit() -> None:
    assert sum(1 for _ in limit_segments(range(MAX_SEGMENTS))) == MAX_SEGMENTS
    with pytest.raises(PhotoDamaged):
        list(limit_segments(range(MAX_SEGMENTS + 1)))
