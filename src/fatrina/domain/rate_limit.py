"""Rate limit of a merchant: a leaky bucket whose capacity depends on the merchant's plan."""

from dataclasses import dataclass
from typing import Final

from fatrina.domain.types import Millis

PLANS: Final = {"plus": 120, "pro": 360, "special": 720}
"""Capacity of each plan's bucket, in requests: the figures of the real API."""
DEFAULT_PLAN: Final = "plus"
_LEAK_INTERVAL: Final = 1000
"""Milliseconds in which one request leaks out, for every plan."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """State of a merchant's bucket after a request."""

    limit: int
    """Capacity of the bucket, in requests."""
    remaining: int
    """Requests that it accepts immediately."""
    reset_at: int
    """Time at which it will be empty, in seconds since the epoch, rounded up."""
    retry_after: int
    """Seconds until it accepts the rejected request, rounded up; 0 if it was accepted."""


def consume(limit: int, empty_at: Millis, now: Millis) -> tuple[Millis, RateLimitStatus]:
    """Count one request in a bucket; return the new `empty_at` and the state of the bucket.

    `limit` is the capacity in requests; `empty_at`, the time at which the bucket will be empty, and
    `now` are in milliseconds since the epoch. A rejected request is not counted. If the clock moves
    back, the level is capped at the limit.
    """
    capacity = limit * _LEAK_INTERVAL
    level = min(max(empty_at - now, 0), capacity)
    excess = max(level + _LEAK_INTERVAL - capacity, 0)
    level += 0 if excess else _LEAK_INTERVAL
    status = RateLimitStatus(
        limit=limit,
        remaining=(capacity - level) // _LEAK_INTERVAL,
        reset_at=_to_seconds(Millis(now + level)),
        retry_after=_to_seconds(Millis(excess)),
    )
    return Millis(now + level), status


def _to_seconds(milliseconds: Millis) -> int:
    return -(-milliseconds // 1000)
