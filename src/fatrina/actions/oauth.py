"""OAuth 2.0: register apps, grant them access, and issue their tokens (RFC 6749, RFC 9700)."""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Final, NamedTuple

from sqlalchemy import Connection

from fatrina.actions import Services, committing
from fatrina.actions import access as token_actions
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.adapters.database import Database, apps, installations, tokens
from fatrina.adapters.database.apps import App, AuthorizationCode, Grant
from fatrina.domain import access, oauth
from fatrina.domain.oauth import (
    ACCESS_TOKEN_LIFETIME_MS,
    CODE_LIFETIME_MS,
    OFFLINE_ACCESS,
    REFRESH_TOKEN_LIFETIME_MS,
    OAuthError,
)
from fatrina.domain.session import SESSION_HINT
from fatrina.domain.types import AppId, Millis

Client = App
"""An app that merchants can authorize."""
_CLIENT_ID_LENGTH: Final = 16  # characters: 95 random bits
_INVALID_REFRESH: Final = (
    "The refresh token is unknown, has expired, or was used or revoked already."
)
_INVALID_CODE: Final = (
    "The code is unknown, has expired, was used already, or is not for this request."
)


class AuthorizationRequest(NamedTuple):
    """The access that an app requests from a merchant."""

    app: App
    redirect: str
    scope: str
    challenge: str | None


class TokenPair(NamedTuple):
    """An access token, and a refresh token if granted; their texts are not stored."""

    access: str
    refresh: str | None
    scope: str


def create_app(  # noqa: PLR0913  what is registered
    database: Database,
    name: str,
    redirects: Sequence[str],
    *,
    scopes: Sequence[str] = (access.WRITE,),
    public: bool,
    webhook: tuple[str, str] | None = None,
    now: Millis,
) -> tuple[str, str | None]:
    """Register an app; return its client id, and its secret unless it is `public`.

    `scopes` are what merchants can grant to it. `webhook` is the URL at which it receives its own
    events, and the secret that signs them.

    The text of the secret is not stored.
    """
    secret = None if public else random_text(SECRET_LENGTH)
    client_id = random_text(_CLIENT_ID_LENGTH)
    secret_hash = secret and access.hash_token(secret)
    app = App(
        AppId(0),
        client_id,
        name,
        secret_hash,
        tuple(redirects),
        tuple(scopes),
        now,
        *(webhook or ()),
    )
    with database.writing() as tx:
        apps.add(tx, app, now)
    return client_id, secret


def list_apps(database: Database) -> list[App]:
    """Return all apps, the newest last."""
    with database.reading() as conn:
        return apps.list_all(conn)


def remove_app(database: Database, client_id: str, now: Millis) -> bool:
    """Remove an app and revoke its grants; return False if no app has this client id."""
    with database.writing() as tx:
        app = apps.find(tx, client_id, lock=True)
        if app is not None:
            apps.remove(tx, app, now)
            installations.remove_subscriptions(tx, app.id, now)
        return app is not None


def rotate_owner_key(database: Database, merchant_code: str, now: Millis) -> str | None:
    """Replace the owner key of a merchant and return it; None if no merchant has this code.

    The sessions of the console end, because the old key may have been stolen.
    """
    key = random_text(SECRET_LENGTH)
    with database.writing() as tx:
        tokens.revoke_by_hint(tx, merchant_code, SESSION_HINT, now)
        return key if apps.set_owner_key(tx, merchant_code, access.hash_token(key)) else None


def find_app(services: Services, client_id: str) -> App | None:
    """Return the app with this client id."""
    with services.database.reading() as conn:
        return apps.find(conn, client_id)


def authenticate(services: Services, client_id: str, secret: str) -> App:
    """Return the app that these credentials belong to (RFC 6749, 2.3); a public app has no secret.

    Raises:
        OAuthError: there is no such app, or the secret is wrong.
    """
    app = find_app(services, client_id)
    expected_hash = (app and app.secret_hash) or ""
    secret_hash = access.hash_token(secret) if secret else ""
    if app is None or not compare_digest(expected_hash, secret_hash):
        raise OAuthError("invalid_client", "There is no such client, or its secret is wrong.")
    return app


def approve(
    services: Services, request: AuthorizationRequest, merchant_code: str, key: str, now: Millis
) -> str | None:
    """Return an authorization code for the requested access; None if the owner key is wrong.

    Raises:
        OAuthError: the app has been removed meanwhile.
    """
    code = random_text(SECRET_LENGTH)
    with services.database.writing() as tx:
        found = apps.find_owner_key(tx, merchant_code)
        if found is None or not compare_digest(found[1] or "", access.hash_token(key)):
            return None
        _check_app(tx, request.app)
        row = AuthorizationCode(
            id=0,
            app_id=request.app.id,
            merchant_id=found[0],
            redirect_uri=request.redirect,
            scope=request.scope,
            code_challenge=request.challenge,
            expires_at=Millis(now + CODE_LIFETIME_MS),
            grant_id=None,
        )
        apps.add_authorization_code(tx, row, access.hash_token(code))
    return code


def exchange(  # noqa: PLR0913  the parameters of the request
    services: Services, app: App, *, code: str, redirect: str, verifier: str, now: Millis
) -> TokenPair:
    """Exchange a code for tokens (RFC 6749, 4.1.3; RFC 7636, 4.5).

    A code that is used twice was stolen: its grant is revoked (RFC 9700, 4.5).

    Raises:
        OAuthError: the code is invalid or is not for this request, or the app has been removed.
    """

    def run(tx: Connection) -> TokenPair | None:
        _check_app(tx, app)
        found = apps.find_authorization_code(tx, access.hash_token(code))
        if found is not None and found.app_id == app.id and found.grant_id is not None:
            apps.revoke(tx, found.grant_id, now)
        elif (
            found is not None
            and found.app_id == app.id
            and found.expires_at > now
            and found.redirect_uri == redirect
            and oauth.verify_challenge(verifier, found.code_challenge)
        ):
            grant = apps.redeem_code(tx, found, now)
            return issue_tokens(tx, grant, grant.scope, now)
        return None

    return _issue_once(services, app, run, _INVALID_CODE)


def refresh(services: Services, app: App, token: str, scope: str, now: Millis) -> TokenPair:
    """Exchange a refresh token for new tokens; it can be used once (RFC 6749, 6).

    One that is used twice was stolen: its grant is revoked (RFC 9700, 4.14.2).

    Raises:
        OAuthError: the token is invalid, `scope` exceeds the grant, or the app has been removed.
    """

    def run(tx: Connection) -> TokenPair | None:
        _check_app(tx, app)
        found = apps.find_refresh_token(tx, access.hash_token(token))
        if found is not None and found.grant.app_id == app.id:
            grant = found.grant
            if found.used_at is not None:
                apps.revoke(tx, grant.id, now)
            elif found.expires_at > now and grant.revoked_at is None:
                scopes = oauth.parse_scopes(scope) or grant.scope.split()
                if not set(scopes) <= set(grant.scope.split()):
                    raise OAuthError("invalid_scope", "The scope was not granted.")
                apps.mark_refresh_token_used(tx, found.id, now)
                return issue_tokens(tx, grant, " ".join(scopes), now)
        return None

    return _issue_once(services, app, run, _INVALID_REFRESH)


def _issue_once(
    services: Services, app: App, run: Callable[[Connection], TokenPair | None], error: str
) -> TokenPair:
    """Return the tokens that `run` issues in one transaction, also if its commit is uncertain.

    A client that does not receive them would send the code or the refresh token again, which
    counts as theft.

    Raises:
        OAuthError: `run` returned None.
    """
    issued: list[TokenPair | None] = []

    def issue(tx: Connection) -> TokenPair | None:
        issued.append(run(tx))
        return issued[-1]

    def find_committed(tx: Connection) -> TokenPair | None:
        _check_app(tx, app)
        committed = (
            pair
            for pair in issued
            if pair and tokens.find_owner(tx, access.hash_token(pair.access)) is not None
        )
        return next(committed, None)

    pair = committing.run_once(services.database, issue, find_committed)
    if pair is None:
        raise OAuthError("invalid_grant", error)
    return pair


def _check_app(tx: Connection, app: App) -> None:
    """Lock the app, and raise if it has been removed since it was found."""
    if apps.find(tx, app.client_id, lock=True) is None:
        raise OAuthError("invalid_client", "There is no such client any more.")


def issue_tokens(tx: Connection, grant: Grant, scope: str, now: Millis) -> TokenPair:
    """Issue an access token of a grant, and a refresh token if it has `offline_access`."""
    token, row = token_actions.build_token(scope, ACCESS_TOKEN_LIFETIME_MS, now)
    tokens.add(tx, grant.merchant_id, row | {"grant_id": grant.id})
    refresh = random_text(SECRET_LENGTH) if OFFLINE_ACCESS in grant.scope.split() else None
    if refresh is not None:
        apps.add_refresh_token(
            tx, grant.id, access.hash_token(refresh), Millis(now + REFRESH_TOKEN_LIFETIME_MS)
        )
    return TokenPair(token, refresh, scope)
