"""The webhook dispatcher: starts due deliveries in threads, and continues after any error."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread, current_thread
from time import monotonic, thread_time
from typing import Final

import structlog

from fatrina.actions.webhooks.delivery import Deliverer
from fatrina.actions.webhooks.slots import MAX_PER_SUBSCRIPTION, Slots
from fatrina.adapters.database import deliveries
from fatrina.adapters.database.deliveries import Outcome, QueueHead, WaitingSubscription
from fatrina.adapters.leadership import Leadership, SoleLeader
from fatrina.domain import errors, webhook
from fatrina.domain.types import Millis

_POLL_INTERVAL: Final = 0.2
"""Seconds between two polls for due deliveries when idle."""
_MIN_PAUSE: Final = 0.01
"""Minimum seconds between two polls; at least the duration of a poll.

The duration is the processor time of the thread: elapsed time on a busy machine would make the
pauses too long.
"""
_MAX_BACKOFF: Final = 5.0
"""Maximum seconds between two polls after failed polls."""
_RESOURCE_BACKOFF: Final = 1.0
"""Seconds without new attempts after one that this machine could not send."""
_STOP_GRACE: Final = 2.0
"""Seconds for running attempts to finish when the service stops; then they are aborted."""
_ABORT_GRACE: Final = 1.0
"""Seconds for the threads of aborted attempts to end."""
STUCK_AFTER_SECONDS: Final = 30.0
"""Seconds without a successful poll after which the dispatcher counts as stuck."""
log = structlog.get_logger("fatrina")


@dataclass(frozen=True, slots=True)
class DispatcherHealth:
    """The state of the dispatcher."""

    poll_age: float
    """Seconds since the last successful poll."""
    running: int
    unrecorded: int
    """Attempts whose outcome could not be recorded yet; until then, nothing else is sent."""
    alive: bool

    @property
    def stuck(self) -> bool:
        """True if no events are being delivered."""
        return not self.alive or self.poll_age > STUCK_AFTER_SECONDS


def _ignore(outcome: str) -> None:
    """Discard an outcome."""


class WebhookDispatcher:
    """Polls for due deliveries and starts them; events of one product are delivered in order.

    If the outcome of an attempt cannot be recorded, the outcome is kept in memory until it is,
    and nothing else is sent before. This process does not repeat the attempt.

    Of several nodes, only the leader delivers: the order of a product's events needs one sender.
    """

    def __init__(
        self,
        deliverer: Deliverer,
        on_attempt: Callable[[str], None] = _ignore,
        leadership: Leadership | None = None,
    ) -> None:
        """Deliver by `deliverer`; call `on_attempt` with `delivered` or `failed` per attempt."""
        self._leadership = leadership or SoleLeader()
        self._deliverer = deliverer
        self._on_attempt = on_attempt
        self._slots = Slots()
        self._stopped, self._wake, self._aborted = Event(), Event(), Event()
        self._lock = Lock()
        self._threads: set[Thread] = set()
        self._unrecorded: dict[int, tuple[QueueHead, Outcome]] = {}
        self._resume_at = 0.0
        self._recordable = False
        self._leads = False
        self._last_poll = monotonic()
        self._loop: Thread | None = None

    def start(self) -> None:
        """Start polling."""
        self._last_poll = monotonic()
        self._loop = Thread(target=self._run, name="dispatcher", daemon=True)
        self._loop.start()

    def close(self) -> None:
        """Stop within seconds; abort unfinished attempts, which are repeated after a restart."""
        self._stopped.set()
        self._wake.set()
        self._join(_STOP_GRACE)
        self._aborted.set()
        self._deliverer.sender.close()
        self._join(_ABORT_GRACE)

    def health(self) -> DispatcherHealth:
        """Return the current state."""
        return DispatcherHealth(
            poll_age=monotonic() - self._last_poll,
            running=len(self._slots),
            unrecorded=len(self._unrecorded),
            alive=self._loop is not None and self._loop.is_alive(),
        )

    def metrics(self) -> dict[str, float]:
        """Return the state and the backlog as gauges; no backlog if the database is down."""
        health = self.health()
        gauges = {
            "running": health.running,
            "unrecorded": health.unrecorded,
            "look_age_seconds": health.poll_age,
            "stuck": health.stuck,
            "leader": self._leads,
        }
        with suppress(errors.ServiceError), self._deliverer.database.reading() as conn:
            backlog = deliveries.load_backlog(conn)
            now = self._deliverer.clock()
            age = 0 if backlog.oldest_at is None else max(now - backlog.oldest_at, 0)
            gauges |= {
                "pending": backlog.pending,
                "paused": backlog.paused,
                "oldest_pending_seconds": age / 1000,
            }
        return gauges

    def _join(self, seconds: float) -> None:
        end = monotonic() + seconds
        if self._loop is not None:
            self._loop.join(seconds)
        with self._lock:
            threads = [each for each in self._threads if each.ident is not None]
        for thread in threads:
            thread.join(max(end - monotonic(), 0))

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            self._wake.wait(_POLL_INTERVAL)
            self._wake.clear()
            started = thread_time()
            try:
                self._poll()
                failures = 0
            except Exception as exc:  # noqa: BLE001  the next poll may succeed
                failures += 1
                with suppress(Exception):
                    cause = exc.reason if isinstance(exc, errors.ServiceError) else repr(exc)
                    log.warning("webhook poll failed", cause=cause)
            backoff = _POLL_INTERVAL * 2 ** min(failures, 10)
            pause = backoff if failures else thread_time() - started
            self._stopped.wait(min(max(pause, _MIN_PAUSE), _MAX_BACKOFF))

    def _poll(self) -> None:
        self._retry_records()
        self._leads = self._leadership.is_leader()
        if self._leads and monotonic() >= self._resume_at and not self._stopped.is_set():
            due = self._find_due()
            if due and not self._recordable:
                self._deliverer.database.overwrite_failed_commit()  # fails on a full disk
                self._recordable = True
            acquired = self._slots.acquire(due)
            for index, head in enumerate(acquired):
                try:
                    self._start_delivery(head)
                except BaseException:
                    for unused in acquired[index:]:
                        self._slots.cancel(unused)
                    raise
        self._last_poll = monotonic()

    def _retry_records(self) -> None:
        """Record the outcomes that could not be recorded before.

        Raises:
            errors.ServiceError: the database is down.
        """
        for head, outcome in list(self._unrecorded.values()):
            try:
                self._deliverer.record(outcome)
            except errors.ServiceError:
                raise
            except Exception:  # noqa: BLE001, S112  specific to this outcome, and logged before
                continue
            del self._unrecorded[head.id]
            self._slots.release(head)

    def _find_due(self) -> list[QueueHead]:
        now, pause = self._deliverer.clock(), self._deliverer.pause
        with self._deliverer.database.reading() as conn:
            waiting = [
                each
                for each in deliveries.list_waiting_subscriptions(conn)
                if not _is_paused(each, now, pause)
            ]
            return [
                head
                for each in self._slots.select_startable(waiting)
                # Twice as many as may start, because the first ones may be running.
                for head in deliveries.list_heads(conn, each, now, pause, 2 * MAX_PER_SUBSCRIPTION)
            ]

    def _start_delivery(self, head: QueueHead) -> None:
        thread = Thread(target=self._deliver, args=(head,), name="delivery", daemon=True)
        with self._lock:
            self._threads.add(thread)
        try:
            thread.start()
        except BaseException:
            self._on_finished(thread)
            raise

    def _on_finished(self, thread: Thread) -> None:
        with self._lock:
            self._threads.discard(thread)

    def _deliver(self, head: QueueHead) -> None:
        try:
            outcome = self._attempt(head)
            if outcome is None:
                self._slots.cancel(head)
            else:
                self._record(head, outcome)
        finally:
            self._on_finished(current_thread())

    def _attempt(self, head: QueueHead) -> Outcome | None:
        """Make one attempt; return None if there is nothing to record."""
        try:
            outcome = self._deliverer.attempt(head.id)
        except Exception as exc:  # noqa: BLE001  nothing was sent: try again later
            self._resume_at = monotonic() + _RESOURCE_BACKOFF
            _log_failure("delivery not sent", head, exc)
            return None
        if self._aborted.is_set() and outcome is not None and outcome.error is not None:
            return None  # aborted at shutdown: not a failure of the receiver
        return outcome

    def _record(self, head: QueueHead, outcome: Outcome) -> None:
        try:
            self._deliverer.record(outcome)
        except Exception as exc:  # noqa: BLE001  sent already: record it later
            self._recordable = False
            self._unrecorded[head.id] = head, outcome
            _log_failure("delivery not recorded", head, exc)
            return
        self._slots.release(head)
        self._wake.set()
        self._on_attempt("delivered" if outcome.error is None else "failed")
        with suppress(Exception):
            log.info(
                "delivery",
                delivery=head.id,
                attempts=outcome.delivery.attempts + 1,
                status=outcome.status,
                error=outcome.error,
            )


def _is_paused(subscription: WaitingSubscription, now: Millis, pause: Millis) -> bool:
    """Return whether a subscription is paused.

    A pause longer than its failures cause is ignored: the clock was ahead when it was recorded.
    """
    until = subscription.paused_until
    longest = webhook.pause_after(subscription.failures, pause)
    return until is not None and now < until <= webhook.latest_due_at(longest, now)


def _log_failure(event: str, head: QueueHead, exc: Exception) -> None:
    """Log an exception; errors of the log itself are ignored."""
    with suppress(Exception):
        cause = exc.reason if isinstance(exc, errors.ServiceError) else type(exc).__name__
        log.warning(event, delivery=head.id, cause=cause)
