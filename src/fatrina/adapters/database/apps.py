"""Queries for OAuth apps, grants, authorization codes and refresh tokens."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from fatrina.adapters.database.schema import (
    apps,
    authorization_codes,
    grants,
    merchants,
    refresh_tokens,
    tokens,
)
from fatrina.domain.types import AppId, GrantId, MerchantId, Millis

_A, _G, _C, _R = apps.c, grants.c, authorization_codes.c, refresh_tokens.c
_APP = (
    *(_A.id, _A.client_id, _A.name, _A.secret_hash, _A.redirects, _A.scopes, _A.created_at),
    *(_A.webhook_url, _A.webhook_secret),
)


class App(NamedTuple):
    """A registered OAuth client."""

    id: AppId
    client_id: str
    name: str
    secret_hash: str | None
    """None for a public client, which has no secret."""
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    """The scopes that the app may be granted."""
    created_at: Millis = Millis(0)
    webhook_url: str | None = None
    """Where the app receives its own events; None if it cannot be installed without a browser."""
    webhook_secret: str | None = None


class Grant(NamedTuple):
    """A merchant's grant to an app; all tokens issued for it form one family."""

    id: GrantId
    app_id: AppId
    merchant_id: MerchantId
    scope: str
    revoked_at: Millis | None


class AuthorizationCode(NamedTuple):
    """An authorization code."""

    id: int
    app_id: AppId
    merchant_id: MerchantId
    redirect_uri: str
    scope: str
    code_challenge: str | None
    expires_at: Millis
    grant_id: GrantId | None
    """The grant for which the code was redeemed; None until then."""


class RefreshToken(NamedTuple):
    """A refresh token."""

    id: int
    expires_at: Millis
    used_at: Millis | None
    grant: Grant


def add(conn: Connection, app: App, now: Millis) -> None:
    """Insert an app; its id is a new one unless `app.id` is greater than 0."""
    row = {"client_id": app.client_id, "created_at": now, **_app_row(app)}
    conn.execute(insert(apps).values(row | ({"id": app.id} if app.id else {})))


def upsert(conn: Connection, app: App, now: Millis) -> bool:
    """Insert an app, or update and restore the one with the same client id.

    Return False if `app.id` is greater than 0 and is not the id of the app.
    """
    query = select(_A.id).where(_A.client_id == app.client_id).with_for_update(key_share=True)
    existing = conn.scalar(query)
    if app.id and existing != app.id:
        is_taken = conn.scalar(select(_A.id).where(_A.id == app.id)) is not None
        if existing is not None or is_taken:
            return False
    if existing is None:
        add(conn, app, now)
    else:
        conn.execute(
            update(apps).where(_A.id == existing).values({**_app_row(app), "removed_at": None})
        )
    return True


def _app_row(app: App) -> dict[str, Any]:
    return {
        "name": app.name,
        "secret_hash": app.secret_hash,
        "redirects": json.dumps(app.redirect_uris),
        "scopes": " ".join(app.scopes),
        "webhook_url": app.webhook_url,
        "webhook_secret": app.webhook_secret,
    }


def find(conn: Connection, client_id: str, *, lock: bool = False) -> App | None:
    """Return the app with this client id; with `lock`, lock its row until the transaction ends."""
    query = select(*_APP).where(_A.client_id == client_id, _A.removed_at.is_(None))
    row = conn.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if row is None else _app_from_row(row)


def list_all(conn: Connection) -> list[App]:
    """Return all apps that are not removed, in order of creation."""
    query = select(*_APP).where(_A.removed_at.is_(None)).order_by(_A.id)
    return [_app_from_row(row) for row in conn.execute(query)]


def remove(conn: Connection, app: App, now: Millis) -> None:
    """Mark an app as removed and revoke all of its grants."""
    conn.execute(update(apps).where(_A.id == app.id).values(removed_at=now))
    query = select(_G.id).where(_G.app_id == app.id, _G.revoked_at.is_(None))
    for grant_id in list(conn.scalars(query)):
        revoke(conn, grant_id, now)


def set_owner_key(conn: Connection, merchant_code: str, key_hash: str) -> bool:
    """Replace a merchant's owner key; return False if the merchant does not exist."""
    query = update(merchants).where(merchants.c.code == merchant_code).values(key_hash=key_hash)
    return conn.execute(query).rowcount > 0


def find_owner_key(conn: Connection, merchant_code: str) -> tuple[MerchantId, str | None] | None:
    """Return a merchant's id and the hash of the owner key; None if the merchant does not exist."""
    query = select(merchants.c.id, merchants.c.key_hash).where(merchants.c.code == merchant_code)
    row = conn.execute(query).first()
    return None if row is None else (row[0], row[1])


def add_authorization_code(conn: Connection, code: AuthorizationCode, code_hash: str) -> None:
    """Insert an authorization code; `code.id` is ignored."""
    row = {
        "hash": code_hash,
        "app_id": code.app_id,
        "merchant_id": code.merchant_id,
        "redirect": code.redirect_uri,
        "scope": code.scope,
        "challenge": code.code_challenge,
        "expires_at": code.expires_at,
    }
    conn.execute(insert(authorization_codes).values(row))


def find_authorization_code(conn: Connection, code_hash: str) -> AuthorizationCode | None:
    """Return an authorization code, redeemed or not, and lock its row."""
    query = select(
        *(_C.id, _C.app_id, _C.merchant_id, _C.redirect, _C.scope, _C.challenge),
        *(_C.expires_at, _C.grant_id),
    ).where(_C.hash == code_hash)
    row = conn.execute(query.with_for_update(key_share=True)).first()
    return None if row is None else AuthorizationCode(*row)


def redeem_code(conn: Connection, code: AuthorizationCode, now: Millis) -> Grant:
    """Create the grant for which a code is redeemed, and return it."""
    grant = add_grant(conn, code.app_id, code.merchant_id, code.scope, now)
    conn.execute(update(authorization_codes).where(_C.id == code.id).values(grant_id=grant.id))
    return grant


def add_grant(
    conn: Connection, app_id: AppId, merchant_id: MerchantId, scope: str, now: Millis
) -> Grant:
    """Insert a grant and return it."""
    row = {"app_id": app_id, "merchant_id": merchant_id, "scope": scope, "created_at": now}
    grant_id = int(conn.execute(insert(grants).values(row).returning(_G.id)).scalar_one())
    return Grant(GrantId(grant_id), app_id, merchant_id, scope, None)


def add_refresh_token(
    conn: Connection, grant_id: GrantId, token_hash: str, expires_at: Millis
) -> None:
    """Insert a refresh token of a grant; `expires_at` is in milliseconds since the epoch."""
    row = {"grant_id": grant_id, "hash": token_hash, "expires_at": expires_at}
    conn.execute(insert(refresh_tokens).values(row))


def find_refresh_token(conn: Connection, token_hash: str) -> RefreshToken | None:
    """Return a refresh token with its grant, used or not, and lock both rows."""
    query = (
        select(_R.id, _R.expires_at, _R.used_at)
        .add_columns(_G.id, _G.app_id, _G.merchant_id, _G.scope, _G.revoked_at)
        .select_from(refresh_tokens.join(grants))
        .where(_R.hash == token_hash)
        .with_for_update(of=(grants, refresh_tokens), key_share=True)
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    token_id, expires_at, used_at, *grant = row
    return RefreshToken(token_id, expires_at, used_at, Grant(*grant))


def mark_refresh_token_used(conn: Connection, refresh_id: int, now: Millis) -> None:
    """Record when a refresh token was used."""
    conn.execute(update(refresh_tokens).where(_R.id == refresh_id).values(used_at=now))


def revoke(conn: Connection, grant_id: GrantId, now: Millis) -> bool:
    """Revoke a grant and all of its access tokens; return False if it was already revoked."""
    result = conn.execute(
        update(grants).where(_G.id == grant_id, _G.revoked_at.is_(None)).values(revoked_at=now)
    )
    valid_tokens = tokens.c.grant_id == grant_id, tokens.c.revoked_at.is_(None)
    conn.execute(update(tokens).where(*valid_tokens).values(revoked_at=now))
    return result.rowcount > 0


def delete_expired(conn: Connection, before: Millis) -> None:
    """Delete authorization codes and refresh tokens that expired before `before`."""
    conn.execute(delete(authorization_codes).where(_C.expires_at < before))
    conn.execute(delete(refresh_tokens).where(_R.expires_at < before))


def _app_from_row(row: Sequence[Any]) -> App:
    app_id, client_id, name, secret_hash, redirects, scopes, *rest = row
    uris = tuple(json.loads(redirects))
    return App(app_id, client_id, name, secret_hash, uris, tuple(scopes.split()), *rest)
