"""Count what merchants ask, and say what they may still ask."""

import structlog

from fatrina.actions.clock import Clock
from fatrina.adapters.buckets import Buckets, LostError
from fatrina.domain import rate
from fatrina.domain.access import Caller
from fatrina.domain.rate import Allowance

log = structlog.get_logger("fatrina")


class Counter:
    """Counts requests by merchant; without buckets it counts none."""

    def __init__(self, buckets: Buckets | None, clock: Clock) -> None:
        self._buckets = buckets
        self._clock = clock

    def count(self, caller: Caller) -> Allowance | None:
        """Count one request; None when nothing is counted.

        That is also so where the buckets are lost: limits that fail must not close the shop.
        """
        if self._buckets is None:
            return None
        allowance = None

        def pour(empty_at: int) -> int:
            nonlocal allowance
            limit = rate.PLANS.get(caller.plan, rate.PLANS[rate.DEFAULT])
            after, allowance = rate.pour(limit, empty_at, self._clock())
            return after

        try:
            self._buckets.change(caller.merchant_id, pour)
        except LostError as fault:
            log.warning("limits lost", cause=repr(fault.__cause__))
            return None
        return allowance

    def forget(self) -> None:
        """Begin anew, as for shops that never asked."""
        if self._buckets is not None:
            forget(self._buckets)


def forget(buckets: Buckets) -> None:
    """Empty all buckets; limits that fail must not stop what the operator does."""
    try:
        buckets.empty()
    except LostError as fault:
        log.warning("limits lost", cause=repr(fault.__cause__))
