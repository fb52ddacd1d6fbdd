"""Sessions of the console: a session is an access token that only its cookie can present."""

from typing import Final

from fatrina.domain.durations import DAY, HOUR
from fatrina.domain.types import Millis

IDLE_MS: Final = 8 * HOUR
"""A session ends after this time without use: a working day."""
ABSOLUTE_MS: Final = 7 * DAY
"""A session ends this long after the sign-in, used or not."""
LINK_MS: Final = HOUR
"""Lifetime of a sign-in link."""
SESSION_HINT: Final = "console"
"""The hint of a session in the list of tokens and in the history of an image."""
LINK_HINT: Final = "console link"
"""The hint of a sign-in link in the list of tokens."""
# No bearer token contains a colon (RFC 6750, 2.1), so neither can be used as one.
_SESSION_PREFIX: Final = "session:"
_LINK_PREFIX: Final = "link:"


def session_token(secret: str) -> str:
    """Return the access token of the session whose cookie contains `secret`."""
    return _SESSION_PREFIX + secret


def link_token(secret: str) -> str:
    """Return the token of the sign-in link that contains `secret`."""
    return _LINK_PREFIX + secret


def is_session(token: str) -> bool:
    """Return whether an access token is that of a session."""
    return token.startswith(_SESSION_PREFIX)


def extended_expiry(created_at: Millis, now: Millis) -> Millis:
    """Return when a session ends that was created at `created_at` and is used now."""
    return Millis(min(now + IDLE_MS, created_at + ABSOLUTE_MS))
