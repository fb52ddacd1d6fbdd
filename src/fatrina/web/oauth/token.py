"""The token endpoint, and the endpoint that returns the merchant of a token."""

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
from fatrina.domain.oauth import ACCESS_TOKEN_LIFETIME_MS, OAuthError
from fatrina.domain.types import Millis
from fatrina.web.http import auth
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.responses import success
from fatrina.web.oauth import params
from fatrina.web.oauth.params import Params

_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/=]{1,1024}) *", re.IGNORECASE)
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, section 5.1


class TokenEndpoints:
    """The token endpoint (RFC 6749, section 3.2) and the user info endpoint."""

    def __init__(self, services: Services, timeouts: BodyTimeouts) -> None:
        self._services = services
        self._timeouts = timeouts

    async def issue(self, request: Request) -> Response:
        """Return tokens, or an error as defined by RFC 6749, section 5.2 (no JSON envelope)."""
        try:
            given = await params.from_body(request, self._timeouts)
            client_id, secret = _client_credentials(request, given)
            tokens = await run_sync(self._issue, client_id, secret, given)
        except OAuthError as exc:
            return _error_response(request, exc)
        return JSONResponse(_token_response(tokens), headers=_NO_STORE)

    async def user_info(self, request: Request) -> Response:
        """Return the merchant of a token; no scope is required."""
        caller = await run_sync(access.authenticate, self._services, auth.bearer_token(request))
        identity = await run_sync(access.identify, self._services, caller)
        context = {
            "app": identity.client_id,
            "scope": " ".join(sorted(caller.scopes)),
            "exp": identity.expires_at // 1000,
        }
        return success(200, wire.user_info(identity.merchant, context))

    def _issue(self, client_id: str, secret: str, given: Params) -> TokenPair:
        now = self._services.clock()
        app = oauth.authenticate(self._services, client_id, secret)
        if given.get("grant_type") == "authorization_code":
            return self._exchange(app, given, now)
        if given.get("grant_type") == "refresh_token":
            token, scope = _require(given, "refresh_token"), given.get("scope", "")
            return oauth.refresh(self._services, app, token, scope, now)
        grant_types = "authorization_code or refresh_token"
        raise OAuthError("unsupported_grant_type", f"grant_type must be {grant_types}.")

    def _exchange(self, app: Client, given: Params, now: Millis) -> TokenPair:
        default_redirect = app.redirect_uris[0] if len(app.redirect_uris) == 1 else ""
        return oauth.exchange(
            self._services,
            app,
            code=_require(given, "code"),
            redirect=given.get("redirect_uri", default_redirect),
            verifier=given.get("code_verifier", ""),
            now=now,
        )


def _client_credentials(request: Request, given: Params) -> tuple[str, str]:
    """Return the client id and secret, from the header or the body (RFC 6749, section 2.3.1)."""
    header = request.headers.get("authorization")
    if header is None:
        return _require(given, "client_id"), given.get("client_secret", "")
    match = _BASIC.fullmatch(header)
    try:
        pair = b64decode(match[1], validate=True).decode() if match else ""
    except ValueError:
        pair = ""
    client_id, colon, secret = pair.partition(":")
    if not colon or "client_secret" in given:
        raise OAuthError("invalid_client", "Authenticate with either HTTP Basic or the body.")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if not params.is_plain(client_id):
        raise OAuthError("invalid_client", "The client id contains a control character.")
    return client_id, secret


def _require(given: Params, name: str) -> str:
    if name not in given:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return given[name]


def _token_response(tokens: TokenPair) -> dict[str, object]:
    response: dict[str, object] = {
        "access_token": tokens.access,
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME_MS // 1000,
        "scope": tokens.scope,
    }
    return response | ({"refresh_token": tokens.refresh} if tokens.refresh else {})


def _error_response(request: Request, error: OAuthError) -> Response:
    body = {"error": error.error, "error_description": error.description}
    if error.error == "invalid_client" and "authorization" in request.headers:
        return JSONResponse(body, 401, {**_NO_STORE, "WWW-Authenticate": 'Basic realm="fatrina"'})
    return JSONResponse(body, 400, _NO_STORE)
