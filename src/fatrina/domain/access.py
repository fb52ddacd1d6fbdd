"""Tokens, their scopes, and the merchant that a token authenticates."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from fatrina.domain import errors, rate_limit
from fatrina.domain.types import MerchantId, TokenId

READ: Final = "products.read"
WRITE: Final = "products.read_write"
WEBHOOKS_READ: Final = "webhooks.read"
WEBHOOKS_WRITE: Final = "webhooks.read_write"
SCOPES: Final = (READ, WRITE, WEBHOOKS_READ, WEBHOOKS_WRITE)
MERCHANT_CODE: Final = "[A-Za-z0-9]{4,6}"
"""Regular expression that a merchant's code matches completely."""
TOKEN_PREFIX: Final = "fatrina_"  # noqa: S105  a prefix
MIN_TOKEN_LENGTH: Final = 16
"""Characters of an admin token that a person chooses."""
_MIN_DISTINCT_CHARACTERS: Final = 8
_MAX_HINT_LENGTH: Final = len(TOKEN_PREFIX) + 4


@dataclass(frozen=True, slots=True)
class Caller:
    """The merchant that a valid token authenticates."""

    merchant_id: MerchantId
    merchant_code: str
    token_id: TokenId
    scopes: frozenset[str]
    plan: str = rate_limit.DEFAULT_PLAN
    """One of `rate_limit.PLANS`."""
    token_hash: str = ""
    """With `token_created_at`, distinguishes the token from a later one with the same id."""
    token_created_at: int = 0
    """Creation time of the token, in milliseconds since the epoch."""

    def require_scope(self, *scopes: str) -> None:
        """Raise unless the token has one of `scopes`; a write scope includes its read scope.

        Raises:
            errors.InsufficientScope: the token has none of them.
        """
        if not any(is_included(scope, self.scopes) for scope in scopes):
            raise errors.InsufficientScope(scope=", ".join(scopes))


def is_included(scope: str, granted: Collection[str]) -> bool:
    """Return whether the `granted` scopes include `scope`; writing includes reading."""
    return scope in granted or f"{scope}_write" in granted


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token in hex, which is stored instead of the token."""
    return sha256(token.encode()).hexdigest()


def token_hint(token: str) -> str:
    """Return the first characters of a token, a quarter at most, which identify it in lists."""
    return token[: min(_MAX_HINT_LENGTH, len(token) // 4)]


def is_guessable(token: str) -> bool:
    """Return whether a token that a person chose is easy to guess.

    Such a token is short, has few distinct characters, repeats a word, or consists mostly of runs
    such as `0123` or `aaaa`.
    """
    run_length = sum(abs(ord(first) - ord(second)) <= 1 for first, second in pairwise(token))
    return (
        len(token) < MIN_TOKEN_LENGTH
        or len(set(token)) < _MIN_DISTINCT_CHARACTERS
        or token in (token + token)[1:-1]
        or run_length > len(token) // 2
    )
