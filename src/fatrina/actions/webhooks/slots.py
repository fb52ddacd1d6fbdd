"""Limits on concurrent deliveries, so that no receiver or merchant starves another."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from threading import Lock
from time import monotonic
from typing import Final

from fatrina.adapters.database.deliveries import QueueHead, WaitingSubscription

MAX_PROMPT: Final = 32
"""Concurrent attempts to receivers that are not known to be slow."""
MAX_SLOW: Final = 96
"""Concurrent attempts to slow receivers: they wait for a response, and use few resources."""
MAX_PER_MERCHANT: Final = 4
"""Attempts of one merchant that may start, among the prompt and among the slow ones."""
MAX_SLOW_PER_MERCHANT: Final = 16
"""Slow attempts of one merchant, including those that became slow while running."""
MAX_PER_SUBSCRIPTION: Final = 2
"""Concurrent attempts to one subscription; 1 until its receiver has responded promptly."""
SLOW_AFTER_SECONDS: Final = 2.0
"""Seconds after which an attempt counts as slow."""


@dataclass(slots=True)
class _Running:
    head: QueueHead
    started: float
    slow: bool


class Slots:
    """Tracks the running attempts and decides which deliveries may start.

    A long attempt moves to the slow slots: a receiver that never responds occupies a prompt slot
    for seconds only, and once it is known to be slow, no prompt slot. Merchants and subscriptions
    that were served longest ago come first.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Measure by `clock`, a monotonic clock in seconds."""
        self._clock = clock
        self._lock = Lock()
        self._running: dict[int, _Running] = {}
        self._slow: dict[int, bool] = {}
        self._turns = count(1)
        self._merchant_turn: defaultdict[int, int] = defaultdict(int)
        self._subscription_turn: defaultdict[int, int] = defaultdict(int)

    def __len__(self) -> int:
        """Return the number of running attempts."""
        return len(self._running)

    def select_startable(self, waiting: Iterable[WaitingSubscription]) -> list[WaitingSubscription]:
        """Return the subscriptions to which a delivery may start now."""
        with self._lock:
            self._move_slow()
            return [each for each in waiting if self._has_room(each)]

    def acquire(self, heads: Iterable[QueueHead]) -> list[QueueHead]:
        """Acquire slots for the deliveries that may start, merchants in turn; return these."""
        with self._lock:
            waiting: defaultdict[int, list[QueueHead]] = defaultdict(list)
            for head in sorted(heads, key=self._last_turn):
                waiting[head.subscription.merchant_id].append(head)
            acquired: list[QueueHead] = []
            while found := self._acquire_round(waiting):
                acquired += found
            return acquired

    def release(self, head: QueueHead) -> None:
        """Release the slot of a finished attempt, and record whether the receiver was slow."""
        with self._lock:
            running = self._running.pop(head.id)
            self._slow[head.subscription.id] = self._clock() - running.started > SLOW_AFTER_SECONDS

    def cancel(self, head: QueueHead) -> None:
        """Release a slot that was not used."""
        with self._lock:
            del self._running[head.id]

    def _last_turn(self, head: QueueHead) -> tuple[int, int]:
        return self._subscription_turn[head.subscription.id], head.id

    def _acquire_round(self, waiting: dict[int, list[QueueHead]]) -> list[QueueHead]:
        """Acquire a slot for one delivery per merchant, starting with those served longest ago."""
        acquired = []
        for merchant_id in sorted(waiting, key=self._merchant_turn.__getitem__):
            head = next((each for each in waiting[merchant_id] if self._can_start(each)), None)
            if head is None:
                del waiting[merchant_id]  # no slot is released during this call
                continue
            waiting[merchant_id].remove(head)
            self._running[head.id] = _Running(
                head, self._clock(), slow=self._is_slow(head.subscription)
            )
            self._merchant_turn[merchant_id] = next(self._turns)
            self._subscription_turn[head.subscription.id] = next(self._turns)
            acquired.append(head)
        return acquired

    def _is_slow(self, subscription: WaitingSubscription) -> bool:
        return self._slow.get(subscription.id, subscription.failures > 0)

    def _has_room(self, subscription: WaitingSubscription) -> bool:
        """Return whether another delivery to a subscription may start."""
        slow = self._is_slow(subscription)
        merchant_ids = [
            each.head.subscription.merchant_id
            for each in self._running.values()
            if each.slow == slow
        ]
        if (
            len(merchant_ids) >= (MAX_SLOW if slow else MAX_PROMPT)
            or merchant_ids.count(subscription.merchant_id) >= MAX_PER_MERCHANT
        ):
            return False
        running = sum(
            each.head.subscription.id == subscription.id for each in self._running.values()
        )
        is_prompt = self._slow.get(subscription.id) is False and not subscription.failures
        return running < (MAX_PER_SUBSCRIPTION if is_prompt else 1)

    def _can_start(self, head: QueueHead) -> bool:
        key = head.subscription.id, head.product_id
        is_running = any(
            (each.head.subscription.id, each.head.product_id) == key
            for each in self._running.values()
        )
        return not is_running and self._has_room(head.subscription)

    def _move_slow(self) -> None:
        """Move long attempts to the slow slots, as far as these are free."""
        slow_count = Counter(
            each.head.subscription.merchant_id for each in self._running.values() if each.slow
        )
        for each in self._running.values():
            if each.slow or self._clock() - each.started <= SLOW_AFTER_SECONDS:
                continue
            self._slow[each.head.subscription.id] = True
            if (
                slow_count.total() < MAX_SLOW
                and slow_count[each.head.subscription.merchant_id] < MAX_SLOW_PER_MERCHANT
            ):
                each.slow = True
                slow_count[each.head.subscription.merchant_id] += 1
