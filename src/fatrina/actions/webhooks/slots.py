"""Slots of the dispatcher: who may start a delivery, so that no receiver starves another."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from threading import Lock
from time import monotonic
from typing import Final

from fatrina.adapters.database.deliveries import QueueHead, WaitingSubscription

MAX_PROMPT: Final = 32
"""Attempts under way at once to receivers that answer promptly, as far as is known."""
MAX_SLOW: Final = 96
"""Attempts under way at once to slow receivers: they wait for an answer, and cost little."""
MAX_PER_MERCHANT: Final = 4
"""Of the prompt and of the slow attempts, how many may be one merchant's."""
MAX_SLOW_PER_MERCHANT: Final = 16
"""How many slow attempts may be one merchant's with those that turned out to be slow."""
MAX_PER_SUBSCRIPTION: Final = 2
"""Attempts under way at once to one subscription; one until it has answered promptly."""
SLOW_AFTER_SECONDS: Final = 2.0
"""Seconds after which an attempt counts as slow."""


@dataclass(slots=True)
class _Running:
    head: QueueHead
    began: float
    slow: bool


class Slots:
    """Which attempts are under way, and which may start.

    An attempt that lasts moves to the slow slots, so a receiver that never answers keeps a prompt
    slot for seconds only, and none once it is known. What waits for a slot waits behind the
    merchants and subscriptions that were served longer ago.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Measure by `now`, in seconds, which no setting of the clock changes."""
        self._now = clock
        self._lock = Lock()
        self._running: dict[int, _Running] = {}
        self._slow: dict[int, bool] = {}
        self._turns = count(1)
        self._merchant_turn: defaultdict[int, int] = defaultdict(int)
        self._subscription_turn: defaultdict[int, int] = defaultdict(int)

    def __len__(self) -> int:
        """How many attempts are under way."""
        return len(self._running)

    def select_startable(self, waiting: Iterable[WaitingSubscription]) -> list[WaitingSubscription]:
        """The subscriptions to which a delivery may start now."""
        with self._lock:
            self._move_slow()
            return [each for each in waiting if self._has_room(each)]

    def acquire(self, heads: Iterable[QueueHead]) -> list[QueueHead]:
        """Take slots for as many deliveries as may start, merchant by merchant in turn."""
        with self._lock:
            waiting: defaultdict[int, list[QueueHead]] = defaultdict(list)
            for head in sorted(heads, key=self._turn):
                waiting[head.subscription.merchant_id].append(head)
            taken: list[QueueHead] = []
            while found := self._round(waiting):
                taken += found
            return taken

    def release(self, head: QueueHead) -> None:
        """Give a slot back, and remember whether the receiver was slow."""
        with self._lock:
            running = self._running.pop(head.id)
            self._slow[head.subscription.id] = self._now() - running.began > SLOW_AFTER_SECONDS

    def cancel(self, head: QueueHead) -> None:
        """Give a slot back that was not used."""
        with self._lock:
            del self._running[head.id]

    def _turn(self, head: QueueHead) -> tuple[int, int]:
        return self._subscription_turn[head.subscription.id], head.id

    def _round(self, waiting: dict[int, list[QueueHead]]) -> list[QueueHead]:
        """One delivery of each merchant that may have one, those served longest ago first."""
        taken = []
        for merchant in sorted(waiting, key=self._merchant_turn.__getitem__):
            head = next((each for each in waiting[merchant] if self._fits(each)), None)
            if head is None:
                del waiting[merchant]  # nothing comes free within one call
                continue
            waiting[merchant].remove(head)
            self._running[head.id] = _Running(
                head, self._now(), slow=self._is_slow(head.subscription)
            )
            self._merchant_turn[merchant] = next(self._turns)
            self._subscription_turn[head.subscription.id] = next(self._turns)
            taken.append(head)
        return taken

    def _is_slow(self, to: WaitingSubscription) -> bool:
        return self._slow.get(to.id, to.failures > 0)

    def _has_room(self, to: WaitingSubscription) -> bool:
        """Whether one more delivery to a subscription may start."""
        slow = self._is_slow(to)
        lane = [
            each.head.subscription.merchant_id
            for each in self._running.values()
            if each.slow == slow
        ]
        if (
            len(lane) >= (MAX_SLOW if slow else MAX_PROMPT)
            or lane.count(to.merchant_id) >= MAX_PER_MERCHANT
        ):
            return False
        mine = sum(each.head.subscription.id == to.id for each in self._running.values())
        prompt = self._slow.get(to.id) is False and not to.failures
        return mine < (MAX_PER_SUBSCRIPTION if prompt else 1)

    def _fits(self, head: QueueHead) -> bool:
        key = head.subscription.id, head.product_id
        same = any(
            (each.head.subscription.id, each.head.product_id) == key
            for each in self._running.values()
        )
        return not same and self._has_room(head.subscription)

    def _move_slow(self) -> None:
        """Count attempts that last as slow, as far as there are slow slots."""
        lane = Counter(
            each.head.subscription.merchant_id for each in self._running.values() if each.slow
        )
        for each in self._running.values():
            if each.slow or self._now() - each.began <= SLOW_AFTER_SECONDS:
                continue
            self._slow[each.head.subscription.id] = True
            if (
                lane.total() < MAX_SLOW
                and lane[each.head.subscription.merchant_id] < MAX_SLOW_PER_MERCHANT
            ):
                each.slow = True
                lane[each.head.subscription.merchant_id] += 1
