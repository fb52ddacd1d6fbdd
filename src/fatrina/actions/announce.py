"""Announce a change to whoever wants to hear of it, in the transaction that makes the change."""

from collections.abc import Collection

from sqlalchemy import Connection

from fatrina import wire
from fatrina.actions import Parts
from fatrina.actions.shown import with_images
from fatrina.adapters.database import deliveries, products, webhooks
from fatrina.domain.access import Caller


def announce(
    parts: Parts, tx: Connection, caller: Caller, product: int, events: Collection[str]
) -> None:
    """Owe every subscription to any of `events` a message that tells the product as it is now.

    With the change it is on record or not at all; the courier delivers what is owed. Merchants
    without subscriptions pay for one look at an index.
    """
    if caller.unheard:
        return
    wanted = webhooks.listening(tx, caller.merchant_id, events)
    row = products.find(tx, caller.merchant_id, product) if wanted else None
    if row is None:
        return
    told, now = with_images(tx, [row])[0], parts.clock()
    writer = wire.Writer(parts.storage.base)
    for subscription, event in wanted:
        body = writer.event(event, caller.merchant_id, now, told)
        deliveries.enqueue(tx, subscription, product, body, now)
