"""Which requests an injected fault matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.emulator.fault_injection import KINDS, FaultInjector


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
def test_matching_by_method_and_path(method: str, path: str, *, struck: bool) -> None:
    dial = FaultInjector()
    dial.add("503", method=method, path=path)
    assert bool(dial.matching("POST", "/a/b")) is struck


@given(times=st.integers(1, 20), asked=st.integers(0, 40))
def test_times_limits_the_hits(times: int, asked: int) -> None:
    dial = FaultInjector()
    fault = dial.add("503", remaining=times)
    assert sum(bool(dial.matching("GET", "/")) for _ in range(asked)) == min(times, asked)
    assert fault.hits == min(times, asked)


def test_share_is_reproducible_with_a_seed() -> None:
    def struck(seed: int) -> list[bool]:
        dial = FaultInjector()
        dial.add("503", probability=0.2, seed=seed)
        return [bool(dial.matching("GET", "/")) for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 150 < sum(struck(1)) < 250


def test_clear_removes_faults() -> None:
    dial = FaultInjector()
    first, second = dial.add("wait"), dial.add("503")
    assert dial.matching("GET", "/") == [first, second]
    assert dial.clear(first.id)
    assert not dial.clear(first.id)
    assert dial.matching("GET", "/") == [second]
    assert dial.clear()
    assert not dial.matching("GET", "/")


def test_every_kind_has_a_description() -> None:
    assert all(KINDS.values())
