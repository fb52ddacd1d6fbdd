"""Checks of webhooks: pending deliveries, and subscriptions that cannot receive any."""

from typing import Final

from sqlalchemy import Connection

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, deliveries, webhooks
from fatrina.doctor.report import Report
from fatrina.domain import webhook
from fatrina.domain.durations import MINUTE

_MAX_AGE_MILLIS: Final = 600_000
"""Age at which pending deliveries are reported: twice the usual pause."""
_MAX_LISTED: Final = 10


def check_webhooks(report: Report, database: Database) -> None:
    """Check the pending deliveries and the subscriptions."""
    with database.reading() as conn:
        backlog = deliveries.load_backlog(conn)
        unsendable = _list_unsendable(conn)
    age = 0 if backlog.oldest_at is None else Clock()() - backlog.oldest_at
    if age > _MAX_AGE_MILLIS:
        report.warn(
            "events",
            f"{backlog.pending} pending, the oldest for {age // MINUTE} minutes",
            "See fatrina webhook log, and /ready and /metrics of the running service.",
        )
    else:
        report.ok("events", f"{backlog.pending} pending")
    if backlog.paused:
        report.warn(
            "webhooks",
            f"{backlog.paused} paused because their receivers fail",
            "See fatrina webhook log --failed: their owners must fix the receivers.",
        )
    if unsendable:
        report.warn(
            "webhooks",
            f"nothing can be sent to {', '.join(unsendable[:_MAX_LISTED])}",
            "Change the secret or headers of these subscriptions: PUT /webhooks/{id}.",
        )


def _list_unsendable(conn: Connection) -> list[str]:
    """Return the ids of subscriptions whose secret or headers cannot be sent, with the reason."""
    unsendable = []
    for subscription_id, subscription in webhooks.iter_all(conn):
        problem = (
            "row_unreadable" if subscription is None else webhook.undeliverable_reason(subscription)
        )
        if problem is not None:
            unsendable.append(f"{subscription_id} ({problem})")
    return unsendable
