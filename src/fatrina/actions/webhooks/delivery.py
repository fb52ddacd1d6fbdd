"""One attempt to deliver an event, and the record of what came of it."""

import errno
import traceback
from typing import Final

import structlog

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, deliveries
from fatrina.adapters.database.deliveries import Outcome, PendingDelivery
from fatrina.adapters.http_client import WebhookSender
from fatrina.domain import errors, webhook

_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
log = structlog.get_logger("fatrina")


class ExhaustedError(Exception):
    """This machine lacks threads, descriptors or memory: the receiver was not even asked."""


class Deliverer:
    """Makes attempts, and records them.

    An attempt that could not be recorded, after a crash, is made again: a receiver may receive
    an event twice, and never not at all.
    """

    def __init__(self, database: Database, sender: WebhookSender, clock: Clock, pause: int) -> None:
        """Deliver what waits in `database`; `pause` is milliseconds between two attempts."""
        self.database = database
        self.sender = sender
        self.clock = clock
        self.pause = pause

    def attempt(self, delivery_id: int) -> Outcome | None:
        """Send a delivery once; None when it is over, or its subscription has ended.

        Raises:
            ExhaustedError: nothing could be sent from here.
            errors.ServiceError: the database does not answer.
        """
        try:
            with self.database.reading() as conn:
                due = deliveries.find_pending(conn, delivery_id)
        except (ValueError, TypeError) as exc:  # a row that was restored or edited by hand
            _log_fault(delivery_id, exc)
            with self.database.writing() as tx:
                deliveries.give_up(tx, delivery_id, "row_unreadable", self.clock())
            return None
        if due is None:
            return None
        if problem := webhook.undeliverable_reason(due.subscription):
            return Outcome(due, None, problem, final=True)
        return self._send(due)

    def record(self, outcome: Outcome) -> int | None:
        """Record an attempt; when the next one is due, None when the delivery is over.

        Raises:
            errors.ServiceError: it could not be recorded.
        """
        now, due = self.clock(), outcome.delivery
        due_at = None
        if outcome.error is not None and not outcome.final:
            due_at = webhook.next_attempt(due.attempts + 1, self.pause, now)
        with self.database.writing() as tx:
            if not deliveries.record_attempt(tx, outcome, due_at, now):
                return None
            if outcome.error is None:
                deliveries.reset_failures(tx, due.subscription_id)
            else:
                deliveries.record_failure(tx, due.subscription_id, self.pause, now)
        return due_at

    def _send(self, due: PendingDelivery) -> Outcome:
        wanted = due.subscription
        headers = [*wanted.headers, *webhook.signature_headers(wanted, due.body)]
        try:
            status = self.sender.post(wanted.url, headers, due.body)
        except errors.LinkError as exc:
            if getattr(exc.__cause__, "errno", None) in _EXHAUSTED:
                raise ExhaustedError from exc
            return Outcome(due, None, exc.reason)
        except (RuntimeError, MemoryError) as exc:  # no thread to be had, for one
            raise ExhaustedError from exc
        except Exception as exc:  # noqa: BLE001  it must not be tried for ever
            _log_fault(due.id, exc)
            return Outcome(due, None, "internal_error")
        taken = status in webhook.SUCCESS_STATUSES
        return Outcome(due, status, None if taken else f"status {status}")


def _log_fault(delivery_id: int, fault: Exception) -> None:
    """Log where a fault came from, without its text: that may quote a secret."""
    frames = traceback.extract_tb(fault.__traceback__)
    where = [f"{each.filename.rpartition('/')[2]}:{each.lineno}" for each in frames]
    log.error("fault", delivery=delivery_id, kind=type(fault).__name__, where=where)
