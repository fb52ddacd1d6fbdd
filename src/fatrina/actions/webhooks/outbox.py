"""The outbox: events are stored in the transaction of the change that they report."""

from collections.abc import Callable, Collection
from typing import Protocol

from sqlalchemy import Connection

from fatrina import wire
from fatrina.actions.views import load_views
from fatrina.adapters.database import deliveries, products, webhooks
from fatrina.domain.access import Caller
from fatrina.domain.types import Millis, ProductId, SubscriptionId


class Outbox(Protocol):
    """Queues events about changes."""

    def enqueue(
        self, tx: Connection, caller: Caller, product_id: ProductId, events: Collection[str]
    ) -> None:
        """Queue `events` about a product of the caller's merchant, as part of transaction `tx`."""


class DatabaseOutbox:
    """Stores one delivery per subscription; `webhooks.dispatcher` delivers them later."""

    def __init__(self, base_url: str, clock: Callable[[], Millis]) -> None:
        """Write the URLs of images below `base_url`."""
        self._serializer = wire.Serializer(base_url)
        self._clock = clock

    def enqueue(
        self, tx: Connection, caller: Caller, product_id: ProductId, events: Collection[str]
    ) -> None:
        """Queue a delivery with the product's current state for each matching subscription.

        The deliveries are stored if and only if the transaction is committed. A merchant without
        subscriptions costs one index lookup.
        """
        subscribers = webhooks.list_subscribers(tx, caller.merchant_id, events)
        row = products.find(tx, caller.merchant_id, product_id) if subscribers else None
        if row is None:
            return
        product, now = load_views(tx, [row])[0], self._clock()
        for subscription_id, event in subscribers:
            body = self._serializer.event(event, caller.merchant_id, now, product)
            deliveries.enqueue(tx, SubscriptionId(subscription_id), product_id, body, now)


class NullOutbox:
    """Drops all events."""

    def enqueue(
        self, tx: Connection, caller: Caller, product_id: ProductId, events: Collection[str]
    ) -> None:
        """Do nothing."""
