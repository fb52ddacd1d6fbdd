"""Fair concurrency limiter: one merchant can use at most half of the slots."""

from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Final

from anyio import CapacityLimiter, Event, fail_after

from fatrina.domain import errors
from fatrina.domain.types import MerchantId

_MAX_WAIT_SECONDS: Final = 60.0
"""Maximum seconds that a request waits for a slot."""
_RETRY_SECONDS: Final = 5
_MERCHANT_DIVISOR: Final = 2
"""The maximum of one merchant is the total divided by this, rounded up."""


class FairLimiter:
    """Limit concurrent work, in total and for each merchant; for use in the event loop only.

    A free slot goes to the waiting merchant with the fewest slots; among those, to the merchant
    that has waited longest. Requests of one merchant are served in order. Half of the slots are
    left for other merchants, so one whose links never respond does not delay them.
    """

    def __init__(self, total: int) -> None:
        """Create a limiter with `total` slots."""
        self.threads = CapacityLimiter(total)
        """Limiter for `anyio.to_thread.run_sync`; holders of slots never wait for it."""
        self._merchant_limit = ceil(total / _MERCHANT_DIVISOR)
        self._held: Counter[int] = Counter()
        self._free = total
        self._queues: dict[int, deque[Event]] = {}

    @asynccontextmanager
    async def slot(self, merchant_id: MerchantId) -> AsyncIterator[None]:
        """Hold a slot for a merchant while the context is open.

        Raises:
            errors.Busy: no slot became free in time.
        """
        await self._acquire(merchant_id)
        try:
            yield
        finally:
            self._release(merchant_id)

    async def _acquire(self, merchant_id: MerchantId) -> None:
        queue = self._queues.setdefault(merchant_id, deque())
        granted = Event()
        queue.append(granted)
        self._grant()
        try:
            with fail_after(_MAX_WAIT_SECONDS):
                await granted.wait()
        except BaseException as exc:
            if granted.is_set():
                self._release(merchant_id)
            else:
                queue.remove(granted)
                self._delete_empty_queue(merchant_id)
            if isinstance(exc, TimeoutError):
                raise errors.Busy(retry=_RETRY_SECONDS) from None
            raise

    def _release(self, merchant_id: MerchantId) -> None:
        self._free += 1
        self._held[merchant_id] -= 1
        if not self._held[merchant_id]:
            del self._held[merchant_id]
        self._grant()

    def _grant(self) -> None:
        while self._free:
            eligible = [each for each in self._queues if self._held[each] < self._merchant_limit]
            if not eligible:
                return
            merchant_id = min(eligible, key=self._held.__getitem__)
            self._queues[merchant_id].popleft().set()
            self._held[merchant_id] += 1
            self._free -= 1
            queue = self._queues.pop(merchant_id)  # move the merchant behind the other waiting ones
            if queue:
                self._queues[merchant_id] = queue

    def _delete_empty_queue(self, merchant_id: MerchantId) -> None:
        if not self._queues.get(merchant_id, True):
            del self._queues[merchant_id]
