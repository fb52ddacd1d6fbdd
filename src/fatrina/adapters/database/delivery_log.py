"""Query for the webhook log: the newest deliveries and the results of their last attempts."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from fatrina.adapters.database.schema import deliveries, merchants, subscriptions
from fatrina.domain.types import DeliveryId, Millis, ProductId

_S, _D = subscriptions.c, deliveries.c


class DeliveryRow(NamedTuple):
    """A delivery, as the webhook log lists it."""

    id: DeliveryId
    merchant_code: str
    event: str
    url: str
    product_id: ProductId
    created_at: Millis
    attempts: int
    due_at: Millis | None
    """When the next attempt is due; None if the delivery is finished."""
    status: int | None
    """HTTP status of the last attempt; None without a response."""
    error: str | None
    """Why the last attempt failed; None if it succeeded."""
    dropped: int
    """Number of older events of the subscription dropped to make room for this one."""
    paused_until: Millis | None
    """When the pause of the subscription ends, after many failed attempts in a row."""


def list_recent(
    conn: Connection, *, merchant_code: str = "", failed: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """Return up to `limit` deliveries, the newest first.

    With `merchant_code`, only that merchant's; with `failed`, only those whose last attempt failed.
    """
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
