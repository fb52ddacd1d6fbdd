"""Wrong secrets are answered slowly, so that guessing takes long; the right one never waits."""

import asyncio
from typing import Final

import structlog

from fatrina.domain import errors

_GAP: Final = 0.1
"""Seconds between two answers to wrong secrets, once there were many."""
_BURST: Final = 60
"""Wrong secrets that are answered at once: misconfigured programs and people are not slowed."""
_LONGEST: Final = 5.0
"""Seconds that an answer waits; while this many wait already, the next are refused."""
_QUIET: Final = 60.0
log = structlog.get_logger("fatrina")


class FailureDelay:
    """The pace of wrong secrets for one lock, all clients together, in constant memory.

    Counting by address would let an attacker behind the same proxy lock the owner out, so the
    right secret is always accepted, and secrets are long enough for that.
    """

    def __init__(self, what: str) -> None:
        """Pace the guesses at `what`, as the log names it."""
        self._what = what
        self._next = float("-inf")
        self._logged = float("-inf")

    async def delay(self) -> None:
        """Wait before a wrong secret is answered.

        Raises:
            errors.TooManyGuesses: as many as may wait are waiting.
        """
        now = asyncio.get_running_loop().time()
        after = max(self._next, now - _BURST * _GAP) + _GAP
        if after <= now:
            self._next = after
            return
        if now - self._logged > _QUIET:
            self._logged = now
            log.warning("guesses", what=self._what, help="many wrong secrets: slowed down")
        if after - now > _LONGEST:
            raise errors.TooManyGuesses(retry=int(_LONGEST))
        self._next = after
        await asyncio.sleep(after - now)
