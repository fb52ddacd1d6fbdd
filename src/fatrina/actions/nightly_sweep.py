"""The nightly sweep: a timer in every node, which sweeps on the one that leads."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

import structlog

from fatrina.actions.sweep import Sweeper
from fatrina.adapters.leadership import Leadership
from fatrina.domain import errors
from fatrina.domain.durations import DAY, HOUR
from fatrina.domain.types import Millis

_CHECK_SECONDS: Final = 60.0
_MIN_GAP: Final = 20 * HOUR
"""Minimum time between two sweeps, also if one was started by a command."""
_STOP_SECONDS: Final = 2.0
log = structlog.get_logger("fatrina")


class NightlySweep:
    """Sweeps once a day, in a given hour."""

    def __init__(
        self,
        sweeper: Sweeper,
        leadership: Leadership,
        clock: Callable[[], Millis],
        hour: int,
        keep: Millis,
    ) -> None:
        """Sweep in the hour `hour` of each day in UTC, and purge as `Sweeper.sweep` does."""
        self._sweeper = sweeper
        self._leadership = leadership
        self._clock = clock
        self._hour = hour
        self._keep = keep
        self._swept_at = Millis(0)
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the timer."""
        self._thread = Thread(target=self._run, name="nightly-sweep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the timer; a sweep in progress may end later, or be repeated the next night."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def run_if_due(self) -> bool:
        """Sweep if it is the hour, this node leads, and no sweep ran recently.

        Return whether it swept.

        Raises:
            errors.ServiceError, OSError: as `Sweeper.sweep`.
        """
        now = self._clock()
        if (
            now % DAY // HOUR != self._hour
            or not self._leadership.is_leader()
            or 0 <= now - max(self._swept_at, self._sweeper.housekeeping.last_sweep()) < _MIN_GAP
        ):
            return False
        result = self._sweeper.sweep(now, self._keep)
        self._swept_at = now  # a sweep records nothing while the clock is uncertain
        log.info("swept", versions=result.versions, files=result.files, skipped=result.skipped)
        return True

    def _run(self) -> None:
        while not self._stopped.wait(_CHECK_SECONDS):
            try:
                self.run_if_due()
            except Exception as exc:  # noqa: BLE001  the next check may succeed
                cause = exc.reason if isinstance(exc, errors.ServiceError) else repr(exc)
                log.warning("nightly sweep failed", cause=cause)
