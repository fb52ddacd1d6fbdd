"""Wait for a condition in tests."""

import time
from typing import Any


def wait_until(condition: Any, seconds: float = 10) -> None:
    """Wait until a condition is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.005)
