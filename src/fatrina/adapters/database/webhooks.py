"""Subscriptions and the deliveries they are owed, as rows."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select, update

from fatrina.adapters.database.schema import deliveries, merchants, subscriptions
from fatrina.domain.webhook import Subscription

_S, _D = subscriptions.c, deliveries.c
_EARLIER = deliveries.alias()
_SUBSCRIPTION = (_S.name, _S.event, _S.url, _S.version, _S.headers, _S.strategy, _S.secret)
# Asked by every change, mostly in vain: built once, as in `images`.
_LISTENING = select(_S.id, _S.event).where(
    _S.merchant_id == bindparam("merchant"), _S.removed_at.is_(None)
)


class Due(NamedTuple):
    """A delivery that is to be made now."""

    id: int
    subscriber: int
    subscription: Subscription
    body: bytes
    tries: int
    """How often it was tried in vain."""


class DeliveryRow(NamedTuple):
    """A delivery as the log shows it."""

    id: int
    merchant: str
    event: str
    url: str
    product: int
    created_at: int
    tries: int
    due_at: int | None
    """When it is tried next; None when it is over."""
    status: int | None
    """The last answer's."""
    problem: str | None
    """Why the last try failed, when it did."""


def subscribe(connection: Connection, merchant: int, wanted: Subscription, now: int) -> int:
    """Add a subscription; its id."""
    row = {"merchant_id": merchant, "created_at": now, **_row(wanted)}
    query = insert(subscriptions).values(row).returning(_S.id)
    return int(connection.execute(query).scalar_one())


def change(connection: Connection, subscription: int, wanted: Subscription) -> None:
    """Write a subscription anew."""
    query = update(subscriptions).where(_S.id == subscription)
    connection.execute(query.values(_row(wanted)))


def find(connection: Connection, merchant: int, subscription: int) -> Subscription | None:
    """A merchant's subscription."""
    query = select(*_SUBSCRIPTION).where(_S.id == subscription, *_of(merchant))
    row = connection.execute(query).first()
    return None if row is None else _subscription(row)


def listed(connection: Connection, merchant: int) -> list[tuple[int, Subscription]]:
    """A merchant's subscriptions by id, the newest last."""
    query = select(_S.id, *_SUBSCRIPTION).where(*_of(merchant)).order_by(_S.id)
    return [(number, _subscription(row)) for number, *row in connection.execute(query)]


def remove(connection: Connection, merchant: int, *, number: int, url: str, now: int) -> int:
    """End the subscription with this id, or those with this URL; how many there were.

    What is owed to them is not delivered any more.
    """
    query = select(_S.id).where(or_(_S.id == number, _S.url == url), *_of(merchant))
    ended = list(connection.scalars(query))
    connection.execute(update(subscriptions).where(_S.id.in_(ended)).values(removed_at=now))
    owed = update(deliveries).where(_D.subscription_id.in_(ended), _D.due_at.is_not(None))
    connection.execute(owed.values(due_at=None, done_at=now, problem="unsubscribed"))
    return len(ended)


def listening(
    connection: Connection, merchant: int, events: Collection[str]
) -> list[tuple[int, str]]:
    """The merchant's subscriptions to any of these events: id and event."""
    rows = connection.execute(_LISTENING, {"merchant": merchant})
    return [(number, event) for number, event in rows if event in events]


def owe(connection: Connection, subscription: int, product: int, body: bytes, now: int) -> None:
    """Add a delivery that is to be made."""
    row = {"subscription_id": subscription, "product_id": product, "body": body.decode()}
    connection.execute(insert(deliveries).values({**row, "created_at": now, "due_at": now}))


def due(connection: Connection, now: int, under_way: Collection[int], limit: int) -> list[Due]:
    """What is to be delivered now, the oldest first, but for what is under way.

    Of what one subscription is owed about one product, the oldest alone: they stay in order.
    """
    earlier = exists().where(
        _EARLIER.c.subscription_id == _D.subscription_id,
        _EARLIER.c.product_id == _D.product_id,
        _EARLIER.c.due_at.is_not(None),
        _EARLIER.c.id < _D.id,
    )
    rows = connection.execute(
        select(_D.id, _D.subscription_id, _D.body, _D.tries, *_SUBSCRIPTION)
        .join(subscriptions)
        .where(_D.due_at <= now, _D.id.not_in(under_way), ~earlier)
        .order_by(_D.due_at, _D.id)
        .limit(limit)
    )
    return [
        Due(number, subscriber, _subscription(row), body.encode(), tries)
        for number, subscriber, body, tries, *row in rows
    ]


def tried(  # noqa: PLR0913  what came of it
    connection: Connection,
    delivery: int,
    *,
    tries: int,
    due_at: int | None,
    status: int | None,
    problem: str | None,
    now: int,
) -> None:
    """Note what came of a try."""
    done_at = now if due_at is None else None
    query = update(deliveries).where(_D.id == delivery, _D.due_at.is_not(None))
    connection.execute(
        query.values(tries=tries, due_at=due_at, done_at=done_at, status=status, problem=problem)
    )


def again(connection: Connection, delivery: int, now: int) -> bool:
    """Deliver once more what is over; False when there is no such delivery or nobody to take it."""
    query = update(deliveries).where(
        _D.id == delivery,
        _D.due_at.is_(None),
        _D.subscription_id.in_(select(_S.id).where(_S.removed_at.is_(None))),
    )
    return connection.execute(query.values(tries=0, due_at=now, done_at=None)).rowcount > 0


def log(
    connection: Connection, *, merchant: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """The newest deliveries, those of one merchant or those that failed lately alone if asked."""
    query = (
        select(_D.id, merchants.c.code, _S.event, _S.url, _D.product_id, _D.created_at)
        .add_columns(_D.tries, _D.due_at, _D.status, _D.problem)
        .select_from(deliveries.join(subscriptions).join(merchants))
        .order_by(_D.id.desc())
        .limit(limit)
    )
    if merchant:
        query = query.where(merchants.c.code == merchant)
    if failed:
        query = query.where(_D.problem.is_not(None))
    return [DeliveryRow(*row) for row in connection.execute(query)]


def forget(connection: Connection, before: int) -> None:
    """Delete from the log what was over before a moment."""
    connection.execute(delete(deliveries).where(_D.done_at < before))


def _of(merchant: int) -> tuple[Any, ...]:
    return _S.merchant_id == merchant, _S.removed_at.is_(None)


def _row(wanted: Subscription) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "event": wanted.event,
        "url": wanted.url,
        "version": wanted.version,
        "headers": json.dumps(wanted.headers, ensure_ascii=False),
        "strategy": wanted.strategy,
        "secret": wanted.secret,
    }


def _subscription(row: Sequence[Any]) -> Subscription:
    name, event, url, version, headers, strategy, secret = row
    pairs = tuple((key, value) for key, value in json.loads(headers))
    return Subscription(name, event, url, version, pairs, strategy, secret)
