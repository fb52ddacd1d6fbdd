"""Sessions of the console over HTTP: sign in, extend, sign out."""

from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, sessions
from fatrina.actions.sessions import SessionView
from fatrina.domain import errors, json_text, text
from fatrina.domain.json_text import JsonError
from fatrina.domain.session import ABSOLUTE_MS, session_token
from fatrina.web.http import auth, body
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.failure_delay import FailureDelay
from fatrina.web.http.responses import success

_MAX_BODY_BYTES: Final = 4096
_MAX_FIELD_LENGTH: Final = 512


class SessionEndpoints:
    """The endpoints of a session.

    The console's header is required, so that no other site can sign a browser in or out.
    """

    def __init__(self, services: Services, timeouts: BodyTimeouts, *, is_secure: bool) -> None:
        self._services = services
        self._timeouts = timeouts
        self._is_secure = is_secure
        self._failure_delay = FailureDelay("sign-ins to the console")

    async def show(self, request: Request) -> Response:
        """Extend the session, because it is in use, and return it."""
        token = auth.console_session(request)
        view = await run_sync(sessions.extend, self._services, token)
        return success(200, _to_json(view))

    async def sign_in(self, request: Request) -> Response:
        """Create a session by the owner key of a merchant, or by a sign-in link."""
        if not auth.is_from_console(request):
            raise errors.SignInFailed
        fields = _parse(await body.read_body(request, _MAX_BODY_BYTES, self._timeouts))
        try:
            if fields["link"]:
                secret = await run_sync(sessions.sign_in_by_link, self._services, fields["link"])
            else:
                credentials = (fields["merchant"], fields["key"])
                secret = await run_sync(sessions.sign_in_by_key, self._services, *credentials)
        except (errors.SignInFailed, errors.SignInLinkInvalid):
            await self._failure_delay.delay()
            raise
        view = await run_sync(sessions.extend, self._services, session_token(secret))
        response = success(201, _to_json(view))
        self._set_cookie(response, secret, ABSOLUTE_MS // 1000)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await run_sync(sessions.end, self._services, auth.console_session(request))
        response = success(200, None)
        self._set_cookie(response, "", 0)
        return response

    def _set_cookie(self, response: Response, value: str, max_age: int) -> None:
        response.set_cookie(
            auth.SESSION_COOKIE,
            value,
            max_age=max_age,
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )


def _parse(data: bytes) -> dict[str, str]:
    """Return the fields of a sign-in, "" for those that are missing or invalid."""
    try:
        value = json_text.parse(data)
    except JsonError:
        raise errors.MalformedJson from None
    if not isinstance(value, dict):
        raise errors.MalformedJson
    return {name: _plain(value.get(name)) for name in ("merchant", "key", "link")}


def _plain(value: object) -> str:
    try:
        valid = isinstance(value, str) and text.validate("", value.strip(), _MAX_FIELD_LENGTH)
    except errors.FieldError:
        return ""
    return str(value).strip() if valid else ""


def _to_json(view: SessionView) -> dict[str, object]:
    return {
        "merchant": view.merchant_code,
        "name": view.store_name or view.merchant_code,
        "expires_at": view.expires_at,
    }
