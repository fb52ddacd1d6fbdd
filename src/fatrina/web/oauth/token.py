"""Tokens for codes and refresh tokens, and who a token stands for."""

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_plus

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fatrina import wire
from fatrina.actions import Services, access, oauth
from fatrina.actions.oauth import Client, TokenPair
from fatrina.domain.oauth import ACCESS_LIFETIME, OAuthError
from fatrina.web.http import auth
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.responses import success
from fatrina.web.oauth import params
from fatrina.web.oauth.params import Params

_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/=]{1,1024}) *", re.IGNORECASE)
_SECRET: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1


class TokenEndpoints:
    """The token endpoint (RFC 6749, 3.2), and the merchant behind a token."""

    def __init__(self, services: Services, pace: BodyTimeouts) -> None:
        self._parts = services
        self._pace = pace

    async def issue(self, request: Request) -> Response:
        """Tokens, or the bare refusal of RFC 6749, 5.2."""
        try:
            asked = await params.from_body(request, self._pace)
            client, secret = _client(request, asked)
            issued = await run_sync(self._issue, client, secret, asked)
        except OAuthError as exc:
            return _error_response(request, exc)
        return JSONResponse(_token_response(issued), headers=_SECRET)

    async def user_info(self, request: Request) -> Response:
        """The merchant behind a token, whatever it may do."""
        caller = await run_sync(access.authenticate, self._parts, auth.bearer_token(request))
        return success(200, wire.owner(caller.merchant_id, caller.merchant_code, caller.plan))

    def _issue(self, client: str, secret: str, asked: Params) -> TokenPair:
        database, now = self._parts.database, self._parts.clock()
        app = oauth.authenticate(database, client, secret)
        if asked.get("grant_type") == "authorization_code":
            return self._exchange(app, asked, now)
        if asked.get("grant_type") == "refresh_token":
            token, scope = _require(asked, "refresh_token"), asked.get("scope", "")
            return oauth.refresh(database, app, token, scope, now)
        kinds = "authorization_code or refresh_token"
        raise OAuthError("unsupported_grant_type", f"grant_type is {kinds}.")

    def _exchange(self, app: Client, asked: Params, now: int) -> TokenPair:
        only = app.redirects[0] if len(app.redirects) == 1 else ""
        return oauth.exchange(
            self._parts.database,
            app,
            code=_require(asked, "code"),
            redirect=asked.get("redirect_uri", only),
            verifier=asked.get("code_verifier", ""),
            now=now,
        )


def _client(request: Request, asked: Params) -> tuple[str, str]:
    """The client's id and secret, from the Authorization header or the body (RFC 6749, 2.3.1)."""
    header = request.headers.get("authorization")
    if header is None:
        return _require(asked, "client_id"), asked.get("client_secret", "")
    match = _BASIC.fullmatch(header)
    try:
        pair = b64decode(match[1], validate=True).decode() if match else ""
    except ValueError:
        pair = ""
    client, colon, secret = pair.partition(":")
    if not colon or "client_secret" in asked:
        raise OAuthError("invalid_client", "Prove who you are by Basic or in the body.")
    client, secret = unquote_plus(client), unquote_plus(secret)
    if not params.is_plain(client):
        raise OAuthError("invalid_client", "A client id has no control characters.")
    return client, secret


def _require(asked: Params, name: str) -> str:
    if name not in asked:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return asked[name]


def _token_response(issued: TokenPair) -> dict[str, object]:
    told: dict[str, object] = {
        "access_token": issued.access,
        "token_type": "bearer",
        "expires_in": ACCESS_LIFETIME // 1000,
        "scope": issued.scope,
    }
    return told | ({"refresh_token": issued.refresh} if issued.refresh else {})


def _error_response(request: Request, error: OAuthError) -> Response:
    body = {"error": error.error, "error_description": error.description}
    if error.error == "invalid_client" and "authorization" in request.headers:
        return JSONResponse(body, 401, {**_SECRET, "WWW-Authenticate": 'Basic realm="fatrina"'})
    return JSONResponse(body, 400, _SECRET)
