"""Apps, and what merchants granted them, as rows."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from fatrina.adapters.database.schema import apps, codes, grants, merchants, refreshes, tokens

_A, _G, _C, _R = apps.c, grants.c, codes.c, refreshes.c
_APP = (_A.id, _A.client_id, _A.name, _A.secret_hash, _A.redirects)


class App(NamedTuple):
    """A registered client."""

    id: int
    client_id: str
    name: str
    secret_hash: str | None
    """None for a public client, which can keep no secret."""
    redirects: tuple[str, ...]


class Grant(NamedTuple):
    """What a merchant granted an app; the tokens that follow from it are one family."""

    id: int
    app: int
    merchant: int
    scope: str
    revoked_at: int | None


class Code(NamedTuple):
    """An authorization code."""

    id: int
    app: int
    merchant: int
    redirect: str
    scope: str
    challenge: str | None
    expires_at: int
    grant: int | None
    """What it was exchanged for already."""


class Refresh(NamedTuple):
    """A refresh token."""

    id: int
    expires_at: int
    used_at: int | None
    grant: Grant


def add(connection: Connection, app: App, now: int) -> None:
    """Register an app; its `id` is of no account."""
    row = {
        "client_id": app.client_id,
        "name": app.name,
        "secret_hash": app.secret_hash,
        "redirects": json.dumps(app.redirects),
        "created_at": now,
    }
    connection.execute(insert(apps).values(row))


def find(connection: Connection, client_id: str, *, lock: bool = False) -> App | None:
    """The app with this client id; `lock` makes other writers that lock it wait."""
    query = select(*_APP).where(_A.client_id == client_id, _A.removed_at.is_(None))
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if row is None else _app(row)


def listed(connection: Connection) -> list[App]:
    """Every app, the newest last."""
    query = select(*_APP).where(_A.removed_at.is_(None)).order_by(_A.id)
    return [_app(row) for row in connection.execute(query)]


def remove(connection: Connection, app: App, now: int) -> None:
    """Take an app away, with all that it was granted."""
    connection.execute(update(apps).where(_A.id == app.id).values(removed_at=now))
    granted = select(_G.id).where(_G.app_id == app.id, _G.revoked_at.is_(None))
    for grant in list(connection.scalars(granted)):
        revoke(connection, grant, now)


def set_key(connection: Connection, merchant: str, key_hash: str) -> bool:
    """Give a merchant a new owner's key; False when there is no such merchant."""
    query = update(merchants).where(merchants.c.code == merchant).values(key_hash=key_hash)
    return connection.execute(query).rowcount > 0


def key_of(connection: Connection, merchant: str) -> tuple[int, str | None] | None:
    """A merchant's id, and the hash of the owner's key."""
    query = select(merchants.c.id, merchants.c.key_hash).where(merchants.c.code == merchant)
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])


def add_code(connection: Connection, code: Code, code_hash: str) -> None:
    """Add an authorization code; its `id` is of no account."""
    row = {
        "hash": code_hash,
        "app_id": code.app,
        "merchant_id": code.merchant,
        "redirect": code.redirect,
        "scope": code.scope,
        "challenge": code.challenge,
        "expires_at": code.expires_at,
    }
    connection.execute(insert(codes).values(row))


def find_code(connection: Connection, code_hash: str) -> Code | None:
    """An authorization code, used or not, locked."""
    query = select(
        *(_C.id, _C.app_id, _C.merchant_id, _C.redirect, _C.scope, _C.challenge),
        *(_C.expires_at, _C.grant_id),
    ).where(_C.hash == code_hash)
    row = connection.execute(query.with_for_update(key_share=True)).first()
    return None if row is None else Code(*row)


def use_code(connection: Connection, code: Code, now: int) -> Grant:
    """Turn a code into a grant."""
    row = {"app_id": code.app, "merchant_id": code.merchant, "scope": code.scope}
    made = insert(grants).values({**row, "created_at": now}).returning(_G.id)
    grant = int(connection.execute(made).scalar_one())
    connection.execute(update(codes).where(_C.id == code.id).values(grant_id=grant))
    return Grant(grant, code.app, code.merchant, code.scope, None)


def add_refresh(connection: Connection, grant: int, token_hash: str, expires_at: int) -> None:
    """Add a refresh token to a family."""
    row = {"grant_id": grant, "hash": token_hash, "expires_at": expires_at}
    connection.execute(insert(refreshes).values(row))


def find_refresh(connection: Connection, token_hash: str) -> Refresh | None:
    """A refresh token with its family, used or not, both locked."""
    query = (
        select(_R.id, _R.expires_at, _R.used_at)
        .add_columns(_G.id, _G.app_id, _G.merchant_id, _G.scope, _G.revoked_at)
        .select_from(refreshes.join(grants))
        .where(_R.hash == token_hash)
        .with_for_update(of=(grants, refreshes), key_share=True)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    number, expires_at, used_at, *grant = row
    return Refresh(number, expires_at, used_at, Grant(*grant))


def use_refresh(connection: Connection, refresh: int, now: int) -> None:
    """Note that a refresh token was used."""
    connection.execute(update(refreshes).where(_R.id == refresh).values(used_at=now))


def revoke(connection: Connection, grant: int, now: int) -> bool:
    """Revoke a whole family: no token of it works from now on; False when it is revoked already."""
    result = connection.execute(
        update(grants).where(_G.id == grant, _G.revoked_at.is_(None)).values(revoked_at=now)
    )
    alive = tokens.c.grant_id == grant, tokens.c.revoked_at.is_(None)
    connection.execute(update(tokens).where(*alive).values(revoked_at=now))
    return result.rowcount > 0


def forget(connection: Connection, before: int) -> None:
    """Delete codes and refresh tokens that ended before a moment."""
    connection.execute(delete(codes).where(_C.expires_at < before))
    connection.execute(delete(refreshes).where(_R.expires_at < before))


def _app(row: Sequence[Any]) -> App:
    number, client_id, name, secret_hash, redirects = row
    return App(number, client_id, name, secret_hash, tuple(json.loads(redirects)))
