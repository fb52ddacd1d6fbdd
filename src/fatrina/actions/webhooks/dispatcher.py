"""The dispatcher of events: starts what is due in threads of its own, and survives what fails."""

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
from fatrina.domain import errors, webhook

_POLL_INTERVAL: Final = 0.2
"""Seconds between two looks at what is due, when nothing happens."""
_SHORTEST: Final = 0.01
"""Seconds between two looks at least; as long as a look where that takes longer.

A look is measured by its own processor time: on a busy machine it would rest too long else.
"""
_LONGEST_REST: Final = 5.0
"""Seconds between two looks at most, after looks that failed."""
_REST: Final = 1.0
"""Seconds in which nothing starts after an attempt that could not be sent from here."""
_GRACE: Final = 2.0
"""Seconds in which attempts under way may end when the service stops; then they are cut."""
_CUT: Final = 1.0
"""Seconds in which threads whose attempts were cut may end."""
STUCK_AFTER_SECONDS: Final = 30.0
"""Seconds without a successful look after which the dispatcher is stuck."""
log = structlog.get_logger("fatrina")


@dataclass(frozen=True, slots=True)
class DispatcherHealth:
    """How the dispatcher is."""

    poll_age: float
    """Seconds since the last look that succeeded."""
    running: int
    unrecorded: int
    """Attempts whose outcome could not be recorded yet; nothing is sent meanwhile."""
    alive: bool

    @property
    def stuck(self) -> bool:
        """Whether events are not being delivered."""
        return not self.alive or self.poll_age > STUCK_AFTER_SECONDS


def _ignore(outcome: str) -> None:
    """Nothing counts."""


class WebhookDispatcher:
    """Looks for what is due and has it delivered; each product's events in order.

    An attempt whose outcome cannot be recorded is not made again in this process: the outcome is
    kept until it is recorded, and nothing else is sent before.
    """

    def __init__(self, deliverer: Deliverer, on_attempt: Callable[[str], None] = _ignore) -> None:
        """Deliver by `deliverer`; call `counted` with `delivered` or `failed` for each attempt."""
        self._deliverer = deliverer
        self._counted = on_attempt
        self._slots = Slots()
        self._stopped, self._wake, self._cut = Event(), Event(), Event()
        self._lock = Lock()
        self._threads: set[Thread] = set()
        self._unrecorded: dict[int, tuple[QueueHead, Outcome]] = {}
        self._rest_until = 0.0
        self._recordable = False
        self._looked = monotonic()
        self._loop: Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._looked = monotonic()
        self._loop = Thread(target=self._run, name="courier", daemon=True)
        self._loop.start()

    def close(self) -> None:
        """Stop within seconds: what is under way then is cut, and made again after a restart."""
        self._stopped.set()
        self._wake.set()
        self._join(_GRACE)
        self._cut.set()
        self._deliverer.sender.close()
        self._join(_CUT)

    def health(self) -> DispatcherHealth:
        """How the dispatcher is now."""
        return DispatcherHealth(
            poll_age=monotonic() - self._looked,
            running=len(self._slots),
            unrecorded=len(self._unrecorded),
            alive=self._loop is not None and self._loop.is_alive(),
        )

    def metrics(self) -> dict[str, float]:
        """How the dispatcher is and what waits; without the latter where the database is down."""
        health = self.health()
        figures = {
            "running": health.running,
            "unrecorded": health.unrecorded,
            "look_age_seconds": health.poll_age,
            "stuck": health.stuck,
        }
        with suppress(errors.ServiceError), self._deliverer.database.reading() as conn:
            waiting = deliveries.load_backlog(conn)
            now = self._deliverer.clock()
            age = 0 if waiting.oldest_at is None else max(now - waiting.oldest_at, 0)
            figures |= {
                "pending": waiting.pending,
                "paused": waiting.paused,
                "oldest_pending_seconds": age / 1000,
            }
        return figures

    def _join(self, seconds: float) -> None:
        end = monotonic() + seconds
        if self._loop is not None:
            self._loop.join(seconds)
        with self._lock:
            threads = [each for each in self._threads if each.ident is not None]
        for thread in threads:
            thread.join(max(end - monotonic(), 0))

    def _run(self) -> None:
        failed = 0
        while not self._stopped.is_set():
            self._wake.wait(_POLL_INTERVAL)
            self._wake.clear()
            begun = thread_time()
            try:
                self._poll()
                failed = 0
            except Exception as exc:  # noqa: BLE001  whatever it is, the next look may succeed
                failed += 1
                with suppress(Exception):
                    cause = exc.reason if isinstance(exc, errors.ServiceError) else repr(exc)
                    log.warning("nothing delivered", cause=cause)
            rest = _POLL_INTERVAL * 2 ** min(failed, 10) if failed else thread_time() - begun
            self._stopped.wait(min(max(rest, _SHORTEST), _LONGEST_REST))

    def _poll(self) -> None:
        self._retry_records()
        if monotonic() >= self._rest_until and not self._stopped.is_set():
            due = self._due()
            if due and not self._recordable:
                self._deliverer.database.overwrite_failed_commit()  # fails on a full disk, for one
                self._recordable = True
            taken = self._slots.acquire(due)
            for at, head in enumerate(taken):
                try:
                    self._start_delivery(head)
                except BaseException:
                    for unused in taken[at:]:
                        self._slots.cancel(unused)
                    raise
        self._looked = monotonic()

    def _retry_records(self) -> None:
        """Record what could not be recorded before; a database that is down raises."""
        for head, outcome in list(self._unrecorded.values()):
            try:
                self._deliverer.record(outcome)
            except errors.ServiceError:
                raise
            except Exception:  # noqa: BLE001, S112  its own fault, logged before: others go on
                continue
            del self._unrecorded[head.id]
            self._slots.release(head)

    def _due(self) -> list[QueueHead]:
        now, pause = self._deliverer.clock(), self._deliverer.pause
        with self._deliverer.database.reading() as conn:
            waiting = [
                each
                for each in deliveries.list_waiting_subscriptions(conn)
                if not _rests(each, now, pause)
            ]
            return [
                head
                for each in self._slots.select_startable(waiting)
                # Twice as many as may start: those at the front may be under way.
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
        """One attempt; None when nothing came of it that is to be recorded."""
        try:
            outcome = self._deliverer.attempt(head.id)
        except Exception as exc:  # noqa: BLE001  nothing was sent: later, and not at once
            self._rest_until = monotonic() + _REST
            _warn("not sent", head, exc)
            return None
        if self._cut.is_set() and outcome is not None and outcome.error is not None:
            return None  # cut by us: no failure of the receiver
        return outcome

    def _record(self, head: QueueHead, outcome: Outcome) -> None:
        try:
            self._deliverer.record(outcome)
        except Exception as exc:  # noqa: BLE001  sent, not to be sent again: recorded later
            self._recordable = False
            self._unrecorded[head.id] = head, outcome
            _warn("delivery not recorded", head, exc)
            return
        self._slots.release(head)
        self._wake.set()
        self._counted("delivered" if outcome.error is None else "failed")
        with suppress(Exception):
            tries = outcome.delivery.attempts + 1
            log.info(
                "delivery",
                delivery=head.id,
                tries=tries,
                status=outcome.status,
                problem=outcome.error,
            )


def _rests(to: WaitingSubscription, now: int, pause: int) -> bool:
    """Whether a subscription is paused; a longer pause than its failures cause is no pause.

    The clock was ahead when it was recorded.
    """
    until = to.paused_until
    most = webhook.pause_after(to.failures, pause)
    return until is not None and now < until <= webhook.latest_due_at(most, now)


def _warn(event: str, head: QueueHead, fault: Exception) -> None:
    """Log a fault; a log that cannot be written stops nothing."""
    with suppress(Exception):
        cause = fault.reason if isinstance(fault, errors.ServiceError) else type(fault).__name__
        log.warning(event, delivery=head.id, cause=cause)
