"""Merchants and their tokens: create, list, authenticate and revoke."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import Connection

from fatrina.actions import Services
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.adapters.database import Database, apps, tokens
from fatrina.adapters.database.tokens import MerchantRow, TokenRow
from fatrina.domain import access, errors, rate_limit
from fatrina.domain.access import Caller
from fatrina.domain.merchant import MerchantView
from fatrina.domain.types import Millis, TokenId

_NO_PROFILE: Final[Mapping[str, str]] = MappingProxyType({})


def authenticate(services: Services, token: str) -> Caller:
    """Return the caller that a bearer token identifies.

    Raises:
        errors.InvalidToken: the token is missing, unknown, expired or revoked.
    """
    with services.database.lookup() as conn:
        caller = (
            tokens.find_caller(conn, access.hash_token(token), services.clock()) if token else None
        )
    if caller is None:
        raise errors.InvalidToken
    return caller


class Identity(NamedTuple):
    """What a token's holder can learn about it."""

    merchant: MerchantView
    expires_at: Millis
    client_id: str
    """The app that the token was issued to; empty for a token of an operator."""


def identify(services: Services, caller: Caller) -> Identity:
    """Return the merchant of a caller, with its profile.

    Raises:
        errors.InvalidToken: the merchant or the token was deleted meanwhile.
    """
    with services.database.reading() as conn:
        merchant = tokens.find_details(conn, caller.merchant_id)
        context = tokens.find_context(conn, caller.token_id)
    if merchant is None or context is None:
        raise errors.InvalidToken
    return Identity(merchant, *context)


def check_token(tx: Connection, caller: Caller) -> None:
    """Raise unless the caller's token is still the one that was authorized.

    Called in the transaction of a change, because a request may take minutes: after a reset, a
    restore or a revocation, the ids of its merchant and its image may belong to another merchant.
    A caller without a token, such as an operator's command, is not checked.

    Raises:
        errors.InvalidToken: the token was deleted, revoked, or replaced by one with the same id.
    """
    if caller.token_hash and not tokens.is_current(tx, caller):
        raise errors.InvalidToken


def create_merchant(
    database: Database,
    code: str,
    now: Millis,
    plan: str = rate_limit.DEFAULT_PLAN,
    profile: Mapping[str, str] = _NO_PROFILE,
) -> bool:
    """Create a merchant with the given fields of its profile; return False if the code is taken."""
    with database.writing() as tx:
        if tokens.find_merchant_id(tx, code) is not None:
            return False
        tokens.add_merchant(tx, code, now, plan)
        tokens.set_profile(tx, code, profile)
        return True


def list_merchants(database: Database) -> list[MerchantRow]:
    """Return all merchants, the newest last."""
    with database.reading() as conn:
        return tokens.list_merchants(conn)


def change_profile(database: Database, code: str, profile: Mapping[str, str]) -> bool:
    """Set the given fields of a merchant's profile; return False if no merchant has this code."""
    with database.writing() as tx:
        tokens.set_profile(tx, code, profile)
        return tokens.find_merchant_id(tx, code) is not None


def change_plan(database: Database, code: str, plan: str) -> bool:
    """Change a merchant's plan at once; return False if no merchant has this code."""
    with database.writing() as tx:
        return tokens.set_plan(tx, code, plan)


def issue_token(
    database: Database, merchant_code: str, scope: str, lifetime: Millis, now: Millis
) -> str | None:
    """Create a token and return its text, which is not stored; None if no merchant has this code.

    It expires after `lifetime` milliseconds.
    """
    token, row = build_token(scope, lifetime, now)
    with database.writing() as tx:
        merchant_id = tokens.find_merchant_id(tx, merchant_code)
        if merchant_id is None:
            return None
        tokens.add(tx, merchant_id, row)
    return token


def generate_token() -> str:
    """Return a new token with 256 random bits, so that its plain hash is safe to store."""
    return access.TOKEN_PREFIX + random_text(SECRET_LENGTH)


def build_token(
    scope: str, lifetime: Millis, now: Millis, text: str = ""
) -> tuple[str, dict[str, str | int]]:
    """Return the text of a new token, random unless `text` is given, and its row."""
    token = text or generate_token()
    return token, {
        "hash": access.hash_token(token),
        "hint": access.token_hint(token),
        "scope": scope,
        "created_at": now,
        "expires_at": now + lifetime,
    }


def list_tokens(database: Database) -> list[TokenRow]:
    """Return all tokens, the newest last."""
    with database.reading() as conn:
        return tokens.list_all(conn)


def revoke_token(database: Database, token_id: TokenId, now: Millis) -> bool:
    """Revoke a token at once; return False if no valid token has this id.

    Revoking an app's token revokes its whole grant: the app could get a new token by its refresh
    token otherwise.
    """
    with database.writing() as tx:
        grant = tokens.find_grant_id(tx, token_id)
        # Every writer locks a grant before its tokens.
        grant_revoked = grant is not None and apps.revoke(tx, grant, now)
        return tokens.revoke(tx, token_id, now) or grant_revoked
