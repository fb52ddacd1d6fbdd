"""Worker slots that merchants share fairly: none can take more than half of them."""

from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Final

from anyio import CapacityLimiter, Event, fail_after

from fatrina.domain import errors

_MAX_WAIT_SECONDS: Final = 60.0
"""Seconds that a request waits for a slot."""
_RETRY_SECONDS: Final = 5
_MERCHANT_DIVISOR: Final = 2
"""One merchant has at most one slot of so many."""


class FairLimiter:
    """Limits how much is done at once, and by one merchant; used in the event loop alone.

    A free slot goes to the merchant that has the fewest at that moment; of those, to the one that
    waits longest. A merchant's own requests keep their order. Half of the slots stay free for
    others, so a merchant whose links never answer does not make another one wait.
    """

    def __init__(self, total: int) -> None:
        """Limit to `total` slots."""
        self.threads = CapacityLimiter(total)
        """For `anyio.to_thread.run_sync`; it never makes a holder of a slot wait."""
        self._merchant_limit = ceil(total / _MERCHANT_DIVISOR)
        self._held: Counter[int] = Counter()
        self._free = total
        self._queues: dict[int, deque[Event]] = {}

    @asynccontextmanager
    async def slot(self, merchant_id: int) -> AsyncIterator[None]:
        """Hold a slot for a merchant.

        Raises:
            errors.Busy: none came free in time.
        """
        await self._acquire(merchant_id)
        try:
            yield
        finally:
            self._release(merchant_id)

    async def _acquire(self, merchant_id: int) -> None:
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

    def _release(self, merchant_id: int) -> None:
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
            queue = self._queues.pop(merchant_id)  # behind the others that wait
            if queue:
                self._queues[merchant_id] = queue

    def _delete_empty_queue(self, merchant_id: int) -> None:
        if not self._queues.get(merchant_id, True):
            del self._queues[merchant_id]
