"""Deliveries of events to subscriptions, as rows: what waits, what is due, what came of it."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select, update

from fatrina.adapters.database import webhooks
from fatrina.adapters.database.schema import deliveries, merchants, subscriptions
from fatrina.domain import webhook
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
    """A subscription for which deliveries wait."""

    id: int
    merchant_id: int
    failures: int
    paused_until: int | None


class QueueHead(NamedTuple):
    """The oldest delivery of one subscription about one product, which is due."""

    id: int
    product_id: int
    subscription: WaitingSubscription


class PendingDelivery(NamedTuple):
    """A delivery that is to be made now."""

    id: int
    subscription_id: int
    subscription: Subscription
    body: bytes
    created_at: int
    attempts: int
    """How many attempts failed."""


class Outcome(NamedTuple):
    """What came of one attempt."""

    delivery: PendingDelivery
    status: int | None
    error: str | None
    """Why it failed, when it did."""
    final: bool = False
    """Whether another attempt is of no use."""


class Backlog(NamedTuple):
    """What is waiting to be delivered."""

    pending: int
    oldest_at: int | None
    """When the oldest of it was recorded."""
    paused: int
    """Subscriptions that are paused because their receivers fail."""


class DeliveryRow(NamedTuple):
    """A delivery as the log shows it."""

    id: int
    merchant_code: str
    event: str
    url: str
    product_id: int
    created_at: int
    attempts: int
    due_at: int | None
    """When it is tried next; None when it is over."""
    status: int | None
    """The last answer's."""
    error: str | None
    """Why the last try failed, when it did."""
    dropped: int
    """Older events of the subscription that were dropped when this one was recorded."""
    paused_until: int | None
    """When the pause of its subscription ends, where many attempts failed in a row."""


def enqueue(conn: Connection, subscription_id: int, product_id: int, body: bytes, now: int) -> None:
    """Add a delivery that is to be made; where too many wait, the oldest are dropped."""
    row = {"subscription_id": subscription_id, "product_id": product_id, "body": body.decode()}
    row |= {"created_at": now, "due_at": now, "dropped": _drop_oldest(conn, subscription_id)}
    conn.execute(insert(deliveries).values(row))


def _drop_oldest(conn: Connection, subscription_id: int) -> int:
    """Make room for one more; how many events were dropped, with those dropped for them before."""
    row = conn.execute(_SELECT_PENDING_COUNT, {"subscription": subscription_id}).one()
    max_pending = webhook.max_pending(row.failures)
    if row.pending < max_pending:
        return 0
    # A tenth more than needed: the next events find room without a search.
    count = row.pending - max_pending + max(max_pending // 10, 1)
    oldest = select(_D.id).where(_D.subscription_id == subscription_id, _D.due_at.is_not(None))
    dropped_ids = oldest.order_by(_D.id).limit(count).scalar_subquery()
    dropped_before = conn.scalars(
        delete(deliveries).where(_D.id.in_(dropped_ids)).returning(_D.dropped)
    )
    return sum(1 + before for before in dropped_before)


def list_waiting_subscriptions(conn: Connection) -> list[WaitingSubscription]:
    """The subscriptions for which deliveries wait, be they due or not."""
    if (
        conn.scalar(_SELECT_ANY_PENDING) is None
    ):  # most of the time, and whatever subscriptions there are
        return []
    return [WaitingSubscription(*row) for row in conn.execute(_SELECT_WAITING)]


def list_heads(
    conn: Connection, subscription: WaitingSubscription, now: int, pause: int, limit: int
) -> list[QueueHead]:
    """What may be delivered to a subscription now: `limit` at most, the oldest first.

    Of what it is owed about one product, the oldest alone: they stay in order. A first attempt is
    always due, and so is one that is due later than any pause can end: the clock was ahead when
    that was recorded.
    """
    values = {"subscription": subscription.id, "now": now, "late": webhook.is_too_far(pause, now)}
    rows = conn.execute(_SELECT_HEADS, {**values, "limit": limit})
    return [QueueHead(delivery_id, product_id, subscription) for delivery_id, product_id in rows]


def find_pending(conn: Connection, delivery_id: int) -> PendingDelivery | None:
    """A delivery that is to be made; None when it is over, or its subscription has ended."""
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


def record_attempt(conn: Connection, outcome: Outcome, due_at: int | None, now: int) -> bool:
    """Record what came of an attempt; False when the delivery is over, or another by now."""
    delivery = outcome.delivery
    query = update(deliveries).where(
        _D.id == delivery.id,
        _D.due_at.is_not(None),
        # After a reset or a restore, the id may be another delivery's.
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
    return conn.execute(query.values(values)).rowcount > 0


def give_up(conn: Connection, delivery_id: int, error: str, now: int) -> None:
    """Record that a delivery cannot be made."""
    query = update(deliveries).where(_D.id == delivery_id, _D.due_at.is_not(None))
    conn.execute(query.values(due_at=None, done_at=now, problem=error))


def reset_failures(conn: Connection, subscription_id: int) -> None:
    """Record that an attempt succeeded: the subscription is not failing."""
    failing = or_(_S.failures > 0, _S.paused_until.is_not(None))
    query = update(subscriptions).where(_S.id == subscription_id, failing)
    conn.execute(query.values(failures=0, paused_until=None))


def record_failure(conn: Connection, subscription_id: int, pause: int, now: int) -> None:
    """Record that an attempt failed: after many, the subscription pauses."""
    query = update(subscriptions).where(_S.id == subscription_id).returning(_S.failures)
    failures = conn.scalar(query.values(failures=_S.failures + 1)) or 0
    pause_millis = webhook.pause_after(failures, pause)
    if pause_millis:
        query = update(subscriptions).where(_S.id == subscription_id).returning(_S.id)
        conn.execute(query.values(paused_until=now + pause_millis))


def load_backlog(conn: Connection) -> Backlog:
    """How much waits, and since when."""
    waiting = _D.due_at.is_not(None)
    oldest = select(func.min(_D.id)).where(waiting).scalar_subquery()
    paused = select(func.count(_S.id)).where(_S.paused_until.is_not(None), _S.removed_at.is_(None))
    return Backlog(
        conn.scalar(select(func.count(_D.id)).where(waiting)) or 0,
        conn.scalar(select(_D.created_at).where(_D.id == oldest)),
        conn.scalar(paused) or 0,
    )


def redeliver(conn: Connection, delivery_id: int, now: int) -> bool:
    """Deliver once more what is over; False when there is no such delivery or nobody to take it."""
    query = update(deliveries).where(
        _D.id == delivery_id,
        _D.due_at.is_(None),
        _D.subscription_id.in_(select(_S.id).where(_S.removed_at.is_(None))),
    )
    if not conn.execute(query.values(tries=0, due_at=now, done_at=None)).rowcount:
        return False
    paused = select(_D.subscription_id).where(_D.id == delivery_id).scalar_subquery()
    conn.execute(update(subscriptions).where(_S.id == paused).values(paused_until=None))
    return True


def list_recent(
    conn: Connection, *, merchant_code: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """The newest deliveries, those of one merchant or those that failed lately alone if asked."""
    query = (
        select(_D.id, merchants.c.code, _S.event, _S.url, _D.product_id, _D.created_at)
        .add_columns(_D.tries, _D.due_at, _D.status, _D.problem, _D.dropped, _S.paused_until)
        .select_from(deliveries.join(subscriptions).join(merchants))
        .order_by(_D.id.desc())
        .limit(limit)
    )
    if merchant_code:
        query = query.where(merchants.c.code == merchant_code)
    if failed:
        query = query.where(_D.problem.is_not(None))
    return [DeliveryRow(*row) for row in conn.execute(query)]


def delete_finished(conn: Connection, before: int) -> None:
    """Delete from the log what was over before a moment."""
    conn.execute(delete(deliveries).where(_D.done_at < before))
