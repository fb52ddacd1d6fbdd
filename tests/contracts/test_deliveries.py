"""Every database: which deliveries are due, in which order, and which are dropped."""

import pytest

from fatrina.adapters.database import Database, deliveries, delivery_log, schema, webhooks
from fatrina.adapters.database.deliveries import Outcome, PendingDelivery
from fatrina.domain import webhook
from fatrina.domain.types import DeliveryId, MerchantId, Millis, ProductId, SubscriptionId
from fatrina.domain.webhook import Subscription

NOW, PAUSE, HOUR = Millis(1_700_000_000_000), Millis(300_000), 3_600_000


@pytest.fixture
def first_id(database: Database) -> int:
    return add_subscription(database)


def add_subscription(database: Database) -> int:
    subscription = Subscription("n", "product.updated", "https://a.invalid/")
    with database.writing() as tx:
        return webhooks.add(tx, MerchantId(1), subscription, NOW)


def enqueue(database: Database, subscription: int, *products: int) -> None:
    with database.writing() as tx:
        for product in products:
            deliveries.enqueue(tx, SubscriptionId(subscription), ProductId(product), b"{}", NOW)


def find_pending(database: Database, delivery: int = 1) -> PendingDelivery:
    with database.reading() as conn:
        found = deliveries.find_pending(conn, DeliveryId(delivery))
    assert found is not None
    return found


def attempt(database: Database, delivery: int, due_at: Millis | None) -> bool:
    outcome = Outcome(find_pending(database, delivery), 500, "status 500")
    with database.writing() as tx:
        return deliveries.record_attempt(tx, outcome, due_at, NOW)


def list_heads(database: Database, now: int = NOW, limit: int = 4) -> list[tuple[int, int, int]]:
    with database.reading() as conn:
        waiting = deliveries.list_waiting_subscriptions(conn)
        found = [
            each
            for to in waiting
            for each in deliveries.list_heads(conn, to, Millis(now), PAUSE, limit)
        ]
    return [(each.id, each.subscription.id, each.product_id) for each in found]


def failures_and_pause(database: Database, subscription: int) -> tuple[int, int | None]:
    table = schema.subscriptions
    with database.reading() as conn:
        row = conn.execute(table.select().where(table.c.id == subscription)).one()
    return row.failures, row.paused_until


def test_the_oldest_delivery_of_each_product_is_due(database: Database, first_id: int) -> None:
    second_id = add_subscription(database)
    enqueue(database, first_id, 7, 7, 8)
    enqueue(database, second_id, 7)
    assert list_heads(database) == [(1, first_id, 7), (3, first_id, 8), (4, second_id, 7)]
    assert attempt(database, 1, None)
    assert list_heads(database) == [(2, first_id, 7), (3, first_id, 8), (4, second_id, 7)]


def test_due_deliveries_are_limited_per_subscription(database: Database, first_id: int) -> None:
    second_id = add_subscription(database)
    enqueue(database, first_id, *range(1, 200))
    enqueue(database, second_id, *range(1, 4))
    found = list_heads(database, limit=2)
    assert [each[1] for each in found] == [first_id, first_id, second_id, second_id]


def test_a_retry_waits_and_blocks_later_deliveries_of_its_product(
    database: Database, first_id: int
) -> None:
    enqueue(database, first_id, 7, 7, 8)
    assert attempt(database, 1, Millis(NOW + PAUSE))
    assert list_heads(database) == [(3, first_id, 8)]
    assert list_heads(database, NOW + PAUSE - 1) == [(3, first_id, 8)]
    assert list_heads(database, NOW + PAUSE) == [(1, first_id, 7), (3, first_id, 8)]


@pytest.mark.parametrize("offset", [2_000, HOUR, 40 * 24 * HOUR, NOW])
def test_a_clock_set_back_delays_no_delivery(
    database: Database, first_id: int, offset: int
) -> None:
    enqueue(database, first_id, 7, 8)
    assert attempt(database, 1, Millis(NOW + PAUSE))
    assert list_heads(database, NOW - offset) == [(1, first_id, 7), (2, first_id, 8)]


def test_many_waiting_retries_do_not_hide_due_deliveries(database: Database, first_id: int) -> None:
    enqueue(database, first_id, *range(1, 51))
    for number in range(1, 50):
        assert attempt(database, number, Millis(NOW + PAUSE))
    assert list_heads(database) == [(50, first_id, 50)]


def test_a_removed_subscription_has_no_due_deliveries(database: Database, first_id: int) -> None:
    enqueue(database, first_id, 7)
    with database.writing() as tx:
        assert (
            webhooks.remove(
                tx, MerchantId(1), subscription_id=SubscriptionId(first_id), url="", now=NOW
            )
            == 1
        )
        # A row that was restored or edited by hand.
        tx.execute(schema.deliveries.update().values(due_at=NOW))
    assert list_heads(database) == []
    with database.reading() as conn:
        assert deliveries.find_pending(conn, DeliveryId(1)) is None


@pytest.mark.parametrize("column", ["subscription_id", "created_at", "tries", "due_at"])
def test_an_outcome_is_only_recorded_for_the_delivery_that_was_attempted(
    database: Database, first_id: int, column: str
) -> None:
    second_id = add_subscription(database)
    enqueue(database, first_id, 7)
    outcome = Outcome(find_pending(database), 200, None)
    other = {"subscription_id": second_id, "created_at": NOW + 1, "tries": 1, "due_at": None}
    with database.writing() as tx:
        tx.execute(schema.deliveries.update().values({column: other[column]}))
        assert not deliveries.record_attempt(tx, outcome, None, NOW)
        tx.execute(schema.deliveries.delete())
        assert not deliveries.record_attempt(tx, outcome, None, NOW)


def test_dropped_events_are_counted_once(
    database: Database, first_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 30)
    other = add_subscription(database)
    enqueue(database, other, *range(500, 520))
    enqueue(database, first_id, *range(1, 400))
    with database.reading() as conn:
        rows = delivery_log.list_recent(conn, limit=1000)
    own_rows = [row for row in rows if row.product_id < 500]
    assert len(rows) - len(own_rows) == 20
    assert [row.product_id for row in own_rows] == list(range(399, 399 - len(own_rows), -1))
    assert 25 < len(own_rows) <= 30
    assert sum(row.dropped for row in own_rows) + len(own_rows) == 399


def test_finished_deliveries_do_not_count_toward_the_limit(
    database: Database, first_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 5)
    for number in range(1, 21):
        enqueue(database, first_id, number)
        assert attempt(database, number, None)
    with database.reading() as conn:
        rows = delivery_log.list_recent(conn, limit=1000)
    assert len(rows) == 20
    assert not any(row.dropped for row in rows)


def test_a_failing_subscription_keeps_fewer_deliveries(
    database: Database, first_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING_FAILING", 10)
    enqueue(database, first_id, *range(1, 41))
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
    enqueue(database, first_id, 41)
    with database.reading() as conn:
        rows = delivery_log.list_recent(conn, limit=1000)
    assert len(rows) <= 10
    assert sum(row.dropped for row in rows) + len(rows) == 41


def test_failures_are_counted_until_a_success(database: Database, first_id: int) -> None:
    other = add_subscription(database)
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER - 1):
            deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
    assert failures_and_pause(database, first_id) == (webhook.FAILING_AFTER - 1, None)
    with database.writing() as tx:
        deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
    assert failures_and_pause(database, first_id) == (webhook.FAILING_AFTER, NOW + PAUSE)
    with database.writing() as tx:
        deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
        assert deliveries.load_backlog(tx) == (0, None, 1)
    assert failures_and_pause(database, first_id) == (webhook.FAILING_AFTER + 1, NOW + 2 * PAUSE)
    with database.writing() as tx:
        deliveries.reset_failures(tx, SubscriptionId(first_id))
    assert failures_and_pause(database, first_id) == (0, None)
    assert failures_and_pause(database, other) == (0, None)


def test_updating_a_subscription_ends_its_pause(database: Database, first_id: int) -> None:
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
        webhooks.update_fields(
            tx, SubscriptionId(first_id), Subscription("n", "product.updated", "https://b.invalid/")
        )
    assert failures_and_pause(database, first_id) == (0, None)


def test_a_redelivery_ends_the_pause_and_is_due(database: Database, first_id: int) -> None:
    enqueue(database, first_id, 7)
    assert attempt(database, 1, None)
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, SubscriptionId(first_id), PAUSE, NOW)
        assert deliveries.redeliver(tx, DeliveryId(1), NOW)
        assert not deliveries.redeliver(tx, DeliveryId(1), NOW)
    assert failures_and_pause(database, first_id) == (webhook.FAILING_AFTER, None)
    assert list_heads(database) == [(1, first_id, 7)]
    assert find_pending(database).attempts == 0


def test_backlog_totals(database: Database, first_id: int) -> None:
    enqueue(database, first_id, 7, 8)
    with database.writing() as tx:
        deliveries.enqueue(tx, SubscriptionId(first_id), ProductId(9), b"{}", Millis(NOW + 5))
        assert deliveries.load_backlog(tx) == (3, NOW, 0)
        deliveries.give_up(tx, DeliveryId(1), "row_unreadable", NOW)
        deliveries.give_up(tx, DeliveryId(2), "row_unreadable", NOW)
        assert deliveries.load_backlog(tx) == (1, NOW + 5, 0)
        assert [row.error for row in delivery_log.list_recent(tx, failed=True)] == [
            "row_unreadable"
        ] * 2
