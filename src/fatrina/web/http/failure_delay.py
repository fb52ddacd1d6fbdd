"""Delay responses to wrong secrets, to slow down guessing; a correct secret is never delayed."""

import asyncio
from typing import Final

import structlog

from fatrina.domain import errors

_INTERVAL_SECONDS: Final = 0.1
"""Seconds between two responses to wrong secrets after a burst."""
_BURST: Final = 60
"""Wrong secrets without a delay, so that people and misconfigured programs are not delayed."""
_MAX_DELAY_SECONDS: Final = 5.0
"""Maximum delay in seconds; further wrong secrets get an error instead of a longer delay."""
_LOG_INTERVAL_SECONDS: Final = 60.0
log = structlog.get_logger("fatrina")


class FailureDelay:
    """Rate of wrong secrets for one kind of secret, for all clients together, in constant memory.

    With a count for each address, an attacker behind the same proxy could lock the owner out.
    So the correct secret is always accepted; secrets are long enough for that.
    """

    def __init__(self, secret_name: str) -> None:
        """Delay wrong values of the secret that the log calls `secret_name`."""
        self._secret_name = secret_name
        self._next = float("-inf")
        self._last_logged = float("-inf")

    async def delay(self) -> None:
        """Wait before the response to a wrong secret.

        Raises:
            errors.TooManyGuesses: the delay would exceed the maximum.
        """
        now = asyncio.get_running_loop().time()
        allowed_at = max(self._next, now - _BURST * _INTERVAL_SECONDS) + _INTERVAL_SECONDS
        if allowed_at <= now:
            self._next = allowed_at
            return
        if now - self._last_logged > _LOG_INTERVAL_SECONDS:
            self._last_logged = now
            log.warning(
                "wrong_secrets",
                secret=self._secret_name,
                help="many wrong secrets: responses are delayed",
            )
        if allowed_at - now > _MAX_DELAY_SECONDS:
            raise errors.TooManyGuesses(retry=int(_MAX_DELAY_SECONDS))
        self._next = allowed_at
        await asyncio.sleep(allowed_at - now)
