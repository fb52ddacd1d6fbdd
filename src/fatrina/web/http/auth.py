"""Bearer tokens (RFC 6750, section 2.1: only in the Authorization header), and session cookies."""

import re
from typing import Final

from starlette.requests import Request

from fatrina.domain.session import session_token

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,512}) *", re.IGNORECASE)
_COOKIE_VALUE: Final = re.compile(r"[A-Za-z0-9]{1,512}")
SESSION_COOKIE: Final = "fatrina_session"
CONSOLE_HEADER: Final = "fatrina-console"
"""Other sites cannot set this header: it needs a CORS preflight request, which is not granted."""
# Values of Sec-Fetch-Site that browsers send for requests by the console's own page.
_OWN_SITE: Final = ("", "same-origin")


def bearer_token(request: Request) -> str:
    """Return the bearer token of a request, or "" if it has none or is malformed."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return match[1] if match else ""


def access_token(request: Request) -> str:
    """Return the bearer token of a request or the access token of its session, or ""."""
    return bearer_token(request) or console_session(request)


def console_session(request: Request) -> str:
    """Return the access token of the session in the cookie, or "".

    The cookie is ignored unless the console's own page sent the request, so that no other site
    can use it, not even another port of the same host, to which `SameSite` does not apply.
    """
    if "authorization" in request.headers or not is_from_console(request):
        return ""
    secret = request.cookies.get(SESSION_COOKIE, "")
    return session_token(secret) if _COOKIE_VALUE.fullmatch(secret) else ""


def is_from_console(request: Request) -> bool:
    """Return whether the console's own page sent the request."""
    site = request.headers.get("sec-fetch-site", "")
    return request.headers.get(CONSOLE_HEADER) == "1" and site in _OWN_SITE
