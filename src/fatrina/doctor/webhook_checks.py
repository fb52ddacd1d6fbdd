"""The events that wait: how many, since when, and which subscriptions can receive nothing."""

from typing import Final

from sqlalchemy import Connection

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, deliveries, webhooks
from fatrina.doctor.report import Report
from fatrina.domain import webhook
from fatrina.domain.durations import MINUTE

_MAX_AGE_MILLIS: Final = 600_000
"""Milliseconds after which events that wait are worth a look: twice the usual pause."""
_MAX_LISTED: Final = 10


def check_webhooks(report: Report, database: Database) -> None:
    """Look into the deliveries that are not over."""
    with database.reading() as conn:
        backlog = deliveries.load_backlog(conn)
        unsendable = _list_unsendable(conn)
    age = 0 if backlog.oldest_at is None else Clock()() - backlog.oldest_at
    if age > _MAX_AGE_MILLIS:
        report.warn(
            "events",
            f"{backlog.pending} wait, the oldest for {age // MINUTE} minutes",
            "See fatrina webhook log, and /ready and /metrics of the running service.",
        )
    else:
        report.ok("events", f"{backlog.pending} wait")
    if backlog.paused:
        report.warn(
            "webhooks",
            f"{backlog.paused} paused because their receivers fail",
            "See fatrina webhook log --failed: the receivers' owners have to act.",
        )
    if unsendable:
        report.warn(
            "webhooks",
            f"nothing can be sent to {', '.join(unsendable[:_MAX_LISTED])}",
            "Give these subscriptions another secret, or other headers: PUT /webhooks/{id}.",
        )


def _list_unsendable(conn: Connection) -> list[str]:
    """The subscriptions whose secret or headers cannot be sent, and why, without either."""
    unsendable = []
    for subscription_id, subscription in webhooks.iter_all(conn):
        problem = (
            "row_unreadable" if subscription is None else webhook.unsendable_field(subscription)
        )
        if problem is not None:
            unsendable.append(f"{subscription_id} ({problem})")
    return unsendable
