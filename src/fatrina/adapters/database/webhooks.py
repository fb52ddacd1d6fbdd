"""Subscriptions to events, as rows."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from fatrina.adapters.database.schema import deliveries, subscriptions
from fatrina.domain.webhook import Subscription

_S, _D = subscriptions.c, deliveries.c
COLUMNS = (_S.name, _S.event, _S.url, _S.version, _S.headers, _S.strategy, _S.secret)
# Asked by every change, mostly in vain: built once, as in `images`.
_SUBSCRIBERS = select(_S.id, _S.event).where(
    _S.merchant_id == bindparam("merchant"), _S.removed_at.is_(None)
)


def subscribe(conn: Connection, merchant_id: int, wanted: Subscription, now: int) -> int:
    """Add a subscription; its id."""
    row = {"merchant_id": merchant_id, "created_at": now, **_row(wanted)}
    query = insert(subscriptions).values(row).returning(_S.id)
    return int(conn.execute(query).scalar_one())


def change(conn: Connection, subscription_id: int, wanted: Subscription) -> None:
    """Write a subscription's fields; what failed before is forgotten, and its pause ends."""
    query = update(subscriptions).where(_S.id == subscription_id)
    conn.execute(query.values({**_row(wanted), "failures": 0, "paused_until": None}))


def find(
    conn: Connection, merchant_id: int, subscription_id: int, *, lock: bool = False
) -> Subscription | None:
    """A merchant's subscription; `lock` makes other writers that lock it wait."""
    query = select(*COLUMNS).where(_S.id == subscription_id, *_of(merchant_id))
    row = conn.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if row is None else subscription_of(row)


def list_all(conn: Connection, merchant_id: int) -> list[tuple[int, Subscription]]:
    """A merchant's subscriptions by id, the newest last."""
    query = select(_S.id, *COLUMNS).where(*_of(merchant_id)).order_by(_S.id)
    return [(number, subscription_of(row)) for number, *row in conn.execute(query)]


def iter_all(conn: Connection) -> Iterator[tuple[int, Subscription | None]]:
    """Every merchant's subscriptions by id; None for one whose row cannot be read."""
    query = select(_S.id, *COLUMNS).where(_S.removed_at.is_(None)).order_by(_S.id)
    for number, *row in conn.execute(query):
        try:
            yield number, subscription_of(row)
        except (ValueError, TypeError):
            yield number, None


def remove(conn: Connection, merchant_id: int, *, number: int, url: str, now: int) -> int:
    """End the subscription with this id, or those with this URL; how many there were.

    What is owed to them is not delivered any more.
    """
    query = select(_S.id).where(or_(_S.id == number, _S.url == url), *_of(merchant_id))
    ended = list(conn.scalars(query))
    conn.execute(update(subscriptions).where(_S.id.in_(ended)).values(removed_at=now))
    owed = update(deliveries).where(_D.subscription_id.in_(ended), _D.due_at.is_not(None))
    conn.execute(owed.values(due_at=None, done_at=now, problem="unsubscribed"))
    return len(ended)


def subscribers_to(
    conn: Connection, merchant_id: int, events: Collection[str]
) -> list[tuple[int, str]]:
    """The merchant's subscriptions to any of these events: id and event."""
    rows = conn.execute(_SUBSCRIBERS, {"merchant": merchant_id})
    return [(number, event) for number, event in rows if event in events]


def _of(merchant_id: int) -> tuple[Any, ...]:
    return _S.merchant_id == merchant_id, _S.removed_at.is_(None)


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


def subscription_of(row: Sequence[Any]) -> Subscription:
    """The subscription in a row of `COLUMNS`."""
    name, event, url, version, headers, strategy, secret = row
    pairs = tuple((key, value) for key, value in json.loads(headers))
    return Subscription(name, event, url, version, pairs, strategy, secret)
