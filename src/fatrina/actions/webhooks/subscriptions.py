"""Subscribe to events, and see what became of their deliveries."""

from dataclasses import replace
from typing import Any

from fatrina.actions import Services, access
from fatrina.adapters.database import Database, tokens, webhooks
from fatrina.adapters.database import deliveries as rows
from fatrina.adapters.database.deliveries import DeliveryRow
from fatrina.domain import errors
from fatrina.domain.access import Caller
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


def subscribe(services: Services, caller: Caller, wanted: Subscription) -> int:
    """Add a subscription; its id.

    Raises:
        errors.ValidationFailed: the merchant has too many, or the secret cannot be sent.
    """
    check_secret(wanted)
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        tokens.lock_merchant(tx, caller.merchant_id)
        if len(webhooks.list_all(tx, caller.merchant_id)) >= MAX_SUBSCRIPTIONS:
            raise errors.ValidationFailed(
                errors.TooManySubscriptions("url", limit=MAX_SUBSCRIPTIONS)
            )
        return webhooks.add(tx, caller.merchant_id, wanted, services.clock())


def update(
    services: Services, caller: Caller, subscription_id: int, changes: dict[str, Any]
) -> Subscription:
    """Change what is mentioned of a subscription, by the names of `Subscription`.

    Raises:
        errors.NotFound: the merchant has no such subscription.
        errors.ValidationFailed: the secret is to be sent, and is missing or cannot be
            the value of a header.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        found = webhooks.find(tx, caller.merchant_id, subscription_id, lock=True)
        if found is None:
            raise errors.NotFound
        changed = replace(found, **changes)
        check_secret(changed)
        webhooks.update_fields(tx, subscription_id, changed)
        return changed


def check_exists(services: Services, caller: Caller, subscription_id: int) -> None:
    """Pass when the merchant has this subscription; asked before a body is read.

    Raises:
        errors.NotFound: there is none.
    """
    with services.database.reading() as conn:
        if webhooks.find(conn, caller.merchant_id, subscription_id) is None:
            raise errors.NotFound


def check_secret(wanted: Subscription) -> None:
    """Pass when a secret that is to be sent is there, and can be sent.

    Raises:
        errors.ValidationFailed: it is missing, or cannot be a header's value.
    """
    if wanted.strategy != TOKEN:
        return
    if not wanted.secret:
        raise errors.ValidationFailed(errors.Required("secret"))
    if not is_valid_secret(wanted.secret):
        raise errors.ValidationFailed(errors.InvalidSecret("secret"))


def list_subscriptions(services: Services, caller: Caller) -> list[tuple[int, Subscription]]:
    """The merchant's subscriptions by id, the newest last."""
    with services.database.reading() as conn:
        return webhooks.list_all(conn, caller.merchant_id)


def unsubscribe(services: Services, caller: Caller, *, subscription_id: int, url: str) -> None:
    """End the subscription with this id, or those with this URL.

    Raises:
        errors.NotFound: the merchant has none of them.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        now = services.clock()
        if not webhooks.remove(
            tx, caller.merchant_id, subscription_id=subscription_id, url=url, now=now
        ):
            raise errors.NotFound


def list_deliveries(
    database: Database, *, merchant_code: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """The newest deliveries, those of one merchant or those whose last try failed if asked."""
    with database.reading() as conn:
        return rows.list_recent(conn, merchant_code=merchant_code, failed=failed, limit=limit)


def redeliver(database: Database, delivery_id: int, now: int) -> bool:
    """Deliver once more; False when it is not there, not over, or nobody listens any more."""
    with database.writing() as tx:
        return rows.redeliver(tx, delivery_id, now)
