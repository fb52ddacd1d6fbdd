"""Rate limit of a merchant: a leaky bucket whose capacity depends on the merchant's plan."""

from dataclasses import dataclass
from typing import Final

from fatrina.domain.types import Millis

PLANS: Final = {"plus": 120, "pro": 360, "special": 720}
"""Capacity of each plan's bucket, in requests: the figures of the real API."""
DEFAULT_PLAN: Final = "plus"
LEAK_INTERVAL: Final = 1000
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
    capacity = limit * LEAK_INTERVAL
    level = min(max(empty_at - now, 0), capacity)
    accepted = level + LEAK_INTERVAL <= capacity
    level += LEAK_INTERVAL if accepted else 0
    return Millis(now + level), status(limit, Millis(level), now, accepted=accepted)


def status(limit: int, level: Millis, now: Millis, *, accepted: bool) -> RateLimitStatus:
    """Return the status after a request; `level` is the time until the bucket is empty."""
    capacity = limit * LEAK_INTERVAL
    excess = 0 if accepted else level + LEAK_INTERVAL - capacity
    return RateLimitStatus(
        limit=limit,
        remaining=(capacity - level) // LEAK_INTERVAL,
        reset_at=_to_seconds(Millis(now + level)),
        retry_after=_to_seconds(Millis(excess)),
    )


def _to_seconds(milliseconds: Millis) -> int:
    return -(-milliseconds // 1000)
