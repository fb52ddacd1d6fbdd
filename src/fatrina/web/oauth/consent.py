"""The authorization endpoint (RFC 6749, 3.1): a merchant is asked, and sends the app on its way."""

from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fatrina.actions import Services, oauth
from fatrina.actions.oauth import AuthorizationRequest, Client
from fatrina.domain import messages
from fatrina.domain.messages import Language
from fatrina.domain.oauth import OAuthError, challenge, redirect_with, scopes
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.failure_delay import FailureDelay
from fatrina.web.oauth import page, params
from fatrina.web.oauth.params import Params

_KEPT: Final = (
    *("response_type", "client_id", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method"),
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": page.POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _NoRedirectError(Exception):
    """Whoever asks cannot be told by a redirection: the app or the address is not known."""


class Consent:
    """The page on which a merchant lets an app in.

    There are no accounts and no cookies: the merchant proves to be it by the owner's key, in the
    very request that decides, so no other site can make it.
    """

    def __init__(self, services: Services, issuer: str, pace: BodyTimeouts) -> None:
        self._parts = services
        self._issuer = issuer
        self._pace = pace
        self._guesses = FailureDelay("owners' keys")

    async def show(self, request: Request) -> Response:
        """Show what an app asks for."""
        try:
            return await self._authorization_request(request, params.from_query(request))
        except OAuthError as exc:  # a parameter comes twice: nothing can be believed
            return _page(page.error_page(_language(request), exc.description), 400)

    async def decide(self, request: Request) -> Response:
        """Send the merchant back to the app, with a code or a refusal."""
        try:
            form = await params.from_body(request, self._pace)
        except OAuthError as exc:
            return _page(page.error_page(_language(request), exc.description), 400)
        return await self._authorization_request(request, form, decided=True)

    async def _authorization_request(
        self, request: Request, asked: Params, *, decided: bool = False
    ) -> Response:
        language = _language(request, asked)
        try:
            app, redirect = await self._known_app(asked)
        except _NoRedirectError:
            return _page(page.error_page(language), 400)
        try:
            wanted = _requested(app, redirect, asked)
            if not decided:
                return _page(self._form(language, asked, wanted))
            if asked.get("decision") != "allow":
                raise OAuthError("access_denied", "The merchant did not agree.")  # noqa: TRY301
            merchant, key = asked.get("merchant", "").strip(), asked.get("key", "").strip()
            approve = (self._parts.database, wanted, merchant, key, self._parts.clock())
            code = await run_sync(oauth.approve, *approve)
        except OAuthError as exc:
            told = {"error": exc.error, "error_description": exc.description}
            return self._redirect(redirect, asked, told)
        if code is None:
            await self._guesses.delay()
            return _page(self._form(language, asked, wanted, merchant, wrong=True), 403)
        return self._redirect(redirect, asked, {"code": code})

    async def _known_app(self, asked: Params) -> tuple[Client, str]:
        app = await run_sync(oauth.find_app, self._parts.database, asked.get("client_id", ""))
        if app is None:
            raise _NoRedirectError
        redirect = asked.get("redirect_uri") or (
            app.redirects[0] if len(app.redirects) == 1 else ""
        )
        if redirect not in app.redirects:
            raise _NoRedirectError
        return app, redirect

    def _form(
        self,
        language: Language,
        asked: Params,
        wanted: AuthorizationRequest,
        merchant_code: str = "",
        *,
        wrong: bool = False,
    ) -> str:
        kept: Params = {name: asked[name] for name in _KEPT if name in asked}
        return page.form(
            language, wanted.app.name, wanted.scope.split(), kept, merchant_code, wrong=wrong
        )

    def _redirect(self, redirect: str, asked: Params, told: dict[str, str]) -> Response:
        state = {"state": asked["state"]} if "state" in asked else {}
        where = redirect_with(redirect, **told, **state, iss=self._issuer)  # RFC 9207
        return RedirectResponse(where, 303, _HEADERS)


def _requested(app: Client, redirect: str, asked: Params) -> AuthorizationRequest:
    if asked.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type is code.")
    proof = challenge(
        asked.get("code_challenge", ""),
        asked.get("code_challenge_method", ""),
        public=app.secret_hash is None,
    )
    return AuthorizationRequest(app, redirect, " ".join(scopes(asked.get("scope", ""))), proof)


def _language(request: Request, asked: Params | None = None) -> Language:
    chosen = (asked or {}).get("lang") or request.query_params.get("lang")
    if chosen in {"ar", "en"}:
        return "ar" if chosen == "ar" else "en"
    return messages.language(request.headers.get("accept-language"))


def _page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _HEADERS)
