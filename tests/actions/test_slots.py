"""The dispatcher's limits on concurrent deliveries, with a clock that the tests control."""

from collections import Counter
from itertools import count

import pytest

from fatrina.actions.webhooks import slots
from fatrina.actions.webhooks.slots import (
    MAX_PER_MERCHANT,
    MAX_PER_SUBSCRIPTION,
    MAX_PROMPT,
    MAX_SLOW,
    MAX_SLOW_PER_MERCHANT,
    SLOW_AFTER_SECONDS,
    Slots,
)
from fatrina.adapters.database.deliveries import QueueHead, WaitingSubscription
from fatrina.domain.types import DeliveryId, MerchantId, ProductId, SubscriptionId

IDS = count(1)


class SlotsWithClock:
    """Slots and their clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slots = Slots(lambda: self.now)

    def take(self, *heads: QueueHead) -> list[QueueHead]:
        self.slots.select_startable([each.subscription for each in heads])
        return self.slots.acquire(heads)

    def complete(self, *subscriptions: int, seconds: float = 0.0) -> None:
        """Complete one delivery of each subscription after `seconds`."""
        for subscription in subscriptions:
            (taken,) = self.take(head(subscription, merchant=9999))
            self.now += seconds
            self.slots.release(taken)


@pytest.fixture
def limits() -> SlotsWithClock:
    return SlotsWithClock()


def head(subscription: int, product: int = 0, *, merchant: int = 0, failures: int = 0) -> QueueHead:
    """Return a delivery to a subscription; by default of a separate product and merchant."""
    number = next(IDS)
    return QueueHead(
        DeliveryId(number),
        ProductId(product or number),
        WaitingSubscription(
            SubscriptionId(subscription), MerchantId(merchant or subscription), failures, None
        ),
    )


def test_subscription_has_one_slot_then_two_after_a_prompt_response(limits: SlotsWithClock) -> None:
    assert len(limits.take(*[head(1) for _ in range(50)])) == 1
    limits.complete(2)
    assert len(limits.take(*[head(2) for _ in range(50)])) == MAX_PER_SUBSCRIPTION
    assert not limits.take(head(2))
    limits.complete(3)
    assert len(limits.take(*[head(3, failures=1) for _ in range(50)])) == 1


def test_prompt_slots_per_merchant_are_limited(limits: SlotsWithClock) -> None:
    taken = limits.take(*[head(each, merchant=7) for each in range(1, 51)], head(99, merchant=8))
    assert Counter(each.subscription.merchant_id for each in taken) == {7: MAX_PER_MERCHANT, 8: 1}
    assert not limits.take(head(51, merchant=7))
    limits.slots.release(taken[0])
    assert len(limits.take(head(52, merchant=7))) == 1


def test_prompt_slots_are_limited_in_total(limits: SlotsWithClock) -> None:
    assert len(limits.take(*[head(each) for each in range(1, 200)])) == MAX_PROMPT
    assert len(limits.slots) == MAX_PROMPT


def test_long_attempt_moves_to_a_slow_slot(limits: SlotsWithClock) -> None:
    started = 0
    for turn in range(10):
        started += len(limits.take(*[head(1000 * turn + each) for each in range(1, 200)]))
        assert started <= MAX_SLOW + MAX_PROMPT
        limits.now += SLOW_AFTER_SECONDS + 0.1
    assert started == MAX_SLOW + MAX_PROMPT
    assert not limits.take(head(50_000))


def test_slow_slots_per_merchant_are_limited(limits: SlotsWithClock) -> None:
    started = 0
    for turn in range(10):
        fresh = [head(1000 * turn + each, merchant=7) for each in range(1, 100)]
        started += len(limits.take(*fresh))
        limits.now += SLOW_AFTER_SECONDS + 0.1
    assert started == MAX_SLOW_PER_MERCHANT + MAX_PER_MERCHANT
    assert len(limits.take(head(5, merchant=8))) == 1


def test_slow_receiver_uses_slow_slots(limits: SlotsWithClock) -> None:
    slow = range(1, 2 * MAX_PER_MERCHANT + 1)
    limits.complete(*slow, seconds=SLOW_AFTER_SECONDS + 0.1)
    assert len(limits.take(*[head(each, merchant=7) for each in slow])) == MAX_PER_MERCHANT
    prompt = [head(100 + each, merchant=7) for each in range(10)]
    assert len(limits.take(*prompt)) == MAX_PER_MERCHANT


def test_receiver_that_failed_before_a_restart_uses_slow_slots(limits: SlotsWithClock) -> None:
    failing = [head(each, merchant=7, failures=3) for each in range(1, 20)]
    assert len(limits.take(*failing)) == MAX_PER_MERCHANT
    assert len(limits.take(head(100, merchant=7))) == 1


def test_receiver_that_responds_promptly_again_uses_prompt_slots(limits: SlotsWithClock) -> None:
    limits.complete(1, seconds=SLOW_AFTER_SECONDS + 0.1)
    assert len(limits.take(head(1), head(1))) == 1
    limits = SlotsWithClock()
    limits.complete(1, seconds=SLOW_AFTER_SECONDS + 0.1)
    limits.complete(1)
    assert len(limits.take(head(1), head(1))) == MAX_PER_SUBSCRIPTION


def test_product_has_one_delivery_at_a_time(limits: SlotsWithClock) -> None:
    limits.complete(1)
    (first,) = limits.take(head(1, 5), head(1, 5))
    assert not limits.take(head(1, 5))
    limits.slots.release(first)
    assert len(limits.take(head(1, 5), head(1, 6))) == MAX_PER_SUBSCRIPTION


def test_subscriptions_of_a_merchant_take_turns(
    limits: SlotsWithClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MAX_PER_MERCHANT", 1)
    waiting = [head(each, merchant=7) for each in (1, 1, 1, 2, 2, 2, 3, 3, 3)]
    served = []
    while waiting:
        (taken,) = limits.take(*waiting)
        waiting.remove(taken)
        served.append(taken.subscription.id)
        limits.slots.release(taken)
    assert served == [1, 2, 3] * 3


def test_merchants_take_turns(limits: SlotsWithClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MAX_PROMPT", 1)
    waiting = [head(10 * each + turn, merchant=each) for each in (1, 2, 3) for turn in range(3)]
    served = []
    while waiting:
        (taken,) = limits.take(*waiting)
        waiting.remove(taken)
        served.append(taken.subscription.merchant_id)
        limits.slots.release(taken)
    assert served == [1, 2, 3] * 3


def test_unused_slot_does_not_change_the_receiver_state(limits: SlotsWithClock) -> None:
    (taken,) = limits.take(head(1))
    limits.now += SLOW_AFTER_SECONDS + 1
    limits.slots.cancel(taken)
    assert len(limits.slots) == 0
    assert len(limits.take(head(1), head(1))) == 1
