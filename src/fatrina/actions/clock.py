"""The current time, and the durations of the stages of a request."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fatrina.domain.types import Millis

OnStage = Callable[[str, float], None]


def _ignore(stage: str, seconds: float) -> None:
    """Discard a duration."""


class Clock:
    """Returns the current time, and reports stage durations to a callback."""

    def __init__(self, on_stage: OnStage = _ignore) -> None:
        """Call `on_stage` with the name and the seconds of every stage."""
        self._on_stage = on_stage

    def __call__(self) -> Millis:
        """Return the current time in milliseconds since the epoch."""
        return Millis(time.time_ns() // 1_000_000)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the block inside and report its duration, also if it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._on_stage(name, time.perf_counter() - started)
