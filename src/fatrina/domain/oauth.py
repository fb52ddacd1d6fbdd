"""OAuth 2.0 (RFC 6749) as far as it is pure: scopes, redirections, proofs, spans, refusals."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fatrina.domain.access import SCOPES
from fatrina.domain.durations import DAY, MINUTE

OFFLINE_ACCESS: Final = "offline_access"
"""The scope that asks for a refresh token."""
CODE_LIFETIME_MS: Final = MINUTE
"""Milliseconds in which an authorization code must be used."""
ACCESS_TOKEN_LIFETIME_MS: Final = 14 * DAY
"""Milliseconds that an access token lasts: the real API's figure."""
REFRESH_TOKEN_LIFETIME_MS: Final = 30 * DAY
"""Milliseconds in which a refresh token must be used: the real API's one month."""
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
    """A refusal in the words of RFC 6749, 4.1.2.1 and 5.2."""

    def __init__(self, error: Error, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


def parse_scopes(text: str) -> tuple[str, ...]:
    """The scopes asked for, each once, in their order (RFC 6749, 3.3).

    Raises:
        RefusedError: there is none, or one that is not known here.
    """
    wanted = tuple(dict.fromkeys(text.split()))
    unknown = [each for each in wanted if each not in {*SCOPES, OFFLINE_ACCESS}]
    if unknown or not set(wanted) & set(SCOPES):
        known = ", ".join((*SCOPES, OFFLINE_ACCESS))
        raise OAuthError("invalid_scope", f"Ask for one or more of: {known}.")
    return wanted


def check_challenge(text: str, method: str, *, public: bool) -> str | None:
    """The challenge of a client's proof key (RFC 7636); None where it may go without.

    Raises:
        RefusedError: a public client has none, or it is not S256's.
    """
    if not text and not method and not public:
        return None
    if method != "S256" or not _CHALLENGE.fullmatch(text):
        raise OAuthError("invalid_request", "Send a code_challenge, and S256 as its method.")
    return text


def verify_challenge(verifier: str, challenge: str | None) -> bool:
    """Whether a verifier belongs to a challenge (RFC 7636, 4.6); none belongs to none."""
    if challenge is None:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = sha256(verifier.encode()).digest()
    return compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def is_allowed_redirect(uri: str) -> bool:
    """Whether an app may have this redirection URI: https, or http to its own machine.

    RFC 6749, 3.1.2: absolute, without a fragment; RFC 9700, 2.6: not over a plain network.
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


def add_query(uri: str, **given: str) -> str:
    """A redirection URI with the answer in its query, beside what that holds already."""
    parts = urlsplit(uri)
    pairs: Iterable[tuple[str, str]] = parse_qsl(parts.query, keep_blank_values=True)
    return urlunsplit(parts._replace(query=urlencode([*pairs, *given.items()])))
