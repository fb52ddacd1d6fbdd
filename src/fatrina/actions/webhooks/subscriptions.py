"""Subscribe to events, and list and repeat their deliveries."""

from dataclasses import replace
from typing import Any

from fatrina import wire_apps
from fatrina.actions import Services, access
from fatrina.adapters.database import Database, deliveries, delivery_log, tokens, webhooks
from fatrina.adapters.database.delivery_log import DeliveryRow
from fatrina.adapters.database.webhooks import SubscriptionRow
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.types import DeliveryId, Millis, SubscriptionId
from fatrina.domain.webhook import MAX_SUBSCRIPTIONS, TOKEN, Subscription, is_valid_secret

__all__ = [
    "DeliveryRow",
    "check_exists",
    "check_secret",
    "list_deliveries",
    "list_subscriptions",
    "redeliver",
    "subscribe",
    "unsubscribe",
    "update",
]


def subscribe(services: Services, caller: Caller, subscription: Subscription) -> SubscriptionId:
    """Create a subscription and return its id.

    If the merchant has a subscription of this URL to this event already, it is replaced, so that
    every event arrives once.

    Raises:
        errors.ValidationFailed: the merchant has too many subscriptions, or the secret is missing
            or invalid.
    """
    check_secret(subscription)
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        tokens.lock_merchant(tx, caller.merchant_id)
        existing = webhooks.list_all(tx, caller.merchant_id)
        for subscription_id, each in existing:
            if (each.url, each.event) == (subscription.url, subscription.event):
                webhooks.update_fields(tx, SubscriptionId(subscription_id), subscription)
                return SubscriptionId(subscription_id)
        if len(existing) >= MAX_SUBSCRIPTIONS:
            raise errors.ValidationFailed(
                errors.TooManySubscriptions("url", limit=MAX_SUBSCRIPTIONS)
            )
        new_id = webhooks.add(tx, caller.merchant_id, subscription, services.clock())
        return services.recorder.record(tx, new_id)


def update(
    services: Services, caller: Caller, subscription_id: SubscriptionId, changes: dict[str, Any]
) -> Subscription:
    """Change the given fields of a subscription; `changes` has the names of `Subscription`.

    Raises:
        errors.NotFound: the merchant has no such subscription.
        errors.ValidationFailed: the strategy sends the secret, which is missing or is not a valid
            header value.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        found = webhooks.find(tx, caller.merchant_id, subscription_id, lock=True)
        if found is None:
            raise errors.NotFound
        changed = replace(found, **changes)
        check_secret(changed)
        webhooks.update_fields(tx, subscription_id, changed)
        return services.recorder.record(tx, changed)


def check_exists(services: Services, caller: Caller, subscription_id: SubscriptionId) -> None:
    """Raise unless the merchant has this subscription; called before the body is read.

    Raises:
        errors.NotFound: the merchant has no such subscription.
    """
    with services.database.reading() as conn:
        if webhooks.find(conn, caller.merchant_id, subscription_id) is None:
            raise errors.NotFound


def check_secret(subscription: Subscription) -> None:
    """Raise if the strategy sends the secret, and the secret is missing or invalid.

    Raises:
        errors.ValidationFailed: the secret is missing, or is not a valid header value.
    """
    if subscription.strategy != TOKEN:
        return
    if not subscription.secret:
        raise errors.ValidationFailed(errors.Required("secret"))
    if not is_valid_secret(subscription.secret):
        raise errors.ValidationFailed(errors.InvalidSecret("secret"))


def list_subscriptions(services: Services, caller: Caller) -> list[tuple[int, Subscription]]:
    """Return the merchant's subscriptions with their ids, the newest last."""
    with services.database.reading() as conn:
        return webhooks.list_all(conn, caller.merchant_id)


def unsubscribe(
    services: Services, caller: Caller, *, subscription_id: SubscriptionId, url: str
) -> None:
    """Delete the subscription with this id, or those with this URL.

    Raises:
        errors.NotFound: the merchant has no such subscription.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        now = services.clock()
        if not webhooks.remove(
            tx, caller.merchant_id, subscription_id=subscription_id, url=url, now=now
        ):
            raise errors.NotFound
        services.recorder.record(tx, None)


def list_for_operator(database: Database, *, merchant_code: str = "") -> list[SubscriptionRow]:
    """Return all subscriptions, or those of one merchant, the newest last."""
    with database.reading() as conn:
        return webhooks.list_rows(conn, merchant_code)


def list_deliveries(
    database: Database, *, merchant_code: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """Return the newest deliveries, at most `limit`.

    `merchant_code` selects those of one merchant, `failed` those whose last attempt failed.
    """
    with database.reading() as conn:
        return delivery_log.list_recent(
            conn, merchant_code=merchant_code, failed=failed, limit=limit
        )


def redeliver(database: Database, delivery_id: DeliveryId, now: Millis) -> bool:
    """Queue a finished delivery again.

    Return False if it does not exist, is still pending, its subscription was deleted, or its body
    contained tokens, which are not stored any more.
    """
    with database.writing() as tx:
        return deliveries.redeliver(tx, delivery_id, now, unsendable=wire_apps.MASKED)
