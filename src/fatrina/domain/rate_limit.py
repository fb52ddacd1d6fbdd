"""How many requests a merchant may make: a leaky bucket, as large as the merchant's plan."""

from dataclasses import dataclass
from typing import Final

PLANS: Final = {"plus": 120, "pro": 360, "special": 720}
"""Requests that each plan's bucket holds: the figures of the real API."""
DEFAULT_PLAN: Final = "plus"
_LEAK_INTERVAL: Final = 1000
"""Milliseconds in which one request leaks out, whatever the plan."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What a merchant may still do, after one request was counted."""

    limit: int
    """Requests that the bucket holds."""
    remaining: int
    """Requests that it would take at once."""
    reset_at: int
    """When it is empty again: seconds since the epoch, rounded up."""
    retry_after: int
    """Seconds until it takes the request that it has refused, rounded up; 0 when it took it."""


def consume(limit: int, empty_at: int, now: int) -> tuple[int, RateLimitStatus]:
    """Put one request into a bucket of `limit` that will be empty at `empty_at`, milliseconds both.

    What does not fit is not put in. A clock that is set back fills the bucket at most.
    """
    full = limit * _LEAK_INTERVAL
    level = min(max(empty_at - now, 0), full)
    over = max(level + _LEAK_INTERVAL - full, 0)
    level += 0 if over else _LEAK_INTERVAL
    allowance = RateLimitStatus(
        limit=limit,
        remaining=(full - level) // _LEAK_INTERVAL,
        reset_at=_to_seconds(now + level),
        retry_after=_to_seconds(over),
    )
    return now + level, allowance


def _to_seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)
