"""Attempt to deliver an event once, and record the outcome."""

import errno
import traceback
from typing import Final

import structlog

from fatrina import wire_apps
from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, deliveries
from fatrina.adapters.database.deliveries import Outcome, PendingDelivery
from fatrina.adapters.http_client import WebhookSender
from fatrina.domain import errors, webhook
from fatrina.domain.types import DeliveryId, Millis

_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
log = structlog.get_logger("fatrina")


class ExhaustedError(Exception):
    """This machine lacks threads, file descriptors or memory: no request was sent."""


class Deliverer:
    """Makes delivery attempts and records their outcomes.

    Delivery is at least once: an attempt not recorded before a crash is repeated.
    """

    def __init__(
        self, database: Database, sender: WebhookSender, clock: Clock, pause: Millis
    ) -> None:
        """Deliver the events in `database`; `pause` is milliseconds between two attempts."""
        self.database = database
        self.sender = sender
        self.clock = clock
        self.pause = pause

    def attempt(self, delivery_id: DeliveryId) -> Outcome | None:
        """Send a delivery once; return None if it is finished or its subscription was deleted.

        Raises:
            ExhaustedError: this machine could not send the request.
            errors.ServiceError: the database does not respond.
        """
        try:
            with self.database.reading() as conn:
                due = deliveries.find_pending(conn, delivery_id)
        except (ValueError, TypeError) as exc:  # an invalid row, restored or edited manually
            _log_exception(delivery_id, exc)
            with self.database.writing() as tx:
                deliveries.give_up(tx, delivery_id, "row_unreadable", self.clock())
            return None
        if due is None:
            return None
        if problem := webhook.undeliverable_reason(due.subscription):
            return Outcome(due, None, problem, final=True)
        return self._send(due)

    def record(self, outcome: Outcome) -> Millis | None:
        """Record an attempt; return the time of the next one, None if the delivery is finished.

        Raises:
            errors.ServiceError: the attempt could not be recorded.
        """
        now, due = self.clock(), outcome.delivery
        due_at = None
        if outcome.error is not None and not outcome.final:
            due_at = webhook.next_attempt(due.attempts + 1, self.pause, now)
        with self.database.writing() as tx:
            # The tokens in an event are stored only until it is delivered or given up.
            body = wire_apps.mask_tokens(due.body) if due_at is None else None
            if not deliveries.record_attempt(tx, outcome, due_at, now, body=body):
                return None
            if outcome.error is None:
                deliveries.reset_failures(tx, due.subscription_id)
            else:
                deliveries.record_failure(tx, due.subscription_id, self.pause, now)
        return due_at

    def _send(self, due: PendingDelivery) -> Outcome:
        subscription = due.subscription
        headers = webhook.delivery_headers(subscription, due.body)
        try:
            status = self.sender.post(subscription.url, headers, due.body)
        except errors.LinkError as exc:
            if getattr(exc.__cause__, "errno", None) in _EXHAUSTED:
                raise ExhaustedError from exc
            return Outcome(due, None, exc.reason)
        except (RuntimeError, MemoryError) as exc:  # for example, no thread could be started
            raise ExhaustedError from exc
        except Exception as exc:  # noqa: BLE001  recorded, so that the attempts end
            _log_exception(due.id, exc)
            return Outcome(due, None, "internal_error")
        accepted = status in webhook.SUCCESS_STATUSES
        return Outcome(due, status, None if accepted else f"status {status}")


def _log_exception(delivery_id: DeliveryId, exc: Exception) -> None:
    """Log the type and the origin of an exception, without its text, which may contain a secret."""
    frames = traceback.extract_tb(exc.__traceback__)
    where = [f"{each.filename.rpartition('/')[2]}:{each.lineno}" for each in frames]
    log.error("internal_error", delivery=delivery_id, kind=type(exc).__name__, where=where)
