"""Count the requests of each merchant and return the status of its rate limit."""

import structlog

from fatrina.adapters.rate_limits import BucketStore, BucketStoreError
from fatrina.domain import errors, rate_limit
from fatrina.domain.access import Caller
from fatrina.domain.rate_limit import RateLimitStatus

log = structlog.get_logger("fatrina")


class RateLimiter:
    """Counts requests per merchant; without a bucket store, it counts nothing."""

    def __init__(self, bucket_store: BucketStore | None) -> None:
        self._bucket_store = bucket_store

    def count(self, caller: Caller) -> RateLimitStatus | None:
        """Count one request; return None if rate limits are off or the bucket store fails.

        A failing bucket store must not reject requests.
        """
        if self._bucket_store is None:
            return None
        limit = rate_limit.PLANS.get(caller.plan, rate_limit.PLANS[rate_limit.DEFAULT_PLAN])
        try:
            return self._bucket_store.consume(caller.merchant_id, limit)
        except (BucketStoreError, errors.ServiceUnavailable) as exc:
            log.warning("rate limits not counted", cause=repr(exc.__cause__))
            return None

    def reset(self) -> None:
        """Empty all buckets, as if no merchant had sent a request."""
        if self._bucket_store is not None:
            reset(self._bucket_store)


def reset(bucket_store: BucketStore) -> None:
    """Empty all buckets; log a failing bucket store, so that the operator's command continues."""
    try:
        bucket_store.clear()
    except (BucketStoreError, errors.ServiceUnavailable) as exc:
        log.warning("rate limits not counted", cause=repr(exc.__cause__))
