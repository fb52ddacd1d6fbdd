"""OAuth's pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2 import WebApplicationClient

from fatrina.domain import oauth
from fatrina.domain.access import SCOPES, is_included
from fatrina.domain.oauth import (
    OAuthError,
    add_query,
    check_challenge,
    grant_scopes,
    is_allowed_redirect,
    verify_challenge,
)

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verify_challenge_accepts_the_rfc_example() -> None:
    assert verify_challenge(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "verifier", ["", VERIFIER[:-1], VERIFIER + "x", VERIFIER.lower(), CHALLENGE]
)
def test_verify_challenge_rejects_other_verifiers(verifier: str) -> None:
    assert not verify_challenge(verifier, CHALLENGE)


@pytest.mark.parametrize(("verifier", "proved"), [("", True), (VERIFIER, False)])
def test_without_challenge_only_an_empty_verifier_matches(verifier: str, *, proved: bool) -> None:
    assert verify_challenge(verifier, None) is proved


@given(st.text("abcXYZ019-._~", min_size=43, max_size=128))
def test_accepts_challenges_of_oauthlib(verifier: str) -> None:
    made = WebApplicationClient("x").create_code_challenge(verifier, "S256")
    assert verify_challenge(verifier, made)
    assert check_challenge(made, "S256", public=True) == made


@pytest.mark.parametrize(
    ("text", "method", "public"),
    [
        ("", "", True),
        (CHALLENGE, "", True),
        (CHALLENGE, "", False),
        (CHALLENGE, "plain", False),
        ("", "S256", False),
        (CHALLENGE[:-1], "S256", False),
        (CHALLENGE + "=", "S256", False),
    ],
)
def test_check_challenge_rejects_invalid_challenges(
    text: str, method: str, *, public: bool
) -> None:
    with pytest.raises(OAuthError, match="code_challenge"):
        check_challenge(text, method, public=public)


def test_confidential_clients_may_omit_the_challenge() -> None:
    assert check_challenge("", "", public=False) is None


@pytest.mark.parametrize(
    ("requested", "allowed", "granted"),
    [
        ("products.read", "products.read_write", "products.read"),
        ("products.read_write offline_access", "products.read_write", None),
        (" products.read  products.read ", "products.read", "products.read"),
        ("offline_access", "products.read_write", "offline_access products.read_write"),
        ("", "products.read_write", "products.read_write"),
        ("", "products.read", "products.read"),
        (
            "products.read,offline_access",
            "products.read_write",
            "products.read offline_access",
        ),
        ("settings.read orders.read", "products.read_write", "products.read_write"),
        ("products.read orders.read", "products.read_write", "products.read"),
        ("products.read_write", "products.read", "products.read"),
    ],
)
def test_an_app_is_granted_what_it_is_allowed(
    requested: str, allowed: str, granted: str | None
) -> None:
    assert " ".join(grant_scopes(requested, allowed.split())) == (granted or requested)


@given(st.text(), st.sets(st.sampled_from(SCOPES), min_size=1))
def test_no_request_is_granted_more_than_the_app_is_allowed(
    requested: str, allowed: set[str]
) -> None:
    granted = set(grant_scopes(requested, allowed)) - {"offline_access"}
    assert granted
    assert all(is_included(scope, allowed) for scope in granted)


@pytest.mark.parametrize(
    ("uri", "may"),
    [
        ("https://app.example/cb", True),
        ("https://app.example/cb?x=1", True),
        ("http://127.0.0.1:9000/cb", True),
        ("http://localhost/cb", True),
        ("http://[::1]:9000/cb", True),
        ("http://app.example/cb", False),
        ("http://localhost.evil.example/cb", False),
        ("https://app.example/cb#x", False),
        ("https://user@app.example/", False),
        ("https://app.example\\@evil.example/", False),
        ("https:///cb", False),
        ("https://app.example:x/", False),
        ("javascript:alert(1)", False),
        ("app.example/cb", False),
        ("https://متجر.example/", False),
        ("https://app.example/a b", False),
        ("", False),
    ],
)
def test_is_allowed_redirect(uri: str, *, may: bool) -> None:
    assert is_allowed_redirect(uri) is may


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("https://a.example/cb", "https://a.example/cb?code=x+y&state=%26"),
        ("https://a.example/cb?a=1&b=", "https://a.example/cb?a=1&b=&code=x+y&state=%26"),
    ],
)
def test_add_query_keeps_the_existing_query(uri: str, told: str) -> None:
    assert add_query(uri, code="x y", state="&") == told


def test_lifetimes() -> None:
    day = 86_400_000
    assert (60_000, 14 * day, 30 * day) == (
        oauth.CODE_LIFETIME_MS,
        oauth.ACCESS_TOKEN_LIFETIME_MS,
        oauth.REFRESH_TOKEN_LIFETIME_MS,
    )
