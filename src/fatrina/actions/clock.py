"""What time it is, and how long each stage of the work takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnStage = Callable[[str, float], None]


def _ignore(stage: str, seconds: float) -> None:
    """Nobody wants to know."""


class Clock:
    """Tells the moment, and hands the seconds of each stage to whoever wants to hear of them."""

    def __init__(self, on_stage: OnStage = _ignore) -> None:
        """Tell `heard` the name and the seconds of every stage."""
        self._heard = on_stage

    def __call__(self) -> int:
        """Now, in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside, whether it succeeds or not."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._heard(name, time.perf_counter() - begun)
