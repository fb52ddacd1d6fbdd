"""Issue, check and revoke tokens; the merchants they stand for."""

from sqlalchemy import Connection

from fatrina.actions import Services
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.adapters.database import Database, apps, tokens
from fatrina.adapters.database.tokens import MerchantRow, TokenRow
from fatrina.domain import access, errors, rate_limit
from fatrina.domain.access import Caller


def authenticate(services: Services, token: str) -> Caller:
    """Who a bearer token stands for.

    Raises:
        errors.InvalidToken: absent, unknown, expired or revoked.
    """
    with services.database.reading() as conn:
        caller = (
            tokens.find_caller(conn, access.hash_token(token), services.clock()) if token else None
        )
    if caller is None:
        raise errors.InvalidToken
    return caller


def check_token(tx: Connection, caller: Caller) -> None:
    """Check in a transaction that the caller's token is still the one that was authorized.

    A request may take minutes. A reset, a restore or a revocation ends it: the numbers of its
    merchant and its image may belong to somebody else by then. A caller that no token stands for,
    as in an operator's command, passes.

    Raises:
        errors.InvalidToken: the token is gone, revoked, or another one with the same number.
    """
    if caller.token_hash and not tokens.is_current(tx, caller):
        raise errors.InvalidToken


def create_merchant(
    database: Database, code: str, now: int, plan: str = rate_limit.DEFAULT_PLAN
) -> bool:
    """Add a merchant; False when the code is taken."""
    with database.writing() as tx:
        if tokens.find_merchant_id(tx, code) is not None:
            return False
        tokens.add_merchant(tx, code, now, plan)
        return True


def list_merchants(database: Database) -> list[MerchantRow]:
    """Every merchant, the newest last."""
    with database.reading() as conn:
        return tokens.list_merchants(conn)


def change_plan(database: Database, code: str, plan: str) -> bool:
    """Put a merchant on another plan, at once; False when there is none with this code."""
    with database.writing() as tx:
        return tokens.set_plan(tx, code, plan)


def issue_token(
    database: Database, merchant_code: str, scope: str, milliseconds: int, now: int
) -> str | None:
    """A new token for a merchant; None when there is no such merchant. It is told this once."""
    token, row = build_token(scope, milliseconds, now)
    with database.writing() as tx:
        owner = tokens.find_merchant_id(tx, merchant_code)
        if owner is None:
            return None
        tokens.add(tx, owner, row)
    return token


def generate_token() -> str:
    """Return a new token with 256 random bits, so that its plain hash is safe to store."""
    return access.TOKEN_PREFIX + random_text(SECRET_LENGTH)


def build_token(
    scope: str, milliseconds: int, now: int, text: str = ""
) -> tuple[str, dict[str, str | int]]:
    """A new token, random unless its `text` is given, and its row."""
    token = text or generate_token()
    return token, {
        "hash": access.hash_token(token),
        "hint": access.token_hint(token),
        "scope": scope,
        "created_at": now,
        "expires_at": now + milliseconds,
    }


def list_tokens(database: Database) -> list[TokenRow]:
    """Every token, the newest last."""
    with database.reading() as conn:
        return tokens.list_all(conn)


def revoke_token(database: Database, token_id: int, now: int) -> bool:
    """Revoke a token at once; False when none with this id still works.

    With an app's token goes all of its grant: its refresh token would give the app a new one.
    """
    with database.writing() as tx:
        grant = tokens.find_grant_id(tx, token_id)
        # The grant before its tokens, in the order in which every writer locks them.
        ended = grant is not None and apps.revoke(tx, grant, now)
        return tokens.revoke(tx, token_id, now) or ended
