"""The pieces of a clean file: merged where they touch, and ranges wherever nothing changed."""

import pytest

from fatrina.domain.cleaning.pieces import PARTS, Clean, Cut, bounded
from fatrina.domain.errors import PhotoDamaged

DATA = b"0123456789"


def test_ranges_that_touch_are_one() -> None:
    cut = Cut(DATA)
    cut.keep(0, 3)
    cut.keep(3, 3)
    cut.put(b"")
    cut.keep(3, 7)
    cut.keep(8, 10)
    assert cut.clean().pieces == (range(7), range(8, 10))


def test_what_reads_the_same_is_a_range() -> None:
    cut = Cut(DATA)
    cut.swap(0, 3, b"012")
    cut.swap(3, 6, b"abc")
    cut.swap(6, 10, b"6")
    assert cut.clean().pieces == (range(3), b"abc", b"6")


def test_one_cut_goes_on_with_another() -> None:
    inner = Cut(DATA)
    inner.keep(4, 6)
    inner.put(b"xy")
    outer = Cut(DATA)
    outer.keep(0, 4)
    outer.add(inner)
    assert outer.size == 8
    assert outer.clean(scans=2, frames=3) == Clean((range(6), b"xy"), scans=2, frames=3)


def test_untouched_is_the_whole_and_nothing_else() -> None:
    assert Clean((range(10),)).untouched(10)
    assert not Clean((range(9),)).untouched(10)
    assert not Clean((range(9), b"9")).untouched(10)
    assert Clean((range(2, 5), b"abc")).size == 6


def test_parts_are_bounded() -> None:
    assert sum(1 for _ in bounded(range(PARTS))) == PARTS
    with pytest.raises(PhotoDamaged):
        list(bounded(range(PARTS + 1)))
