"""The authorization endpoint (RFC 6749, 3.1): a merchant is asked, and sends the app on its way."""

from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fatrina.actions import Parts, oauth
from fatrina.actions.oauth import Asked, Client
from fatrina.domain import messages
from fatrina.domain.messages import Language
from fatrina.domain.oauth import RefusedError, answered, challenge, scopes
from fatrina.web.body import Pace
from fatrina.web.guesses import Guesses
from fatrina.web.oauth import given, page
from fatrina.web.oauth.given import Given

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


class _NowhereError(Exception):
    """Whoever asks cannot be told by a redirection: the app or the address is not known."""


class Consent:
    """The page on which a merchant lets an app in.

    There are no accounts and no cookies: the merchant proves to be it by the owner's key, in the
    very request that decides, so no other site can make it.
    """

    def __init__(self, parts: Parts, issuer: str, pace: Pace) -> None:
        self._parts = parts
        self._issuer = issuer
        self._pace = pace
        self._guesses = Guesses("owners' keys")

    async def ask(self, request: Request) -> Response:
        """Show what an app asks for."""
        try:
            return await self._asked(request, given.of_query(request))
        except RefusedError as refusal:  # a parameter comes twice: nothing can be believed
            return _page(page.nowhere(_language(request), refusal.description), 400)

    async def decide(self, request: Request) -> Response:
        """Send the merchant back to the app, with a code or a refusal."""
        try:
            form = await given.of_body(request, self._pace)
        except RefusedError as refusal:
            return _page(page.nowhere(_language(request), refusal.description), 400)
        return await self._asked(request, form, decided=True)

    async def _asked(self, request: Request, asked: Given, *, decided: bool = False) -> Response:
        language = _language(request, asked)
        try:
            app, redirect = await self._known(asked)
        except _NowhereError:
            return _page(page.nowhere(language), 400)
        try:
            wanted = _wanted(app, redirect, asked)
            if not decided:
                return _page(self._form(language, asked, wanted))
            if asked.get("decision") != "allow":
                raise RefusedError("access_denied", "The merchant did not agree.")  # noqa: TRY301
            merchant, key = asked.get("merchant", "").strip(), asked.get("key", "").strip()
            approve = (self._parts.database, wanted, merchant, key, self._parts.clock())
            code = await run_sync(oauth.approve, *approve)
        except RefusedError as refusal:
            told = {"error": refusal.error, "error_description": refusal.description}
            return self._back(redirect, asked, told)
        if code is None:
            await self._guesses.wrong()
            return _page(self._form(language, asked, wanted, merchant, wrong=True), 403)
        return self._back(redirect, asked, {"code": code})

    async def _known(self, asked: Given) -> tuple[Client, str]:
        app = await run_sync(oauth.find_app, self._parts.database, asked.get("client_id", ""))
        if app is None:
            raise _NowhereError
        redirect = asked.get("redirect_uri") or (
            app.redirects[0] if len(app.redirects) == 1 else ""
        )
        if redirect not in app.redirects:
            raise _NowhereError
        return app, redirect

    def _form(
        self,
        language: Language,
        asked: Given,
        wanted: Asked,
        merchant: str = "",
        *,
        wrong: bool = False,
    ) -> str:
        kept: Given = {name: asked[name] for name in _KEPT if name in asked}
        return page.form(
            language, wanted.app.name, wanted.scope.split(), kept, merchant, wrong=wrong
        )

    def _back(self, redirect: str, asked: Given, told: dict[str, str]) -> Response:
        state = {"state": asked["state"]} if "state" in asked else {}
        where = answered(redirect, **told, **state, iss=self._issuer)  # RFC 9207
        return RedirectResponse(where, 303, _HEADERS)


def _wanted(app: Client, redirect: str, asked: Given) -> Asked:
    if asked.get("response_type") != "code":
        raise RefusedError("unsupported_response_type", "response_type is code.")
    proof = challenge(
        asked.get("code_challenge", ""),
        asked.get("code_challenge_method", ""),
        public=app.secret_hash is None,
    )
    return Asked(app, redirect, " ".join(scopes(asked.get("scope", ""))), proof)


def _language(request: Request, asked: Given | None = None) -> Language:
    chosen = (asked or {}).get("lang") or request.query_params.get("lang")
    if chosen in {"ar", "en"}:
        return "ar" if chosen == "ar" else "en"
    return messages.language(request.headers.get("accept-language"))


def _page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _HEADERS)
