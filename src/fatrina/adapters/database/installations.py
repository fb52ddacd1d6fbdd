"""Queries for installed apps: the grant of an installation, and the webhook of the app."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from fatrina.adapters.database.apps import App
from fatrina.adapters.database.schema import deliveries, grants, subscriptions
from fatrina.domain.types import AppId, GrantId, MerchantId, Millis, SubscriptionId
from fatrina.domain.webhook import SIGNATURE

APP_EVENTS: Final = "app.*"
"""The event of the subscription that stands for the webhook of an app."""
_S, _G, _D = subscriptions.c, grants.c, deliveries.c


def list_grants(conn: Connection, app_id: AppId, merchant_id: MerchantId) -> Sequence[GrantId]:
    """Return the valid grants of a merchant to an app."""
    query = select(_G.id).where(
        _G.app_id == app_id, _G.merchant_id == merchant_id, _G.revoked_at.is_(None)
    )
    return conn.scalars(query).all()


def upsert_subscription(
    conn: Connection, app: App, merchant_id: MerchantId, now: Millis
) -> SubscriptionId:
    """Return the subscription by which an app receives its events about a merchant.

    The API does not list it. Its URL and secret are those that the app has now.
    """
    row = {
        "url": app.webhook_url,
        "secret": app.webhook_secret or "",
        "failures": 0,
        "paused_until": None,
    }
    found = conn.scalar(
        select(_S.id).where(
            _S.app_id == app.id, _S.merchant_id == merchant_id, _S.removed_at.is_(None)
        )
    )
    if found is not None:
        conn.execute(update(subscriptions).where(_S.id == found).values(row))
        return SubscriptionId(found)
    row |= {
        "merchant_id": merchant_id,
        "app_id": app.id,
        "name": app.name,
        "event": APP_EVENTS,
        "version": 2,
        "headers": "[]",
        "strategy": SIGNATURE,
        "created_at": now,
    }
    query = insert(subscriptions).values(row).returning(_S.id)
    return SubscriptionId(int(conn.execute(query).scalar_one()))


def remove_subscriptions(conn: Connection, app_id: AppId, now: Millis) -> None:
    """Remove the subscriptions of an app, and delete their pending deliveries with their tokens."""
    ended_ids = select(_S.id).where(_S.app_id == app_id)
    conn.execute(
        delete(deliveries).where(_D.subscription_id.in_(ended_ids), _D.due_at.is_not(None))
    )
    active = _S.app_id == app_id, _S.removed_at.is_(None)
    conn.execute(update(subscriptions).where(*active).values(removed_at=now))
