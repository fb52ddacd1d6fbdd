"""Wrong secrets are answered slowly, so that guessing takes long; the right one never waits."""

import asyncio
from typing import Final

import structlog

from fatrina.domain import errors

_INTERVAL_SECONDS: Final = 0.1
"""Seconds between two answers to wrong secrets, once there were many."""
_BURST: Final = 60
"""Wrong secrets that are answered at once: misconfigured programs and people are not slowed."""
_MAX_DELAY_SECONDS: Final = 5.0
"""Seconds that an answer waits; while this many wait already, the next are refused."""
_LOG_INTERVAL_SECONDS: Final = 60.0
log = structlog.get_logger("fatrina")


class FailureDelay:
    """The pace of wrong secrets for one lock, all clients together, in constant memory.

    Counting by address would let an attacker behind the same proxy lock the owner out, so the
    right secret is always accepted, and secrets are long enough for that.
    """

    def __init__(self, secret_name: str) -> None:
        """Pace the guesses at `what`, as the log names it."""
        self._secret_name = secret_name
        self._next = float("-inf")
        self._last_logged = float("-inf")

    async def delay(self) -> None:
        """Wait before a wrong secret is answered.

        Raises:
            errors.TooManyGuesses: as many as may wait are waiting.
        """
        now = asyncio.get_running_loop().time()
        after = max(self._next, now - _BURST * _INTERVAL_SECONDS) + _INTERVAL_SECONDS
        if after <= now:
            self._next = after
            return
        if now - self._last_logged > _LOG_INTERVAL_SECONDS:
            self._last_logged = now
            log.warning("guesses", what=self._secret_name, help="many wrong secrets: slowed down")
        if after - now > _MAX_DELAY_SECONDS:
            raise errors.TooManyGuesses(retry=int(_MAX_DELAY_SECONDS))
        self._next = after
        await asyncio.sleep(after - now)
