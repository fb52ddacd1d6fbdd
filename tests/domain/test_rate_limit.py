"""The leaky bucket, compared with a model that uses exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import rate_limit
from fatrina.domain.rate_limit import RateLimitStatus, consume
from fatrina.domain.types import Millis

NOW = Millis(1_800_000_000_000)
WAITS = st.lists(st.integers(0, 3000), max_size=60)


def test_the_plans_of_the_real_api() -> None:
    assert rate_limit.PLANS == {"plus": 120, "pro": 360, "special": 720}
    assert rate_limit.DEFAULT_PLAN in rate_limit.PLANS


def test_a_full_bucket_rejects_requests() -> None:
    empty_at, told = 0, []
    for _ in range(3):
        empty_at, allowance = consume(2, Millis(empty_at), NOW)
        told.append(allowance)
    assert told == [
        RateLimitStatus(limit=2, remaining=1, reset_at=NOW // 1000 + 1, retry_after=0),
        RateLimitStatus(limit=2, remaining=0, reset_at=NOW // 1000 + 2, retry_after=0),
        RateLimitStatus(limit=2, remaining=0, reset_at=NOW // 1000 + 2, retry_after=1),
    ]


def test_one_request_leaks_per_second() -> None:
    empty_at, _ = consume(1, Millis(0), NOW)
    assert consume(1, empty_at, Millis(NOW + 999))[1].retry_after == 1
    assert consume(1, empty_at, Millis(NOW + 1000))[1].retry_after == 0


def test_a_clock_set_back_fills_the_bucket_at_most() -> None:
    empty_at, _ = consume(5, Millis(NOW + 10**9), NOW)
    assert empty_at == NOW + 5000
    assert consume(5, empty_at, Millis(NOW + 1000))[1].retry_after == 0


@given(limit=st.integers(1, 10), waits=WAITS)
def test_matches_an_exact_model(limit: int, waits: list[int]) -> None:
    level, now, empty_at = Fraction(0), NOW, 0
    for wait in waits:
        now = Millis(now + wait)
        level = max(level - Fraction(wait, 1000), Fraction(0))
        fits = level + 1 <= limit
        level += fits
        empty_at, allowance = consume(limit, Millis(empty_at), Millis(now))
        assert (allowance.retry_after == 0) is fits
        assert allowance.remaining == int(limit - level)
        assert allowance.reset_at * 1000 >= now + level * 1000 > allowance.reset_at * 1000 - 1000


@given(limit=st.integers(1, 10), waits=WAITS)
def test_a_request_after_retry_after_is_accepted(limit: int, waits: list[int]) -> None:
    now, empty_at = NOW, 0
    for wait in waits:
        now = Millis(now + wait)
        empty_at, allowance = consume(limit, Millis(empty_at), Millis(now))
        if allowance.retry_after:
            now = Millis(now + allowance.retry_after * 1000)
            empty_at, allowance = consume(limit, empty_at, Millis(now))
            assert allowance.retry_after == 0


@pytest.mark.parametrize("limit", [1, 120])
def test_an_idle_bucket_is_empty(limit: int) -> None:
    _, allowance = consume(limit, Millis(NOW - 1), NOW)
    assert (allowance.remaining, allowance.retry_after) == (limit - 1, 0)
