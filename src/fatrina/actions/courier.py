"""Deliver what subscriptions are owed: each product's events in order, at least once."""

from collections import Counter
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

import structlog

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database, webhooks
from fatrina.adapters.database.webhooks import Due
from fatrina.adapters.download import Messenger
from fatrina.domain import errors, webhook

_LOOK: Final = 0.2
"""Seconds between two looks at what is owed."""
_AT_ONCE: Final = 32
"""Deliveries under way at once."""
_FOR_ONE: Final = 2
"""Of them, those to one subscription: a slow receiver leaves room for the others."""
_GRACE: Final = 2.0
"""Seconds in which those under way may end when the service stops; they are made again else."""
log = structlog.get_logger("fatrina")


class Courier:
    """Looks for what is owed and sends it, in threads of its own.

    A try that nobody could note any more, after a crash, is made again: a receiver may hear
    twice, and never not at all.
    """

    def __init__(self, database: Database, messenger: Messenger, clock: Clock, pause: int) -> None:
        """Deliver what `database` owes; `pause` is milliseconds between two tries."""
        self._database = database
        self._messenger = messenger
        self._clock = clock
        self._pause = pause
        self._stopped = Event()
        self._lock = Lock()
        self._under_way: dict[int, int] = {}
        self._threads: set[Thread] = set()

    def start(self) -> None:
        """Begin to look."""
        self._spawn(self._look)

    def close(self) -> None:
        """Stop looking; wait a little for what is under way."""
        self._stopped.set()
        for thread in list(self._threads):
            thread.join(_GRACE)

    def _look(self) -> None:
        while not self._stopped.wait(_LOOK):
            try:
                for due in self._due():
                    self._spawn(self._deliver, due)
            except errors.Refusal as down:
                log.warning("nothing delivered", cause=down.reason)

    def _due(self) -> list[Due]:
        with self._lock:
            under_way, room = list(self._under_way), _AT_ONCE - len(self._under_way)
            busy = Counter(self._under_way.values())
        if room <= 0:
            return []
        with self._database.reading() as look:
            found = webhooks.due(look, self._clock(), under_way, _AT_ONCE * 4)
        chosen: list[Due] = []
        for due in found:
            if len(chosen) < room and busy[due.subscriber] < _FOR_ONE:
                busy[due.subscriber] += 1
                chosen.append(due)
        with self._lock:
            self._under_way |= {due.id: due.subscriber for due in chosen}
        return chosen

    def _deliver(self, due: Due) -> None:
        status, problem = self._send(due)
        tries = due.tries + 1
        now = self._clock()
        due_at = None if problem is None else webhook.next_try(tries, self._pause, now)
        try:
            with self._database.writing() as tx:
                webhooks.tried(
                    *(tx, due.id),
                    tries=tries,
                    due_at=due_at,
                    status=status,
                    problem=problem,
                    now=now,
                )
        except errors.Refusal as down:
            log.warning("delivery not noted", delivery=due.id, cause=down.reason)
        finally:
            with self._lock:
                self._under_way.pop(due.id, None)
        log.info("delivery", delivery=due.id, tries=tries, status=status, problem=problem)

    def _send(self, due: Due) -> tuple[int | None, str | None]:
        """The status of the answer, and what is wrong with it if anything is."""
        wanted = due.subscription
        headers = [*wanted.headers, *webhook.proofs(wanted, due.body)]
        try:
            status = self._messenger.post(wanted.url, headers, due.body)
        except errors.LinkRefused as refusal:
            return None, refusal.reason
        except Exception as fault:  # one that cannot be sent must not be tried for ever
            log.exception("fault", delivery=due.id)
            return None, repr(fault)
        return status, None if status in webhook.TAKEN else f"status {status}"

    def _spawn(self, work: Callable[..., None], *given: Due) -> None:
        def run() -> None:
            try:
                work(*given)
            finally:
                self._threads.discard(thread)

        thread = Thread(target=run, name="courier", daemon=True)
        self._threads.add(thread)
        thread.start()
