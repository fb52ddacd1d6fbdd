"""Merchants and their tokens, as rows."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from fatrina.adapters.database.schema import merchants, tokens
from fatrina.domain.access import Caller
from fatrina.domain.rate_limit import DEFAULT

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
        # A fact, not a moment: a clock that was ahead and is corrected revives nothing.
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
    """A token as a list shows it; its secret is not kept."""

    id: int
    merchant_code: str
    hint: str
    scope: str
    created_at: int
    expires_at: int
    revoked_at: int | None


class MerchantRow(NamedTuple):
    """A merchant as a list shows it."""

    code: str
    plan: str
    created_at: int


def add_merchant(conn: Connection, code: str, now: int, plan: str = DEFAULT) -> int:
    """Add a merchant; sqlalchemy.exc.IntegrityError when the code is taken."""
    query = insert(merchants).values(code=code, plan=plan, created_at=now).returning(merchants.c.id)
    return int(conn.execute(query).scalar_one())


def find_merchant_id(conn: Connection, code: str) -> int | None:
    """The id of the merchant with this code."""
    return conn.scalar(select(merchants.c.id).where(merchants.c.code == code))


def lock_merchant(conn: Connection, merchant_id: int) -> None:
    """Make other writers that lock this merchant wait until the transaction ends.

    A transaction that checks what a merchant has before it adds to that takes this lock first.
    Every writer locks in one order, so that no two wait for each other: merchant, app, product,
    grant with its codes and refresh tokens. SQLite needs no locks: it has one writer at a time.
    """
    conn.execute(_SELECT_MERCHANT_FOR_UPDATE, {"merchant": merchant_id})


def list_merchants(conn: Connection) -> list[MerchantRow]:
    """Every merchant, the newest last."""
    m = merchants.c
    rows = conn.execute(select(m.code, m.plan, m.created_at).order_by(m.id))
    return [MerchantRow(*row) for row in rows]


def set_plan(conn: Connection, code: str, plan: str) -> bool:
    """Put a merchant on another plan; False when there is none with this code."""
    query = update(merchants).where(merchants.c.code == code)
    return conn.execute(query.values(plan=plan)).rowcount > 0


def add(conn: Connection, merchant_id: int, row: dict[str, str | int]) -> None:
    """Add a token."""
    conn.execute(insert(tokens).values(merchant_id=merchant_id, **row))


def find_owner(conn: Connection, token_hash: str) -> int | None:
    """The id of the merchant that has a token, valid or not."""
    return conn.scalar(select(tokens.c.merchant_id).where(tokens.c.hash == token_hash))


def find_grant_id(conn: Connection, token_id: int) -> int | None:
    """The grant of an app that a token comes from; None for a token of an operator."""
    return conn.scalar(select(tokens.c.grant_id).where(tokens.c.id == token_id))


def upsert(conn: Connection, merchant_id: int, row: dict[str, str | int]) -> None:
    """Add a token, or give the one with the same hash a new span and scope, if it is theirs.

    That one stays the same token: requests in progress go on.

    sqlalchemy.exc.IntegrityError when it is another merchant's.
    """
    own_token = tokens.c.hash == row["hash"], tokens.c.merchant_id == merchant_id
    values = {name: value for name, value in row.items() if name != "created_at"}
    if not conn.execute(update(tokens).where(*own_token).values(values)).rowcount:
        add(conn, merchant_id, row)


def find_caller(conn: Connection, token_hash: str, now: int) -> Caller | None:
    """Who a token stands for; None when it is unknown, expired or revoked."""
    row = conn.execute(_SELECT_CALLER, {"hash": token_hash, "now": now}).first()
    if row is None:
        return None
    token_id, scope, created_at, merchant_id, code, plan = row
    return Caller(
        merchant_id, code, token_id, frozenset(scope.split()), plan, token_hash, created_at
    )


def is_current(conn: Connection, caller: Caller) -> bool:
    """Whether a caller's token is still there, the same one, and not revoked."""
    values = {
        "token": caller.token_id,
        "hash": caller.token_hash,
        "since": caller.token_since,
        "merchant": caller.merchant_id,
        "code": caller.merchant_code,
    }
    return conn.execute(_SELECT_CURRENT, values).first() is not None


def list_all(conn: Connection) -> list[TokenRow]:
    """Every token, the newest last."""
    t = tokens.c
    rows = conn.execute(
        select(t.id, merchants.c.code, t.hint, t.scope, t.created_at, t.expires_at, t.revoked_at)
        .join(merchants)
        .order_by(t.id)
    )
    return [TokenRow(*row) for row in rows]


def revoke(conn: Connection, token_id: int, now: int) -> bool:
    """Revoke a token; False when there is none with this id that still works."""
    result = conn.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return result.rowcount > 0
