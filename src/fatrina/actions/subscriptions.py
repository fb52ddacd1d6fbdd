"""Subscribe to events, and see what became of their deliveries."""

from dataclasses import replace
from typing import Any

from fatrina.actions import Parts, access
from fatrina.adapters.database import Database, tokens, webhooks
from fatrina.adapters.database import deliveries as rows
from fatrina.adapters.database.deliveries import DeliveryRow
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.webhook import MOST, TOKEN, Subscription, may_be_token


def subscribe(parts: Parts, caller: Caller, wanted: Subscription) -> int:
    """Add a subscription; its id.

    Raises:
        errors.Invalid: the merchant has too many, or the secret cannot be sent.
    """
    must_have_secret(wanted)
    with parts.database.writing() as tx:
        access.check(tx, caller)
        tokens.lock(tx, caller.merchant_id)
        if len(webhooks.listed(tx, caller.merchant_id)) >= MOST:
            raise errors.Invalid(errors.TooManySubscriptions("url", limit=MOST))
        return webhooks.subscribe(tx, caller.merchant_id, wanted, parts.clock())


def change(parts: Parts, caller: Caller, number: int, changes: dict[str, Any]) -> Subscription:
    """Change what is mentioned of a subscription, by the names of `Subscription`.

    Raises:
        errors.Missing: the merchant has no such subscription.
        errors.Invalid: the secret is to be sent, and is missing or cannot be a header's value.
    """
    with parts.database.writing() as tx:
        access.check(tx, caller)
        found = webhooks.find(tx, caller.merchant_id, number, lock=True)
        if found is None:
            raise errors.Missing
        changed = replace(found, **changes)
        must_have_secret(changed)
        webhooks.change(tx, number, changed)
        return changed


def must_exist(parts: Parts, caller: Caller, number: int) -> None:
    """Pass when the merchant has this subscription; asked before a body is read.

    Raises:
        errors.Missing: there is none.
    """
    with parts.database.reading() as look:
        if webhooks.find(look, caller.merchant_id, number) is None:
            raise errors.Missing


def must_have_secret(wanted: Subscription) -> None:
    """Pass when a secret that is to be sent is there, and can be sent.

    Raises:
        errors.Invalid: it is missing, or cannot be a header's value.
    """
    if wanted.strategy != TOKEN:
        return
    if not wanted.secret:
        raise errors.Invalid(errors.Required("secret"))
    if not may_be_token(wanted.secret):
        raise errors.Invalid(errors.SecretRefused("secret"))


def listed(parts: Parts, caller: Caller) -> list[tuple[int, Subscription]]:
    """The merchant's subscriptions by id, the newest last."""
    with parts.database.reading() as look:
        return webhooks.listed(look, caller.merchant_id)


def unsubscribe(parts: Parts, caller: Caller, *, number: int, url: str) -> None:
    """End the subscription with this id, or those with this URL.

    Raises:
        errors.Missing: the merchant has none of them.
    """
    with parts.database.writing() as tx:
        access.check(tx, caller)
        now = parts.clock()
        if not webhooks.remove(tx, caller.merchant_id, number=number, url=url, now=now):
            raise errors.Missing


def deliveries(
    database: Database, *, merchant: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """The newest deliveries, those of one merchant or those whose last try failed if asked."""
    with database.reading() as look:
        return rows.log(look, merchant=merchant, failed=failed, limit=limit)


def redeliver(database: Database, delivery: int, now: int) -> bool:
    """Deliver once more; False when it is not there, not over, or nobody listens any more."""
    with database.writing() as tx:
        return rows.again(tx, delivery, now)
