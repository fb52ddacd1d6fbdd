"""Who is asking: tokens, the merchant behind them, and what they may do."""

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from fatrina.domain import errors, rate_limit

READ: Final = "products.read"
WRITE: Final = "products.read_write"
SCOPES: Final = (READ, WRITE)
MERCHANT_CODE: Final = "[A-Za-z0-9]{4,6}"
"""Regular expression that a merchant's code matches completely."""
TOKEN_PREFIX: Final = "fatrina_"  # noqa: S105  a prefix
MIN_TOKEN_LENGTH: Final = 16
"""Characters of a token that a person may choose for the service's controls."""
_MIN_DISTINCT_CHARACTERS: Final = 8
_MAX_HINT_LENGTH: Final = len(TOKEN_PREFIX) + 4


@dataclass(frozen=True, slots=True)
class Caller:
    """The merchant that a sound token stands for."""

    merchant_id: int
    merchant_code: str
    """The merchant's code."""
    token_id: int
    scopes: frozenset[str]
    plan: str = rate_limit.DEFAULT_PLAN
    """One of `rate.PLANS`."""
    token_hash: str = ""
    """With `token_created_at`, tells the token from a later one with the same id."""
    token_created_at: int = 0
    """When the token was made, in milliseconds since the epoch."""

    def require_scope(self, scope: str) -> None:
        """Pass when the token reaches `scope`; writing includes reading.

        Raises:
            errors.InsufficientScope: it does not.
        """
        if scope not in self.scopes and WRITE not in self.scopes:
            raise errors.InsufficientScope(scope=scope)


def hash_token(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


def token_hint(token: str) -> str:
    """The first characters, by which a list shows which token it is: a quarter of it at most."""
    return token[: min(_MAX_HINT_LENGTH, len(token) // 4)]


def is_guessable(token: str) -> bool:
    """Whether a token that a person chose is one of those that are tried first.

    That is: short, made of few characters, a repeated word, or mostly a run such as `0123` or
    `aaaa`.
    """
    run = sum(abs(ord(one) - ord(next_one)) <= 1 for one, next_one in pairwise(token))
    return (
        len(token) < MIN_TOKEN_LENGTH
        or len(set(token)) < _MIN_DISTINCT_CHARACTERS
        or token in (token + token)[1:-1]
        or run > len(token) // 2
    )
