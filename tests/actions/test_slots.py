"""The slots of the dispatcher, by a clock that the tests move."""

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

IDS = count(1)


class World:
    """Slots, and a clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slots = Slots(lambda: self.now)

    def take(self, *heads: QueueHead) -> list[QueueHead]:
        self.slots.select_startable([each.subscription for each in heads])
        return self.slots.acquire(heads)

    def has_answered(self, *subscriptions: int, seconds: float = 0.0) -> None:
        """Let each subscription's receiver answer once, after so many seconds."""
        for subscription in subscriptions:
            (taken,) = self.take(head(subscription, merchant=9999))
            self.now += seconds
            self.slots.release(taken)


@pytest.fixture
def world() -> World:
    return World()


def head(subscription: int, product: int = 0, *, merchant: int = 0, failures: int = 0) -> QueueHead:
    """A delivery of a product of its own to a subscription, by default of a merchant of its own."""
    number = next(IDS)
    return QueueHead(
        number,
        product or number,
        WaitingSubscription(subscription, merchant or subscription, failures, None),
    )


def test_a_subscription_has_one_slot_until_it_answered_promptly_and_then_two(world: World) -> None:
    assert len(world.take(*[head(1) for _ in range(50)])) == 1
    world.has_answered(2)
    assert len(world.take(*[head(2) for _ in range(50)])) == MAX_PER_SUBSCRIPTION
    assert not world.take(head(2))
    world.has_answered(3)
    assert len(world.take(*[head(3, failures=1) for _ in range(50)])) == 1


def test_a_merchant_has_a_share_of_the_prompt_slots(world: World) -> None:
    taken = world.take(*[head(each, merchant=7) for each in range(1, 51)], head(99, merchant=8))
    assert Counter(each.subscription.merchant_id for each in taken) == {7: MAX_PER_MERCHANT, 8: 1}
    assert not world.take(head(51, merchant=7))
    world.slots.release(taken[0])
    assert len(world.take(head(52, merchant=7))) == 1


def test_all_merchants_together_have_the_prompt_slots(world: World) -> None:
    assert len(world.take(*[head(each) for each in range(1, 200)])) == MAX_PROMPT
    assert len(world.slots) == MAX_PROMPT


def test_what_lasts_moves_and_makes_room(world: World) -> None:
    started = 0
    for turn in range(10):
        started += len(world.take(*[head(1000 * turn + each) for each in range(1, 200)]))
        assert started <= MAX_SLOW + MAX_PROMPT
        world.now += SLOW_AFTER_SECONDS + 0.1
    assert started == MAX_SLOW + MAX_PROMPT
    assert not world.take(head(50_000))


def test_a_merchant_has_a_share_of_the_slow_slots(world: World) -> None:
    started = 0
    for turn in range(10):
        fresh = [head(1000 * turn + each, merchant=7) for each in range(1, 100)]
        started += len(world.take(*fresh))
        world.now += SLOW_AFTER_SECONDS + 0.1
    assert started == MAX_SLOW_PER_MERCHANT + MAX_PER_MERCHANT
    assert len(world.take(head(5, merchant=8))) == 1


def test_a_receiver_that_was_slow_takes_no_prompt_slot(world: World) -> None:
    slow = range(1, 2 * MAX_PER_MERCHANT + 1)
    world.has_answered(*slow, seconds=SLOW_AFTER_SECONDS + 0.1)
    assert len(world.take(*[head(each, merchant=7) for each in slow])) == MAX_PER_MERCHANT
    prompt = [head(100 + each, merchant=7) for each in range(10)]
    assert len(world.take(*prompt)) == MAX_PER_MERCHANT


def test_so_does_one_that_failed_before_a_restart(world: World) -> None:
    failing = [head(each, merchant=7, failures=3) for each in range(1, 20)]
    assert len(world.take(*failing)) == MAX_PER_MERCHANT
    assert len(world.take(head(100, merchant=7))) == 1


def test_one_that_answers_promptly_again_is_prompt(world: World) -> None:
    world.has_answered(1, seconds=SLOW_AFTER_SECONDS + 0.1)
    assert len(world.take(head(1), head(1))) == 1
    world = World()
    world.has_answered(1, seconds=SLOW_AFTER_SECONDS + 0.1)
    world.has_answered(1)
    assert len(world.take(head(1), head(1))) == MAX_PER_SUBSCRIPTION


def test_a_product_has_one_delivery_at_a_time(world: World) -> None:
    world.has_answered(1)
    (first,) = world.take(head(1, 5), head(1, 5))
    assert not world.take(head(1, 5))
    world.slots.release(first)
    assert len(world.take(head(1, 5), head(1, 6))) == MAX_PER_SUBSCRIPTION


def test_subscriptions_of_a_merchant_take_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MAX_PER_MERCHANT", 1)
    waiting = [head(each, merchant=7) for each in (1, 1, 1, 2, 2, 2, 3, 3, 3)]
    served = []
    while waiting:
        (taken,) = world.take(*waiting)
        waiting.remove(taken)
        served.append(taken.subscription.id)
        world.slots.release(taken)
    assert served == [1, 2, 3] * 3


def test_merchants_take_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MAX_PROMPT", 1)
    waiting = [head(10 * each + turn, merchant=each) for each in (1, 2, 3) for turn in range(3)]
    served = []
    while waiting:
        (taken,) = world.take(*waiting)
        waiting.remove(taken)
        served.append(taken.subscription.merchant_id)
        world.slots.release(taken)
    assert served == [1, 2, 3] * 3


def test_a_slot_that_was_not_used_says_nothing_of_the_receiver(world: World) -> None:
    (taken,) = world.take(head(1))
    world.now += SLOW_AFTER_SECONDS + 1
    world.slots.cancel(taken)
    assert len(world.slots) == 0
    assert len(world.take(head(1), head(1))) == 1
