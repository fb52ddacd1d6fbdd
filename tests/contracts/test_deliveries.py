"""Deliveries as rows, in every database: what is due in which order, and what is dropped."""

import pytest

from fatrina.adapters.database import Database, deliveries, schema, webhooks
from fatrina.adapters.database.deliveries import Outcome, PendingDelivery
from fatrina.domain import webhook
from fatrina.domain.webhook import Subscription

NOW, PAUSE, HOUR = 1_700_000_000_000, 300_000, 3_600_000


@pytest.fixture
def first(database: Database) -> int:
    return subscribed(database)


def subscribed(database: Database) -> int:
    wanted = Subscription("n", "product.updated", "https://a.invalid/")
    with database.writing() as tx:
        return webhooks.add(tx, 1, wanted, NOW)


def enqueue(database: Database, subscription: int, *products: int) -> None:
    with database.writing() as tx:
        for product in products:
            deliveries.enqueue(tx, subscription, product, b"{}", NOW)


def due(database: Database, delivery: int = 1) -> PendingDelivery:
    with database.reading() as conn:
        found = deliveries.find_pending(conn, delivery)
    assert found is not None
    return found


def attempt(database: Database, delivery: int, due_at: int | None) -> bool:
    outcome = Outcome(due(database, delivery), 500, "status 500")
    with database.writing() as tx:
        return deliveries.record_attempt(tx, outcome, due_at, NOW)


def heads(database: Database, now: int = NOW, limit: int = 4) -> list[tuple[int, int, int]]:
    with database.reading() as conn:
        waiting = deliveries.list_waiting_subscriptions(conn)
        found = [
            each for to in waiting for each in deliveries.list_heads(conn, to, now, PAUSE, limit)
        ]
    return [(each.id, each.subscription.id, each.product_id) for each in found]


def state(database: Database, subscription: int) -> tuple[int, int | None]:
    table = schema.subscriptions
    with database.reading() as conn:
        row = conn.execute(table.select().where(table.c.id == subscription)).one()
    return row.failures, row.paused_until


def test_the_oldest_of_each_product_is_due(database: Database, first: int) -> None:
    second = subscribed(database)
    enqueue(database, first, 7, 7, 8)
    enqueue(database, second, 7)
    assert heads(database) == [(1, first, 7), (3, first, 8), (4, second, 7)]
    assert attempt(database, 1, None)
    assert heads(database) == [(2, first, 7), (3, first, 8), (4, second, 7)]


def test_of_each_subscription_a_few_are_found(database: Database, first: int) -> None:
    second = subscribed(database)
    enqueue(database, first, *range(1, 200))
    enqueue(database, second, *range(1, 4))
    found = heads(database, limit=2)
    assert [each[1] for each in found] == [first, first, second, second]


def test_an_attempt_is_repeated_after_its_pause_and_keeps_its_product_waiting(
    database: Database, first: int
) -> None:
    enqueue(database, first, 7, 7, 8)
    assert attempt(database, 1, NOW + PAUSE)
    assert heads(database) == [(3, first, 8)]
    assert heads(database, NOW + PAUSE - 1) == [(3, first, 8)]
    assert heads(database, NOW + PAUSE) == [(1, first, 7), (3, first, 8)]


@pytest.mark.parametrize("back", [2_000, HOUR, 40 * 24 * HOUR, NOW])
def test_a_clock_that_was_ahead_delays_nothing(database: Database, first: int, back: int) -> None:
    enqueue(database, first, 7, 8)
    assert attempt(database, 1, NOW + PAUSE)
    assert heads(database, NOW - back) == [(1, first, 7), (2, first, 8)]


def test_many_retries_that_wait_hide_nothing_that_is_due(database: Database, first: int) -> None:
    enqueue(database, first, *range(1, 51))
    for number in range(1, 50):
        assert attempt(database, number, NOW + PAUSE)
    assert heads(database) == [(50, first, 50)]


def test_an_ended_subscription_has_nothing_due(database: Database, first: int) -> None:
    enqueue(database, first, 7)
    with database.writing() as tx:
        assert webhooks.remove(tx, 1, subscription_id=first, url="", now=NOW) == 1
        # A row that was restored or edited by hand.
        tx.execute(schema.deliveries.update().values(due_at=NOW))
    assert heads(database) == []
    with database.reading() as conn:
        assert deliveries.find_pending(conn, 1) is None


@pytest.mark.parametrize("column", ["subscription_id", "created_at", "tries", "due_at"])
def test_an_outcome_is_recorded_for_the_delivery_that_was_made_alone(
    database: Database, first: int, column: str
) -> None:
    second = subscribed(database)
    enqueue(database, first, 7)
    outcome = Outcome(due(database), 200, None)
    other = {"subscription_id": second, "created_at": NOW + 1, "tries": 1, "due_at": None}
    with database.writing() as tx:
        tx.execute(schema.deliveries.update().values({column: other[column]}))
        assert not deliveries.record_attempt(tx, outcome, None, NOW)
        tx.execute(schema.deliveries.delete())
        assert not deliveries.record_attempt(tx, outcome, None, NOW)


def test_what_is_dropped_is_counted_once(
    database: Database, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 30)
    other = subscribed(database)
    enqueue(database, other, *range(500, 520))
    enqueue(database, first, *range(1, 400))
    with database.reading() as conn:
        rows = deliveries.list_recent(conn, limit=1000)
    mine = [row for row in rows if row.product_id < 500]
    assert len(rows) - len(mine) == 20
    assert [row.product_id for row in mine] == list(range(399, 399 - len(mine), -1))
    assert 25 < len(mine) <= 30
    assert sum(row.dropped for row in mine) + len(mine) == 399


def test_what_was_delivered_takes_no_room(
    database: Database, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 5)
    for number in range(1, 21):
        enqueue(database, first, number)
        assert attempt(database, number, None)
    with database.reading() as conn:
        rows = deliveries.list_recent(conn, limit=1000)
    assert len(rows) == 20
    assert not any(row.dropped for row in rows)


def test_a_failing_subscription_keeps_fewer(
    database: Database, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING_FAILING", 10)
    enqueue(database, first, *range(1, 41))
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, first, PAUSE, NOW)
    enqueue(database, first, 41)
    with database.reading() as conn:
        rows = deliveries.list_recent(conn, limit=1000)
    assert len(rows) <= 10
    assert sum(row.dropped for row in rows) + len(rows) == 41


def test_failures_are_counted_until_a_success(database: Database, first: int) -> None:
    other = subscribed(database)
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER - 1):
            deliveries.record_failure(tx, first, PAUSE, NOW)
    assert state(database, first) == (webhook.FAILING_AFTER - 1, None)
    with database.writing() as tx:
        deliveries.record_failure(tx, first, PAUSE, NOW)
    assert state(database, first) == (webhook.FAILING_AFTER, NOW + PAUSE)
    with database.writing() as tx:
        deliveries.record_failure(tx, first, PAUSE, NOW)
        assert deliveries.load_backlog(tx) == (0, None, 1)
    assert state(database, first) == (webhook.FAILING_AFTER + 1, NOW + 2 * PAUSE)
    with database.writing() as tx:
        deliveries.reset_failures(tx, first)
    assert state(database, first) == (0, None)
    assert state(database, other) == (0, None)


def test_a_change_of_the_subscription_ends_its_pause(database: Database, first: int) -> None:
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, first, PAUSE, NOW)
        webhooks.update_fields(
            tx, first, Subscription("n", "product.updated", "https://b.invalid/")
        )
    assert state(database, first) == (0, None)


def test_a_redelivery_ends_the_pause_and_is_due(database: Database, first: int) -> None:
    enqueue(database, first, 7)
    assert attempt(database, 1, None)
    with database.writing() as tx:
        for _ in range(webhook.FAILING_AFTER):
            deliveries.record_failure(tx, first, PAUSE, NOW)
        assert deliveries.redeliver(tx, 1, NOW)
        assert not deliveries.redeliver(tx, 1, NOW)
    assert state(database, first) == (webhook.FAILING_AFTER, None)
    assert heads(database) == [(1, first, 7)]
    assert due(database).attempts == 0


def test_the_backlog(database: Database, first: int) -> None:
    enqueue(database, first, 7, 8)
    with database.writing() as tx:
        deliveries.enqueue(tx, first, 9, b"{}", NOW + 5)
        assert deliveries.load_backlog(tx) == (3, NOW, 0)
        deliveries.give_up(tx, 1, "row_unreadable", NOW)
        deliveries.give_up(tx, 2, "row_unreadable", NOW)
        assert deliveries.load_backlog(tx) == (1, NOW + 5, 0)
        assert [row.error for row in deliveries.list_recent(tx, failed=True)] == [
            "row_unreadable"
        ] * 2
