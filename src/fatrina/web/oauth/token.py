"""Tokens for codes and refresh tokens, and who a token stands for."""

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_plus

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fatrina import wire
from fatrina.actions import Parts, access, oauth
from fatrina.actions.oauth import Client, Issued
from fatrina.domain.oauth import ACCESS_SPAN, RefusedError
from fatrina.web import auth
from fatrina.web.answers import done
from fatrina.web.body import Pace
from fatrina.web.oauth import given
from fatrina.web.oauth.given import Given

_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/=]{1,1024}) *", re.IGNORECASE)
_SECRET: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1


class Tokens:
    """The token endpoint (RFC 6749, 3.2), and the merchant behind a token."""

    def __init__(self, parts: Parts, pace: Pace) -> None:
        self._parts = parts
        self._pace = pace

    async def issue(self, request: Request) -> Response:
        """Tokens, or the bare refusal of RFC 6749, 5.2."""
        try:
            asked = await given.of_body(request, self._pace)
            client, secret = _client(request, asked)
            issued = await run_sync(self._issued, client, secret, asked)
        except RefusedError as refusal:
            return _refused(request, refusal)
        return JSONResponse(_told(issued), headers=_SECRET)

    async def who(self, request: Request) -> Response:
        """The merchant behind a token, whatever it may do."""
        caller = await run_sync(access.identify, self._parts, auth.bearer(request))
        return done(200, wire.owner(caller.merchant_id, caller.merchant, caller.plan))

    def _issued(self, client: str, secret: str, asked: Given) -> Issued:
        database, now = self._parts.database, self._parts.clock()
        app = oauth.authenticate(database, client, secret)
        if asked.get("grant_type") == "authorization_code":
            return self._exchanged(app, asked, now)
        if asked.get("grant_type") == "refresh_token":
            token, scope = _must(asked, "refresh_token"), asked.get("scope", "")
            return oauth.refresh(database, app, token, scope, now)
        kinds = "authorization_code or refresh_token"
        raise RefusedError("unsupported_grant_type", f"grant_type is {kinds}.")

    def _exchanged(self, app: Client, asked: Given, now: int) -> Issued:
        only = app.redirects[0] if len(app.redirects) == 1 else ""
        return oauth.exchange(
            self._parts.database,
            app,
            code=_must(asked, "code"),
            redirect=asked.get("redirect_uri", only),
            verifier=asked.get("code_verifier", ""),
            now=now,
        )


def _client(request: Request, asked: Given) -> tuple[str, str]:
    """The client's id and secret, from the Authorization header or the body (RFC 6749, 2.3.1)."""
    header = request.headers.get("authorization")
    if header is None:
        return _must(asked, "client_id"), asked.get("client_secret", "")
    match = _BASIC.fullmatch(header)
    try:
        pair = b64decode(match[1], validate=True).decode() if match else ""
    except ValueError:
        pair = ""
    client, colon, secret = pair.partition(":")
    if not colon or "client_secret" in asked:
        raise RefusedError("invalid_client", "Prove who you are by Basic or in the body.")
    client, secret = unquote_plus(client), unquote_plus(secret)
    if not given.is_plain(client):
        raise RefusedError("invalid_client", "A client id has no control characters.")
    return client, secret


def _must(asked: Given, name: str) -> str:
    if name not in asked:
        raise RefusedError("invalid_request", f"{name} is missing.")
    return asked[name]


def _told(issued: Issued) -> dict[str, object]:
    told: dict[str, object] = {
        "access_token": issued.access,
        "token_type": "bearer",
        "expires_in": ACCESS_SPAN // 1000,
        "scope": issued.scope,
    }
    return told | ({"refresh_token": issued.refresh} if issued.refresh else {})


def _refused(request: Request, refusal: RefusedError) -> Response:
    body = {"error": refusal.error, "error_description": refusal.description}
    if refusal.error == "invalid_client" and "authorization" in request.headers:
        return JSONResponse(body, 401, {**_SECRET, "WWW-Authenticate": 'Basic realm="fatrina"'})
    return JSONResponse(body, 400, _SECRET)
