"""Which requests a fault strikes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain.dial import KINDS, Dial


@pytest.mark.parametrize(
    ("method", "path", "struck"),
    [
        ("*", "*", True),
        ("POST", "/a/*", True),
        ("POST", "/a/b", True),
        ("GET", "*", False),
        ("*", "/a", False),
        ("*", "/A/b", False),
        ("*", "*/b", True),
    ],
)
def test_what_it_fits(method: str, path: str, *, struck: bool) -> None:
    dial = Dial()
    dial.order("503", method=method, path=path)
    assert bool(dial.struck("POST", "/a/b")) is struck


@given(times=st.integers(1, 20), asked=st.integers(0, 40))
def test_it_strikes_so_many_times(times: int, asked: int) -> None:
    dial = Dial()
    fault = dial.order("503", times=times)
    assert sum(bool(dial.struck("GET", "/")) for _ in range(asked)) == min(times, asked)
    assert fault.struck == min(times, asked)


def test_a_share_is_about_that_and_the_same_again() -> None:
    def struck(seed: int) -> list[bool]:
        dial = Dial()
        dial.order("503", share=0.2, seed=seed)
        return [bool(dial.struck("GET", "/")) for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 150 < sum(struck(1)) < 250


def test_faults_are_taken_back() -> None:
    dial = Dial()
    first, second = dial.order("wait"), dial.order("503")
    assert dial.struck("GET", "/") == [first, second]
    assert dial.clear(first.id)
    assert not dial.clear(first.id)
    assert dial.struck("GET", "/") == [second]
    assert dial.clear()
    assert not dial.struck("GET", "/")


def test_every_kind_has_words() -> None:
    assert all(KINDS.values())
