"""The events that wait: how many, since when, and which subscriptions can receive nothing."""

from typing import Final

from sqlalchemy import Connection

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, deliveries, webhooks
from fatrina.doctor.report import Report
from fatrina.domain import webhook
from fatrina.domain.durations import MINUTE

_LATE: Final = 600_000
"""Milliseconds after which events that wait are worth a look: twice the usual pause."""
_SHOWN: Final = 10


def examine(report: Report, database: Database) -> None:
    """Look into the deliveries that are not over."""
    with database.reading() as conn:
        waiting = deliveries.backlog(conn)
        unsendable = _unsendable(conn)
    age = 0 if waiting.oldest_at is None else Clock()() - waiting.oldest_at
    if age > _LATE:
        report.warn(
            "events",
            f"{waiting.pending} wait, the oldest for {age // MINUTE} minutes",
            "See fatrina webhook log, and /ready and /metrics of the running service.",
        )
    else:
        report.ok("events", f"{waiting.pending} wait")
    if waiting.paused:
        report.warn(
            "webhooks",
            f"{waiting.paused} paused because their receivers fail",
            "See fatrina webhook log --failed: the receivers' owners have to act.",
        )
    if unsendable:
        report.warn(
            "webhooks",
            f"nothing can be sent to {', '.join(unsendable[:_SHOWN])}",
            "Give these subscriptions another secret, or other headers: PUT /webhooks/{id}.",
        )


def _unsendable(conn: Connection) -> list[str]:
    """The subscriptions whose secret or headers cannot be sent, and why, without either."""
    found = []
    for number, wanted in webhooks.iter_all(conn):
        problem = "row_unreadable" if wanted is None else webhook.unsendable_field(wanted)
        if problem is not None:
            found.append(f"{number} ({problem})")
    return found
