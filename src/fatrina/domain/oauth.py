"""Pure rules of OAuth 2.0 (RFC 6749): scopes, redirect URIs, PKCE, lifetimes, errors."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fatrina.domain.access import SCOPES, is_included
from fatrina.domain.durations import DAY, MINUTE
from fatrina.domain.types import Millis

OFFLINE_ACCESS: Final = "offline_access"
"""The scope that requests a refresh token."""
CODE_LIFETIME_MS: Final = Millis(MINUTE)
"""Milliseconds for which an authorization code is valid."""
ACCESS_TOKEN_LIFETIME_MS: Final = Millis(14 * DAY)
"""Milliseconds for which an access token is valid: the real API's figure."""
REFRESH_TOKEN_LIFETIME_MS: Final = Millis(30 * DAY)
"""Milliseconds for which a refresh token is valid: the real API's one month."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,2000}")

Error = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
    "access_denied",
]


class OAuthError(Exception):
    """An error with a code of RFC 6749, 4.1.2.1 or 5.2."""

    def __init__(self, error: Error, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


def parse_scopes(text: str) -> tuple[str, ...]:
    """Return the known scopes in `text`, without duplicates, in their order.

    RFC 6749, section 3.3 separates scopes by spaces; some published clients use commas. Scopes of
    other parts of the real API are dropped, because clients request them for one token.
    """
    names = dict.fromkeys(text.replace(",", " ").split())
    return tuple(name for name in names if name in {*SCOPES, OFFLINE_ACCESS})


def grant_scopes(requested: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Return the scopes that an authorization request grants to an app with `allowed` scopes.

    On the real API, scopes belong to the app, and most clients request only `offline_access` or
    nothing: a request without a scope of the API grants all scopes of the app.
    """
    scopes = parse_scopes(requested)
    granted = [name for name in scopes if name == OFFLINE_ACCESS or is_included(name, allowed)]
    if set(granted) <= {OFFLINE_ACCESS}:
        granted += [name for name in SCOPES if name in allowed]
    return tuple(granted)


def check_challenge(text: str, method: str, *, public: bool) -> str | None:
    """Return a valid PKCE challenge (RFC 7636); None if a confidential client omits it.

    Raises:
        OAuthError: a public client omits it, or it is not a challenge of method S256.
    """
    if not text and not method and not public:
        return None
    if method != "S256" or not _CHALLENGE.fullmatch(text):
        raise OAuthError("invalid_request", "Send a code_challenge, and S256 as its method.")
    return text


def verify_challenge(verifier: str, challenge: str | None) -> bool:
    """Return whether a verifier matches the challenge (RFC 7636, 4.6).

    Without a challenge, only an empty verifier matches.
    """
    if challenge is None:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = sha256(verifier.encode()).digest()
    return compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def is_allowed_redirect(uri: str) -> bool:
    """Return whether an app may register this redirect URI: https, or http to a loopback host.

    RFC 6749, 3.1.2: absolute, without a fragment; RFC 9700, 2.6: never unencrypted over a network.
    """
    if not _VISIBLE.fullmatch(uri) or "#" in uri or "\\" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def add_query(uri: str, **params: str) -> str:
    """Return a redirect URI with `params` appended to its query."""
    parts = urlsplit(uri)
    pairs: Iterable[tuple[str, str]] = parse_qsl(parts.query, keep_blank_values=True)
    return urlunsplit(parts._replace(query=urlencode([*pairs, *params.items()])))
