"""Queries for webhook deliveries: enqueue, find due ones, and record the results of attempts."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select, update

from fatrina.adapters.database import webhooks
from fatrina.adapters.database.schema import deliveries, subscriptions
from fatrina.domain import webhook
from fatrina.domain.types import DeliveryId, MerchantId, Millis, ProductId, SubscriptionId
from fatrina.domain.webhook import Subscription

_S, _D = subscriptions.c, deliveries.c
_SELECT_PENDING_COUNT = select(
    _S.failures,
    select(func.count(_D.id))
    .where(_D.subscription_id == bindparam("subscription"), _D.due_at.is_not(None))
    .scalar_subquery()
    .label("pending"),
).where(_S.id == bindparam("subscription"))
_SELECT_ANY_PENDING = select(_D.id).where(_D.due_at.is_not(None)).limit(1)
_SELECT_WAITING = select(_S.id, _S.merchant_id, _S.failures, _S.paused_until).where(
    _S.removed_at.is_(None),
    exists().where(_D.subscription_id == _S.id, _D.due_at.is_not(None)),
)
_EARLIER = deliveries.alias()
_SELECT_HEADS = (
    select(_D.id, _D.product_id)
    .where(
        _D.subscription_id == bindparam("subscription"),
        _D.due_at.is_not(None),
        or_(
            _D.tries == 0,
            _D.due_at <= bindparam("now"),
            _D.due_at > bindparam("late"),
        ),
        ~exists().where(
            _EARLIER.c.subscription_id == _D.subscription_id,
            _EARLIER.c.product_id == _D.product_id,
            _EARLIER.c.due_at.is_not(None),
            _EARLIER.c.id < _D.id,
        ),
    )
    .order_by(_D.id)
    .limit(bindparam("limit"))
)


class WaitingSubscription(NamedTuple):
    """A subscription with pending deliveries."""

    id: SubscriptionId
    merchant_id: MerchantId
    failures: int
    paused_until: Millis | None


class QueueHead(NamedTuple):
    """The oldest pending delivery of one subscription for one product."""

    id: DeliveryId
    product_id: ProductId
    subscription: WaitingSubscription


class PendingDelivery(NamedTuple):
    """A delivery that has not been made yet."""

    id: DeliveryId
    subscription_id: SubscriptionId
    subscription: Subscription
    body: bytes
    created_at: Millis
    attempts: int
    """Number of failed attempts."""


class Outcome(NamedTuple):
    """The result of one attempt."""

    delivery: PendingDelivery
    status: int | None
    error: str | None
    """Why the attempt failed; None if it succeeded."""
    final: bool = False
    """True if another attempt would fail as well."""


class Backlog(NamedTuple):
    """Totals of all pending deliveries."""

    pending: int
    oldest_at: Millis | None
    """When the oldest pending delivery was created; None without any."""
    paused: int
    """Number of subscriptions paused because their receivers fail."""


def enqueue(
    conn: Connection,
    subscription_id: SubscriptionId,
    product_id: ProductId,
    body: bytes,
    now: Millis,
) -> None:
    """Insert a delivery that is due now; drop the oldest if the subscription has too many."""
    row = {"subscription_id": subscription_id, "product_id": product_id, "body": body.decode()}
    row |= {"created_at": now, "due_at": now, "dropped": _drop_oldest(conn, subscription_id)}
    conn.execute(insert(deliveries).values(row))


def _drop_oldest(conn: Connection, subscription_id: SubscriptionId) -> int:
    """Drop the oldest deliveries if the subscription is at its limit.

    Return how many events were dropped, including those recorded as dropped in the deleted rows.
    """
    row = conn.execute(_SELECT_PENDING_COUNT, {"subscription": subscription_id}).one()
    max_pending = webhook.max_pending(row.failures)
    if row.pending < max_pending:
        return 0
    # Drop a tenth of the limit at once, so that the next events need no deletion.
    count = row.pending - max_pending + max(max_pending // 10, 1)
    oldest = select(_D.id).where(_D.subscription_id == subscription_id, _D.due_at.is_not(None))
    dropped_ids = oldest.order_by(_D.id).limit(count).scalar_subquery()
    dropped_before = conn.scalars(
        delete(deliveries).where(_D.id.in_(dropped_ids)).returning(_D.dropped)
    )
    return sum(1 + before for before in dropped_before)


def list_waiting_subscriptions(conn: Connection) -> list[WaitingSubscription]:
    """Return the subscriptions that have pending deliveries, due or not."""
    if conn.scalar(_SELECT_ANY_PENDING) is None:  # the usual case, answered from one index
        return []
    return [WaitingSubscription(*row) for row in conn.execute(_SELECT_WAITING)]


def list_heads(
    conn: Connection, subscription: WaitingSubscription, now: Millis, pause: Millis, limit: int
) -> list[QueueHead]:
    """Return up to `limit` deliveries that are due for a subscription, the oldest first.

    Only the oldest pending delivery of each product is returned, which keeps their order. A first
    attempt is always due. So is an attempt due later than any pause can end: the clock was ahead
    when its due time was recorded.
    """
    values = {
        "subscription": subscription.id,
        "now": now,
        "late": webhook.latest_due_at(pause, now),
    }
    rows = conn.execute(_SELECT_HEADS, {**values, "limit": limit})
    return [QueueHead(delivery_id, product_id, subscription) for delivery_id, product_id in rows]


def find_pending(conn: Connection, delivery_id: DeliveryId) -> PendingDelivery | None:
    """Return a pending delivery; None if it is finished or its subscription was removed."""
    query = select(
        _D.id, _D.subscription_id, _D.body, _D.created_at, _D.tries, *webhooks.SUBSCRIPTION_COLUMNS
    )
    row = conn.execute(
        query.select_from(deliveries.join(subscriptions)).where(
            _D.id == delivery_id, _D.due_at.is_not(None), _S.removed_at.is_(None)
        )
    ).first()
    if row is None:
        return None
    pending_id, subscription_id, body, created_at, attempts, *subscription = row
    return PendingDelivery(
        pending_id,
        subscription_id,
        webhooks.subscription_from_row(subscription),
        body.encode(),
        created_at,
        attempts,
    )


def record_attempt(
    conn: Connection,
    outcome: Outcome,
    due_at: Millis | None,
    now: Millis,
    *,
    body: bytes | None = None,
) -> bool:
    """Record the result of an attempt; `body` replaces the stored body.

    Return False if the delivery is finished, or if its id now belongs to another delivery.
    """
    delivery = outcome.delivery
    query = update(deliveries).where(
        _D.id == delivery.id,
        _D.due_at.is_not(None),
        # After a reset or a restore, the id may belong to another delivery.
        _D.subscription_id == delivery.subscription_id,
        _D.created_at == delivery.created_at,
        _D.tries == delivery.attempts,
    )
    values = {
        "tries": delivery.attempts + 1,
        "due_at": due_at,
        "done_at": now if due_at is None else None,
        "status": outcome.status,
        "problem": outcome.error,
    }
    if body is not None and body != delivery.body:
        values["body"] = body.decode()
    return conn.execute(query.values(values)).rowcount > 0


def give_up(conn: Connection, delivery_id: DeliveryId, error: str, now: Millis) -> None:
    """Finish a delivery that cannot be made, with the reason."""
    query = update(deliveries).where(_D.id == delivery_id, _D.due_at.is_not(None))
    conn.execute(query.values(due_at=None, done_at=now, problem=error))


def reset_failures(conn: Connection, subscription_id: SubscriptionId) -> None:
    """Reset a subscription's failure count and end its pause, after a successful attempt."""
    failing = or_(_S.failures > 0, _S.paused_until.is_not(None))
    query = update(subscriptions).where(_S.id == subscription_id, failing)
    conn.execute(query.values(failures=0, paused_until=None))


def record_failure(
    conn: Connection, subscription_id: SubscriptionId, pause: Millis, now: Millis
) -> None:
    """Count a failed attempt; pause the subscription after many in a row.

    `pause` is the shortest pause, in milliseconds.
    """
    query = update(subscriptions).where(_S.id == subscription_id).returning(_S.failures)
    failures = conn.scalar(query.values(failures=_S.failures + 1)) or 0
    pause_millis = webhook.pause_after(failures, pause)
    if pause_millis:
        query = update(subscriptions).where(_S.id == subscription_id).returning(_S.id)
        conn.execute(query.values(paused_until=now + pause_millis))


def load_backlog(conn: Connection) -> Backlog:
    """Return the totals of all pending deliveries."""
    waiting = _D.due_at.is_not(None)
    oldest = select(func.min(_D.id)).where(waiting).scalar_subquery()
    paused = select(func.count(_S.id)).where(_S.paused_until.is_not(None), _S.removed_at.is_(None))
    return Backlog(
        conn.scalar(select(func.count(_D.id)).where(waiting)) or 0,
        conn.scalar(select(_D.created_at).where(_D.id == oldest)),
        conn.scalar(paused) or 0,
    )


def redeliver(
    conn: Connection, delivery_id: DeliveryId, now: Millis, *, unsendable: str | None = None
) -> bool:
    """Make a finished delivery due again, and end the pause of its subscription.

    Return False if the delivery does not exist, is pending, its subscription was removed, or its
    body contains the text `unsendable`.
    """
    query = update(deliveries).where(
        _D.id == delivery_id,
        _D.due_at.is_(None),
        _D.subscription_id.in_(select(_S.id).where(_S.removed_at.is_(None))),
    )
    if unsendable is not None:
        query = query.where(~_D.body.contains(unsendable, autoescape=True))
    if not conn.execute(query.values(tries=0, due_at=now, done_at=None)).rowcount:
        return False
    paused = select(_D.subscription_id).where(_D.id == delivery_id).scalar_subquery()
    conn.execute(update(subscriptions).where(_S.id == paused).values(paused_until=None))
    return True


def delete_finished(conn: Connection, before: Millis) -> None:
    """Delete deliveries that were finished before `before`."""
    conn.execute(delete(deliveries).where(_D.done_at < before))
