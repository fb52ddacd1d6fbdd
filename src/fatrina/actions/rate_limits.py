"""Count what merchants ask, and say what they may still ask."""

import structlog

from fatrina.actions.clock import Clock
from fatrina.adapters.rate_limits import BucketStore, BucketStoreError
from fatrina.domain import rate_limit
from fatrina.domain.access import Caller
from fatrina.domain.rate_limit import RateLimitStatus

log = structlog.get_logger("fatrina")


class RateLimiter:
    """Counts requests by merchant; without buckets it counts none."""

    def __init__(self, buckets: BucketStore | None, clock: Clock) -> None:
        self._buckets = buckets
        self._clock = clock

    def count(self, caller: Caller) -> RateLimitStatus | None:
        """Count one request; None when nothing is counted.

        That is also so where the buckets are lost: limits that fail must not close the shop.
        """
        if self._buckets is None:
            return None
        allowance = None

        def pour(empty_at: int) -> int:
            nonlocal allowance
            limit = rate_limit.PLANS.get(caller.plan, rate_limit.PLANS[rate_limit.DEFAULT_PLAN])
            after, allowance = rate_limit.consume(limit, empty_at, self._clock())
            return after

        try:
            self._buckets.update(caller.merchant_id, pour)
        except BucketStoreError as exc:
            log.warning("limits lost", cause=repr(exc.__cause__))
            return None
        return allowance

    def reset(self) -> None:
        """Begin anew, as for shops that never asked."""
        if self._buckets is not None:
            reset(self._buckets)


def reset(buckets: BucketStore) -> None:
    """Empty all buckets; limits that fail must not stop what the operator does."""
    try:
        buckets.clear()
    except BucketStoreError as exc:
        log.warning("limits lost", cause=repr(exc.__cause__))
