"""Count the requests of each merchant and return the status of its rate limit."""

import structlog

from fatrina.actions.clock import Clock
from fatrina.adapters.rate_limits import BucketStore, BucketStoreError
from fatrina.domain import rate_limit
from fatrina.domain.access import Caller
from fatrina.domain.rate_limit import RateLimitStatus
from fatrina.domain.types import Millis

log = structlog.get_logger("fatrina")


class RateLimiter:
    """Counts requests per merchant; without a bucket store, it counts nothing."""

    def __init__(self, bucket_store: BucketStore | None, clock: Clock) -> None:
        self._bucket_store = bucket_store
        self._clock = clock

    def count(self, caller: Caller) -> RateLimitStatus | None:
        """Count one request; return None if rate limits are off or the bucket store fails.

        A failing bucket store must not reject requests.
        """
        if self._bucket_store is None:
            return None
        status = None

        def consume(empty_at: int) -> int:
            nonlocal status
            limit = rate_limit.PLANS.get(caller.plan, rate_limit.PLANS[rate_limit.DEFAULT_PLAN])
            after, status = rate_limit.consume(limit, Millis(empty_at), self._clock())
            return after

        try:
            self._bucket_store.update(caller.merchant_id, consume)
        except BucketStoreError as exc:
            log.warning("rate limits not counted", cause=repr(exc.__cause__))
            return None
        return status

    def reset(self) -> None:
        """Empty all buckets, as if no merchant had sent a request."""
        if self._bucket_store is not None:
            reset(self._bucket_store)


def reset(bucket_store: BucketStore) -> None:
    """Empty all buckets; log a failing bucket store, so that the operator's command continues."""
    try:
        bucket_store.clear()
    except BucketStoreError as exc:
        log.warning("rate limits not counted", cause=repr(exc.__cause__))
