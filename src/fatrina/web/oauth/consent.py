"""The authorization endpoint (RFC 6749, section 3.1): the merchant grants or denies access."""

from typing import Final
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fatrina.actions import Services, oauth
from fatrina.actions.oauth import AuthorizationRequest, Client
from fatrina.domain import messages
from fatrina.domain.messages import Language
from fatrina.domain.oauth import OAuthError, add_query, check_challenge, grant_scopes
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.failure_delay import FailureDelay
from fatrina.web.oauth import page, params
from fatrina.web.oauth.params import Params

_REQUEST_PARAMS: Final = (
    *("response_type", "client_id", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method"),
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": page.CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _NoRedirectError(Exception):
    """The app or its redirect URI is unknown, so no redirect can report the error."""


class ConsentEndpoints:
    """The consent page, on which a merchant authorizes an app.

    There are no accounts and no cookies: the request with the decision contains the owner's key,
    so no other site can forge it.
    """

    def __init__(self, services: Services, issuer: str, timeouts: BodyTimeouts) -> None:
        self._services = services
        self._issuer = issuer
        self._timeouts = timeouts
        self._failure_delay = FailureDelay("owners' keys")

    async def show(self, request: Request) -> Response:
        """Return the consent page for an authorization request."""
        try:
            return await self._authorize(request, params.from_query(request))
        except OAuthError as exc:  # a repeated parameter: none of them can be trusted
            return _page(page.error_page(_language(request), exc.description), 400)

    async def decide(self, request: Request) -> Response:
        """Redirect the merchant to the app with a code or an error."""
        try:
            form = await params.from_body(request, self._timeouts)
        except OAuthError as exc:
            return _page(page.error_page(_language(request), exc.description), 400)
        return await self._authorize(request, form, is_decision=True)

    async def _authorize(
        self, request: Request, given: Params, *, is_decision: bool = False
    ) -> Response:
        language = _language(request, given)
        try:
            app, redirect_uri = await self._find_app(given)
        except _NoRedirectError:
            return _page(page.error_page(language), 400)
        try:
            authorization = _parse_request(app, redirect_uri, given)
            if not is_decision:
                return _page(self._form(language, given, authorization))
            if given.get("decision") != "allow":
                raise OAuthError("access_denied", "The merchant did not agree.")  # noqa: TRY301
            merchant_code, key = given.get("merchant", "").strip(), given.get("key", "").strip()
            approval = (authorization, merchant_code, key, self._services.clock())
            code = await run_sync(oauth.approve, self._services, *approval)
        except OAuthError as exc:
            error = {"error": exc.error, "error_description": exc.description}
            return self._redirect(redirect_uri, given, error)
        if code is None:
            await self._failure_delay.delay()
            return _page(self._form(language, given, authorization, merchant_code, wrong=True), 403)
        return self._redirect(redirect_uri, given, {"code": code})

    async def _find_app(self, given: Params) -> tuple[Client, str]:
        app = await run_sync(oauth.find_app, self._services, given.get("client_id", ""))
        if app is None:
            raise _NoRedirectError
        redirect_uri = given.get("redirect_uri") or (
            app.redirect_uris[0] if len(app.redirect_uris) == 1 else ""
        )
        if redirect_uri not in app.redirect_uris:
            raise _NoRedirectError
        return app, redirect_uri

    def _form(
        self,
        language: Language,
        given: Params,
        authorization: AuthorizationRequest,
        merchant_code: str = "",
        *,
        wrong: bool = False,
    ) -> str:
        hidden: Params = {name: given[name] for name in _REQUEST_PARAMS if name in given}
        app_name, requested_scopes = authorization.app.name, authorization.scope.split()
        return page.consent_page(
            language,
            app_name,
            requested_scopes,
            hidden,
            merchant_code,
            host=urlsplit(self._issuer).netloc,
            invalid_credentials=wrong,
        )

    def _redirect(self, redirect_uri: str, given: Params, result: dict[str, str]) -> Response:
        state = {"state": given["state"]} if "state" in given else {}
        location = add_query(redirect_uri, **result, **state, iss=self._issuer)  # RFC 9207
        return RedirectResponse(location, 303, _HEADERS)


def _parse_request(app: Client, redirect_uri: str, given: Params) -> AuthorizationRequest:
    if given.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    code_challenge = check_challenge(
        given.get("code_challenge", ""),
        given.get("code_challenge_method", ""),
        public=app.secret_hash is None,
    )
    scope = " ".join(grant_scopes(given.get("scope", ""), app.scopes))
    return AuthorizationRequest(app, redirect_uri, scope, code_challenge)


def _language(request: Request, given: Params | None = None) -> Language:
    chosen = (given or {}).get("lang") or request.query_params.get("lang")
    if chosen in {"ar", "en"}:
        return "ar" if chosen == "ar" else "en"
    return messages.negotiate_language(request.headers.get("accept-language"))


def _page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _HEADERS)
