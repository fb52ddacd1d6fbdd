"""Queries for merchants and access tokens."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from fatrina.adapters.database.schema import apps, grants, merchants, tokens
from fatrina.domain.access import Caller
from fatrina.domain.merchant import MerchantView, Profile
from fatrina.domain.rate_limit import DEFAULT_PLAN
from fatrina.domain.types import GrantId, MerchantId, Millis, TokenId

# Built once, as in `images`.
_SELECT_CALLER = (
    select(
        *(tokens.c.id, tokens.c.scope, tokens.c.created_at),
        *(merchants.c.id, merchants.c.code, merchants.c.plan),
    )
    .join(merchants)
    .where(
        tokens.c.hash == bindparam("hash"),
        tokens.c.expires_at > bindparam("now"),
        # Not compared with the clock: after a correction of a fast clock, a token stays revoked.
        tokens.c.revoked_at.is_(None),
    )
)

_SELECT_CURRENT = (
    select(tokens.c.id)
    .join(merchants)
    .where(
        tokens.c.id == bindparam("token"),
        tokens.c.hash == bindparam("hash"),
        tokens.c.created_at == bindparam("since"),
        tokens.c.revoked_at.is_(None),
        merchants.c.id == bindparam("merchant"),
        merchants.c.code == bindparam("code"),
    )
)
_SELECT_MERCHANT_FOR_UPDATE = (
    select(merchants.c.id)
    .where(merchants.c.id == bindparam("merchant"))
    .with_for_update(key_share=True)
)


class TokenRow(NamedTuple):
    """A token as listed; the token itself is not stored."""

    id: TokenId
    merchant_code: str
    hint: str
    scope: str
    created_at: Millis
    expires_at: Millis
    revoked_at: Millis | None


class MerchantRow(NamedTuple):
    """A merchant as listed."""

    code: str
    plan: str
    created_at: Millis
    id: MerchantId
    name: str | None


def add_merchant(
    conn: Connection,
    code: str,
    now: Millis,
    plan: str = DEFAULT_PLAN,
    merchant_id: MerchantId | None = None,
) -> MerchantId:
    """Insert a merchant and return its id, a new one unless `merchant_id` is given.

    Raises:
        sqlalchemy.exc.IntegrityError: the code is taken.
    """
    row = {"code": code, "plan": plan, "created_at": now}
    row |= {} if merchant_id is None else {"id": merchant_id}
    query = insert(merchants).values(row).returning(merchants.c.id)
    return MerchantId(conn.execute(query).scalar_one())


def find_details(conn: Connection, merchant_id: MerchantId) -> MerchantView | None:
    """Return a merchant with its profile; None if it does not exist."""
    m = merchants.c
    profile = (m.name, m.email, m.mobile, m.domain, m.avatar)
    query = select(m.id, m.code, m.plan, m.created_at, *profile).where(m.id == merchant_id)
    row = conn.execute(query).first()
    return row and MerchantView(*row[:4], Profile(*(value or "" for value in row[4:])))


def set_profile(conn: Connection, code: str, profile: Mapping[str, str]) -> None:
    """Set the given fields of a merchant's profile."""
    if profile:
        conn.execute(update(merchants).where(merchants.c.code == code).values(**profile))


def find_context(conn: Connection, token_id: TokenId) -> tuple[Millis, str] | None:
    """Return when a token expires, and the client id of the app that it was issued to.

    The client id is empty for a token of an operator. None if there is no such token.
    """
    query = (
        select(tokens.c.expires_at, apps.c.client_id)
        .outerjoin(grants, grants.c.id == tokens.c.grant_id)
        .outerjoin(apps, apps.c.id == grants.c.app_id)
        .where(tokens.c.id == token_id)
    )
    row = conn.execute(query).first()
    return row and (row[0], row[1] or "")


def find_merchant_id(conn: Connection, code: str) -> MerchantId | None:
    """Return the id of the merchant with this code; None if it does not exist."""
    return conn.scalar(select(merchants.c.id).where(merchants.c.code == code))


def lock_merchant(conn: Connection, merchant_id: MerchantId) -> None:
    """Lock a merchant's row until the transaction ends.

    A transaction that checks a merchant's rows before it adds one takes this lock first. All
    writers lock in the same order, to avoid deadlocks: merchant, app, product, grant with its
    codes and refresh tokens. SQLite does not need these locks: it has one writer at a time.
    """
    conn.execute(_SELECT_MERCHANT_FOR_UPDATE, {"merchant": merchant_id})


def list_merchants(conn: Connection) -> list[MerchantRow]:
    """Return all merchants in order of creation."""
    m = merchants.c
    rows = conn.execute(select(m.code, m.plan, m.created_at, m.id, m.name).order_by(m.id))
    return [MerchantRow(*row) for row in rows]


def set_plan(conn: Connection, code: str, plan: str) -> bool:
    """Set a merchant's plan; return False if the merchant does not exist."""
    query = update(merchants).where(merchants.c.code == code)
    return conn.execute(query.values(plan=plan)).rowcount > 0


def add(conn: Connection, merchant_id: MerchantId, row: dict[str, str | int]) -> None:
    """Insert a token."""
    conn.execute(insert(tokens).values(merchant_id=merchant_id, **row))


def find_owner(conn: Connection, token_hash: str) -> MerchantId | None:
    """Return the id of the merchant that owns a token, valid or not; None if it is unknown."""
    return conn.scalar(select(tokens.c.merchant_id).where(tokens.c.hash == token_hash))


def find_grant_id(conn: Connection, token_id: TokenId) -> GrantId | None:
    """Return the id of the grant from which a token was issued; None for an operator's token."""
    return conn.scalar(select(tokens.c.grant_id).where(tokens.c.id == token_id))


def upsert(conn: Connection, merchant_id: MerchantId, row: dict[str, str | int]) -> None:
    """Insert a token, or update the merchant's token with the same hash.

    An updated token keeps its id and creation time, so that requests in progress stay valid.

    Raises:
        sqlalchemy.exc.IntegrityError: the token belongs to another merchant.
    """
    own_token = tokens.c.hash == row["hash"], tokens.c.merchant_id == merchant_id
    values = {name: value for name, value in row.items() if name != "created_at"}
    if not conn.execute(update(tokens).where(*own_token).values(values)).rowcount:
        add(conn, merchant_id, row)


def find_caller(conn: Connection, token_hash: str, now: Millis) -> Caller | None:
    """Return the caller that a token identifies; None if it is unknown, expired or revoked."""
    row = conn.execute(_SELECT_CALLER, {"hash": token_hash, "now": now}).first()
    if row is None:
        return None
    token_id, scope, created_at, merchant_id, code, plan = row
    return Caller(
        merchant_id, code, token_id, frozenset(scope.split()), plan, token_hash, created_at
    )


def is_current(conn: Connection, caller: Caller) -> bool:
    """Return whether a caller's token still exists, unchanged and not revoked."""
    values = {
        "token": caller.token_id,
        "hash": caller.token_hash,
        "since": caller.token_created_at,
        "merchant": caller.merchant_id,
        "code": caller.merchant_code,
    }
    return conn.execute(_SELECT_CURRENT, values).first() is not None


def list_all(conn: Connection) -> list[TokenRow]:
    """Return all tokens in order of creation."""
    t = tokens.c
    rows = conn.execute(
        select(t.id, merchants.c.code, t.hint, t.scope, t.created_at, t.expires_at, t.revoked_at)
        .join(merchants)
        .order_by(t.id)
    )
    return [TokenRow(*row) for row in rows]


def extend(conn: Connection, token_id: TokenId, expires_at: Millis) -> bool:
    """Change when a token expires; return False if it does not exist or is revoked."""
    result = conn.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(expires_at=expires_at)
    )
    return result.rowcount > 0


def revoke_by_hint(conn: Connection, merchant_code: str, hint: str, now: Millis) -> None:
    """Revoke all tokens of a merchant that have this hint."""
    owner = select(merchants.c.id).where(merchants.c.code == merchant_code).scalar_subquery()
    conn.execute(
        update(tokens)
        .where(tokens.c.merchant_id == owner, tokens.c.hint == hint, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke(conn: Connection, token_id: TokenId, now: Millis) -> bool:
    """Revoke a token; return False if it does not exist or is already revoked."""
    result = conn.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return result.rowcount > 0
