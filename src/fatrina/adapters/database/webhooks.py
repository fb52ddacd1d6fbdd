"""Queries for webhook subscriptions."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from fatrina.adapters.database.schema import deliveries, merchants, subscriptions
from fatrina.domain.types import MerchantId, Millis, SubscriptionId
from fatrina.domain.webhook import Subscription

_S, _D = subscriptions.c, deliveries.c
SUBSCRIPTION_COLUMNS = (_S.name, _S.event, _S.url, _S.version, _S.headers, _S.strategy, _S.secret)
# Executed for every change, usually without a result: built once, as in `images`.
_SELECT_SUBSCRIBERS = select(_S.id, _S.event).where(
    _S.merchant_id == bindparam("merchant"), _S.removed_at.is_(None)
)


class SubscriptionRow(NamedTuple):
    """A subscription, as an operator lists it."""

    id: SubscriptionId
    merchant_code: str
    created_at: Millis
    event: str
    url: str
    name: str
    strategy: str
    failures: int
    paused_until: Millis | None


def add(
    conn: Connection,
    merchant_id: MerchantId,
    subscription: Subscription,
    now: Millis,
    subscription_id: SubscriptionId | None = None,
) -> SubscriptionId:
    """Insert a subscription and return its id, a new one unless `subscription_id` is given."""
    row = {"merchant_id": merchant_id, "created_at": now, **_row(subscription)}
    row |= {} if subscription_id is None else {"id": subscription_id}
    query = insert(subscriptions).values(row).returning(_S.id)
    return SubscriptionId(int(conn.execute(query).scalar_one()))


def exists(conn: Connection, subscription_id: SubscriptionId) -> bool:
    """Return whether a subscription has or had this id."""
    return conn.scalar(select(_S.id).where(_S.id == subscription_id)) is not None


def update_fields(
    conn: Connection, subscription_id: SubscriptionId, subscription: Subscription
) -> None:
    """Update a subscription's fields, reset its failure count and end its pause."""
    query = update(subscriptions).where(_S.id == subscription_id)
    conn.execute(query.values({**_row(subscription), "failures": 0, "paused_until": None}))


def find(
    conn: Connection,
    merchant_id: MerchantId,
    subscription_id: SubscriptionId,
    *,
    lock: bool = False,
) -> Subscription | None:
    """Return a merchant's subscription; None if there is no such subscription.

    With `lock`, lock its row until the transaction ends.
    """
    query = select(*SUBSCRIPTION_COLUMNS).where(_S.id == subscription_id, *_active_of(merchant_id))
    row = conn.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if row is None else subscription_from_row(row)


def list_all(conn: Connection, merchant_id: MerchantId) -> list[tuple[int, Subscription]]:
    """Return a merchant's subscriptions with their ids, in order of creation."""
    query = select(_S.id, *SUBSCRIPTION_COLUMNS).where(*_active_of(merchant_id)).order_by(_S.id)
    return [
        (subscription_id, subscription_from_row(row))
        for subscription_id, *row in conn.execute(query)
    ]


def list_rows(conn: Connection, merchant_code: str = "") -> list[SubscriptionRow]:
    """Return all subscriptions, or those of one merchant, in order of creation."""
    columns = (_S.created_at, _S.event, _S.url, _S.name, _S.strategy, _S.failures, _S.paused_until)
    query = (
        select(_S.id, merchants.c.code, *columns)
        .select_from(subscriptions.join(merchants))
        .where(_S.removed_at.is_(None))
        .order_by(_S.id)
    )
    if merchant_code:
        query = query.where(merchants.c.code == merchant_code)
    return [SubscriptionRow(*row) for row in conn.execute(query)]


def iter_all(conn: Connection) -> Iterator[tuple[int, Subscription | None]]:
    """Yield all merchants' subscriptions with their ids; None for a row that cannot be parsed."""
    query = select(_S.id, *SUBSCRIPTION_COLUMNS).where(_S.removed_at.is_(None)).order_by(_S.id)
    for subscription_id, *row in conn.execute(query):
        try:
            yield subscription_id, subscription_from_row(row)
        except (ValueError, TypeError):
            yield subscription_id, None


def remove(
    conn: Connection,
    merchant_id: MerchantId,
    *,
    subscription_id: SubscriptionId,
    url: str,
    now: Millis,
) -> int:
    """Remove a merchant's subscriptions with this id or this URL; return how many.

    Their pending deliveries are finished as "unsubscribed".
    """
    query = select(_S.id).where(
        or_(_S.id == subscription_id, _S.url == url), *_active_of(merchant_id)
    )
    ended_ids = list(conn.scalars(query))
    conn.execute(update(subscriptions).where(_S.id.in_(ended_ids)).values(removed_at=now))
    pending = update(deliveries).where(_D.subscription_id.in_(ended_ids), _D.due_at.is_not(None))
    conn.execute(pending.values(due_at=None, done_at=now, problem="unsubscribed"))
    return len(ended_ids)


def list_subscribers(
    conn: Connection, merchant_id: MerchantId, events: Collection[str]
) -> list[tuple[int, str]]:
    """Return the id and event of the merchant's subscriptions to any of these events."""
    rows = conn.execute(_SELECT_SUBSCRIBERS, {"merchant": merchant_id})
    return [(subscription_id, event) for subscription_id, event in rows if event in events]


def _active_of(merchant_id: MerchantId) -> tuple[Any, ...]:
    return _S.merchant_id == merchant_id, _S.removed_at.is_(None), _S.app_id.is_(None)


def _row(subscription: Subscription) -> dict[str, Any]:
    return {
        "name": subscription.name,
        "event": subscription.event,
        "url": subscription.url,
        "version": subscription.version,
        "headers": json.dumps(subscription.headers, ensure_ascii=False),
        "strategy": subscription.strategy,
        "secret": subscription.secret,
    }


def subscription_from_row(row: Sequence[Any]) -> Subscription:
    """Convert a row of `SUBSCRIPTION_COLUMNS` to a subscription."""
    name, event, url, version, headers, strategy, secret = row
    header_pairs = tuple((key, value) for key, value in json.loads(headers))
    return Subscription(name, event, url, version, header_pairs, strategy, secret)
