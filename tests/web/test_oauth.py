"""OAuth 2.0 over HTTP, with a client library and with single requests."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from requests_oauthlib import OAuth2Session

from fatrina.actions import access, oauth
from fatrina.actions.clock import Clock
from fatrina.adapters.database.schema import authorization_codes, grants, refresh_tokens
from fatrina.domain.oauth import (
    ACCESS_TOKEN_LIFETIME_MS,
    CODE_LIFETIME_MS,
    REFRESH_TOKEN_LIFETIME_MS,
    OAuthError,
)
from fatrina.domain.types import Millis
from fatrina.web.oauth import page
from tests import client
from tests.client import Body, Response
from tests.domain.test_oauth import CHALLENGE, VERIFIER
from tests.stores import PRODUCTS_PATH, Service, Store
from tests.web.error_responses import check_error

AUTH_PATH, TOKEN_PATH, USER_INFO_PATH = "/oauth2/auth", "/oauth2/token", "/oauth2/user/info"
REDIRECT_URI = "http://127.0.0.1:9/cb"
SCOPE = "products.read_write offline_access"
FORM = "application/x-www-form-urlencoded"


class App(NamedTuple):
    """A registered app, and a merchant with its owner's key."""

    service: Service
    store: Store
    key: str
    client_id: str
    secret: str

    def authorization_params(self, **overrides: str) -> dict[str, str]:
        params = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
        }
        params |= {"scope": SCOPE, "state": "a & b", **overrides}
        return {name: value for name, value in params.items() if value}

    def show_consent(self, language: str = "en", **overrides: str) -> Response:
        target = f"{AUTH_PATH}?{urlencode(self.authorization_params(**overrides))}"
        return self.call("GET", target, accept_language=language)

    def decide(self, decision: str = "allow", key: str = "", **overrides: str) -> Response:
        decision_params = {
            "merchant": self.store.merchant_code,
            "key": key or self.key,
            "decision": decision,
        }
        return self.call(
            "POST", AUTH_PATH, form(self.authorization_params(**overrides) | decision_params)
        )

    def authorization_code(self, **overrides: str) -> str:
        return redirect_params(self.decide(**overrides))["code"]

    def issue_tokens(self, **overrides: str) -> Any:
        return self.exchange(self.authorization_code(**overrides)).json

    def exchange(self, code: str, **overrides: str) -> Response:
        return self.request_token(
            grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **overrides
        )

    def refresh(self, token: str, **overrides: str) -> Response:
        return self.request_token(grant_type="refresh_token", refresh_token=token, **overrides)

    def request_token(self, **fields: str) -> Response:
        credentials = {"client_id": self.client_id, "client_secret": self.secret}
        params = {name: value for name, value in (credentials | fields).items() if value}
        return self.call("POST", TOKEN_PATH, form(params))

    def is_accepted(self, token: str) -> bool:
        return (
            Store(self.service, self.store.merchant_code, token).call("GET", PRODUCTS_PATH).status
            == 200
        )

    def call(self, method: str, target: str, body: Body | None = None, **headers: str) -> Response:
        return client.request(self.service.port, method, target, body, **headers)


def form(fields: dict[str, str]) -> Body:
    return Body(urlencode(fields).encode(), FORM)


def redirect_params(response: Response) -> dict[str, str]:
    """Return the parameters that a redirect sends to the app."""
    assert response.status == 303, response
    location = response.headers["location"]
    assert location.startswith(REDIRECT_URI + "?")
    return dict(parse_qsl(urlsplit(location).query))


@pytest.fixture(params=[False, True], ids=["confidential", "public"])
def app(service: Service, request: pytest.FixtureRequest) -> App:
    return register_app(service, public=request.param)


@pytest.fixture
def confidential_app(service: Service) -> App:
    return register_app(service)


@pytest.fixture
def public_app(service: Service) -> App:
    return register_app(service, public=True)


def register_app(service: Service, *, public: bool = False) -> App:
    database, store = service.services.database, Store.create(service)
    created = oauth.create_app(
        database, "Photo <app>", [REDIRECT_URI], public=public, now=Clock()()
    )
    key = oauth.rotate_owner_key(database, store.merchant_code, Millis(1))
    assert key is not None
    return App(service, store, key, created[0], created[1] or "")


class FormParser(HTMLParser):
    """Parser of the form of a page: its fields and its target."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes["action"] or ""
        if tag == "input":
            self.fields[attributes["name"] or ""] = attributes.get("value") or ""


def test_client_library_completes_the_flow(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    base = f"http://127.0.0.1:{app.service.port}"
    session = OAuth2Session(
        app.client_id, redirect_uri=REDIRECT_URI, scope=SCOPE.split(), pkce="S256"
    )
    authorization_url, state = session.authorization_url(base + AUTH_PATH)
    consent_response = session.get(
        authorization_url, headers={"Accept-Language": "ar"}, withhold_token=True
    )
    consent_form = FormParser(consent_response.text)
    decision_params = consent_form.fields | {
        "merchant": app.store.merchant_code,
        "key": app.key,
        "decision": "allow",
    }
    decision_response = session.post(
        base + consent_form.action, data=decision_params, allow_redirects=False, withhold_token=True
    )
    assert decision_response.status_code == 303
    credentials = {"client_secret": app.secret} if app.secret else {"include_client_id": True}
    token = session.fetch_token(
        base + TOKEN_PATH,
        authorization_response=decision_response.headers["Location"],
        state=state,
        **credentials,
    )
    assert (token["token_type"].lower(), token["expires_in"]) == ("bearer", 14 * 86_400)
    assert session.get(base + PRODUCTS_PATH).status_code == 200
    assert (
        session.get(base + USER_INFO_PATH).json()["data"]["merchant"]["username"]
        == app.store.merchant_code
    )
    both = {"client_id": app.client_id, "client_secret": app.secret}
    refreshed = session.refresh_token(base + TOKEN_PATH, **{k: v for k, v in both.items() if v})
    assert refreshed["access_token"] != token["access_token"]
    assert refreshed["refresh_token"] != token["refresh_token"]
    assert session.get(base + PRODUCTS_PATH).status_code == 200


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [("ar", "rtl", "يطلب تطبيق"), ("en", "ltr", "requests access")],
)
def test_consent_page(confidential_app: App, language: str, direction: str, words: str) -> None:
    response = confidential_app.show_consent(language)
    text = response.body.decode()
    assert response.status == 200
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert words in text
    assert "Photo &lt;app&gt;" in text
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!/oauth2/auth\?)', text)
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    other = re.search(r'href="([^"]+)"', text)
    assert other is not None
    switched = confidential_app.call(
        "GET", other[1].replace("&amp;", "&"), accept_language=language
    )
    assert f'lang="{"en" if language == "ar" else "ar"}"' in switched.body.decode()[:40]


def test_consent_page_can_be_filled_in_without_sight_or_mouse(confidential_app: App) -> None:
    first = confidential_app.show_consent().body.decode()
    host = f"127.0.0.1:{confidential_app.service.port}"
    assert f'Fatrina at <bdi dir="ltr">{host}</bdi>' in first
    assert first.count(" required") == 2
    assert first.count(" autofocus") == 1
    assert "aria-invalid=" not in first
    assert re.search(r"<button[^>]* formnovalidate>Decline", first)  # nothing to fill in first
    again = confidential_app.decide(key="wrong").body.decode()
    assert again.count('aria-invalid="true" aria-describedby="wrong') == 2
    assert re.search(r'<input id="key"[^>]* autofocus', again)  # the code is still there
    ids = {*re.findall(r' id="(\w+)"', again)}
    described = " ".join(re.findall(r'describedby="([^"]*)"', again)).split()
    assert {*described} == {"wrong", "hint"} <= ids


@pytest.mark.parametrize("scheme", [1, 2], ids=["light", "dark"])
def test_consent_page_has_visible_borders(scheme: int) -> None:
    """WCAG 2.2, 1.4.11: a contrast of 3:1."""
    style = page.error_page("en").partition("<style>")[2].partition("</style>")[0]
    pair = r"light-dark\((#\w+), (#\w+)\)"
    background = re.search(rf"main \{{[^}}]*background: {pair}", style)
    assert background
    for name in (r"--line: ", r"aria-invalid\] \{ border-color: ", r"allow\] [^}]*border-color: "):
        border = re.search(name + pair, style)
        assert border
        assert _contrast(border[scheme], background[scheme]) >= 3, name


def _contrast(*colours: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    low, high = sorted(map(_luminance, colours))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        each / 12.92 if each <= 0.04 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_consent_page_describes_every_scope_in_both_languages() -> None:
    known = {"products.read", "products.read_write", "offline_access"}
    assert [set(page._TEXTS[language].scopes) for language in ("ar", "en")] == [known, known]


def test_state_is_escaped_and_returned_unchanged(confidential_app: App) -> None:
    evil = '"><script>alert(1)</script>'
    consent_form = FormParser(confidential_app.show_consent(state=evil).body.decode())
    assert consent_form.fields["state"] == evil
    assert redirect_params(confidential_app.decide(state=evil))["state"] == evil


def test_merchant_denies_access(confidential_app: App) -> None:
    response = redirect_params(confidential_app.decide("deny", key="wrong"))
    assert (response["error"], response["state"]) == ("access_denied", "a & b")
    assert response["iss"]


@pytest.mark.parametrize("key", ["wrong", "x" * 1000])
def test_wrong_owner_key_is_rejected(confidential_app: App, key: str) -> None:
    response = confidential_app.decide(key=key)
    assert response.status == 403
    assert 'role="alert"' in response.body.decode()
    assert "location" not in response.headers


def test_owner_key_of_another_merchant_is_rejected(confidential_app: App) -> None:
    other = register_app(confidential_app.service)
    assert confidential_app.decide(key=other.key).status == 403


def test_new_owner_key_replaces_the_old_one(confidential_app: App) -> None:
    database = confidential_app.service.services.database
    assert oauth.rotate_owner_key(database, confidential_app.store.merchant_code, Millis(1))
    assert confidential_app.decide().status == 403


@pytest.mark.parametrize(
    "overrides",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": REDIRECT_URI + "/"},
        {"redirect_uri": REDIRECT_URI.upper()},
        {"redirect_uri": REDIRECT_URI + "?x=1"},
        {"redirect_uri": "http://localhost:9/cb"},
    ],
)
def test_unknown_app_or_redirect_uri_is_not_redirected(
    confidential_app: App, overrides: dict[str, str]
) -> None:
    for response in (
        confidential_app.show_consent(**overrides),
        confidential_app.decide(**overrides),
    ):
        assert response.status == 400
        assert "location" not in response.headers
        assert "registered" in confidential_app.show_consent(**overrides).body.decode()


def test_repeated_parameter_is_rejected(confidential_app: App) -> None:
    repeated = urlencode(confidential_app.authorization_params()) + "&scope=products.read"
    assert confidential_app.call("GET", f"{AUTH_PATH}?{repeated}").status == 400
    assert confidential_app.call("POST", AUTH_PATH, Body(repeated.encode(), FORM)).status == 400
    response = confidential_app.call("POST", TOKEN_PATH, Body(b"grant_type=x&grant_type=y", FORM))
    assert (response.status, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_errors_are_sent_to_the_app(
    confidential_app: App, overrides: dict[str, str], error: str
) -> None:
    for response in (
        confidential_app.show_consent(**overrides),
        confidential_app.decide(**overrides),
    ):
        assert redirect_params(response)["error"] == error


def test_public_client_requires_pkce(public_app: App) -> None:
    assert redirect_params(public_app.show_consent())["error"] == "invalid_request"
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert (
        public_app.exchange(public_app.authorization_code(**proof)).json["error"] == "invalid_grant"
    )
    code = public_app.authorization_code(**proof)
    assert public_app.exchange(code, code_verifier=VERIFIER + "x").json["error"] == "invalid_grant"
    assert public_app.exchange(code, code_verifier=VERIFIER).status == 200


def test_redirect_uri_is_optional_if_the_app_has_one(confidential_app: App) -> None:
    code = redirect_params(confidential_app.decide(redirect_uri=""))["code"]
    fields = {"grant_type": "authorization_code", "code": code}
    assert confidential_app.request_token(**fields).status == 200


def test_token_response(confidential_app: App) -> None:
    response = confidential_app.exchange(confidential_app.authorization_code())
    assert response.status == 200
    assert response.headers["cache-control"] == "no-store"
    assert {**response.json, "access_token": "a", "refresh_token": "r"} == {
        "access_token": "a",
        "token_type": "bearer",
        "expires_in": 1_209_600,
        "scope": SCOPE,
        "refresh_token": "r",
    }
    assert confidential_app.is_accepted(response.json["access_token"])


def test_no_refresh_token_without_offline_access(confidential_app: App) -> None:
    assert "refresh_token" not in confidential_app.issue_tokens(scope="products.read")


def test_client_authentication_with_http_basic(confidential_app: App) -> None:
    pair = base64.b64encode(
        f"{confidential_app.client_id}:{confidential_app.secret}".encode()
    ).decode()
    body = form(
        {
            "grant_type": "authorization_code",
            "code": confidential_app.authorization_code(),
            "redirect_uri": REDIRECT_URI,
        }
    )
    response = confidential_app.call("POST", TOKEN_PATH, body, authorization=f"Basic {pair}")
    assert response.status == 200


@pytest.mark.parametrize("pair", ["wrong:secret", "no colon", "é", "%"])
def test_invalid_http_basic_credentials(confidential_app: App, pair: str) -> None:
    encoded = base64.b64encode(pair.encode()).decode()
    response = confidential_app.call("POST", TOKEN_PATH, form({}), authorization=f"Basic {encoded}")
    assert (response.status, response.json["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant"),
    ],
)
def test_token_errors_have_no_envelope(
    confidential_app: App, fields: dict[str, str], error: str
) -> None:
    response = confidential_app.request_token(**fields)
    assert response.status == 400
    assert set(response.json) == {"error", "error_description"}
    assert response.json["error"] == error


DEEPLY_NESTED = b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"


@pytest.mark.parametrize("body", [b"\xff=\xff", b"{", b"a=1&" * 40, DEEPLY_NESTED])
def test_malformed_bodies(confidential_app: App, body: bytes) -> None:
    for kind in (FORM, "application/json"):
        response = confidential_app.call("POST", TOKEN_PATH, Body(body, kind))
        assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b'{"client_id": "\\ud800"}',
        b'{"client_id": "a", "client_secret": "\\ud800"}',
        b'{"client_id": "a", "client_id": "b"}',
        b'{"client_id": ["a"]}',
        b'[["client_id", "a"]]',
    ],
)
@pytest.mark.parametrize("path", [TOKEN_PATH, AUTH_PATH])
def test_malformed_json(confidential_app: App, path: str, body: bytes) -> None:
    response = confidential_app.call("POST", path, Body(body, "application/json"))
    assert response.status == 400
    assert path == AUTH_PATH or response.json["error"] == "invalid_request"


def test_large_body_is_rejected(confidential_app: App) -> None:
    response = confidential_app.call("POST", TOKEN_PATH, Body(b"a=" + b"x" * 20_000, FORM))
    check_error(response, 413, "payload_too_large")


def test_json_body_is_accepted(confidential_app: App) -> None:
    fields = {
        "grant_type": "authorization_code",
        "code": confidential_app.authorization_code(),
        "redirect_uri": REDIRECT_URI,
    }
    fields |= {"client_id": confidential_app.client_id, "client_secret": confidential_app.secret}
    body = client.encode_json({**fields, "code_verifier": None})
    assert confidential_app.call("POST", TOKEN_PATH, body).status == 200


def test_code_is_bound_to_its_app_and_redirect_uri(confidential_app: App) -> None:
    code, other = confidential_app.authorization_code(), register_app(confidential_app.service)
    assert other.exchange(code).json["error"] == "invalid_grant"
    elsewhere = confidential_app.request_token(
        grant_type="authorization_code", code=code, redirect_uri="https://elsewhere.example/"
    )
    assert elsewhere.json["error"] == "invalid_grant"
    assert confidential_app.exchange(code).status == 200


def test_reuse_of_a_code_revokes_its_tokens(confidential_app: App) -> None:
    code = confidential_app.authorization_code()
    issued = confidential_app.exchange(code).json
    assert confidential_app.is_accepted(issued["access_token"])
    assert confidential_app.exchange(code).json["error"] == "invalid_grant"
    assert not confidential_app.is_accepted(issued["access_token"])
    assert confidential_app.refresh(issued["refresh_token"]).json["error"] == "invalid_grant"


def test_reuse_of_a_refresh_token_revokes_all_tokens_of_the_grant(
    confidential_app: App,
) -> None:
    first = confidential_app.issue_tokens()
    second = confidential_app.refresh(first["refresh_token"]).json
    third = confidential_app.refresh(second["refresh_token"]).json
    assert confidential_app.is_accepted(third["access_token"])
    assert confidential_app.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    for each in (first, second, third):
        assert not confidential_app.is_accepted(each["access_token"])
    assert confidential_app.refresh(third["refresh_token"]).json["error"] == "invalid_grant"


def test_only_one_concurrent_refresh_succeeds(confidential_app: App) -> None:
    token = confidential_app.issue_tokens()["refresh_token"]
    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(lambda _: confidential_app.refresh(token), range(4)))
    assert sorted(response.status for response in responses) == [200, 400, 400, 400]
    (issued,) = (response.json for response in responses if response.status == 200)
    assert confidential_app.refresh(issued["refresh_token"]).json["error"] == "invalid_grant"


def test_refresh_can_reduce_but_not_extend_the_scope(confidential_app: App) -> None:
    token = confidential_app.issue_tokens(scope="products.read offline_access")["refresh_token"]
    wider = confidential_app.refresh(token, scope="products.read_write")
    assert wider.json["error"] == "invalid_scope"
    narrower = confidential_app.refresh(token, scope="products.read")
    assert (narrower.status, narrower.json["scope"]) == (200, "products.read")


def test_refresh_token_is_bound_to_its_app(confidential_app: App) -> None:
    token, other = (
        confidential_app.issue_tokens()["refresh_token"],
        register_app(confidential_app.service),
    )
    assert other.refresh(token).json["error"] == "invalid_grant"
    assert confidential_app.refresh(token).status == 200


def test_removed_app_loses_access(confidential_app: App) -> None:
    issued = confidential_app.issue_tokens()
    assert oauth.remove_app(
        confidential_app.service.services.database, confidential_app.client_id, Clock()()
    )
    assert not confidential_app.is_accepted(issued["access_token"])
    assert confidential_app.refresh(issued["refresh_token"]).json["error"] == "invalid_client"
    assert confidential_app.show_consent().status == 400


def test_codes_and_refresh_tokens_expire(confidential_app: App) -> None:
    services, now = confidential_app.service.services, Clock()()
    client_app = oauth.find_app(services, confidential_app.client_id)
    assert client_app is not None
    code, issued = confidential_app.authorization_code(), confidential_app.issue_tokens()
    late = {"code": code, "redirect": REDIRECT_URI, "verifier": ""}
    with pytest.raises(OAuthError):
        oauth.exchange(services, client_app, **late, now=Millis(now + CODE_LIFETIME_MS + 10_000))
    after = now + REFRESH_TOKEN_LIFETIME_MS + 10_000
    with pytest.raises(OAuthError):
        oauth.refresh(services, client_app, issued["refresh_token"], "", Millis(after))


def test_secrets_are_stored_hashed_only(confidential_app: App) -> None:
    issued, code = confidential_app.issue_tokens(), confidential_app.authorization_code()
    secrets = {
        confidential_app.secret,
        confidential_app.key,
        code,
        issued["access_token"],
        issued["refresh_token"],
    }
    with confidential_app.service.services.database.reading() as conn:
        for table in (authorization_codes, grants, refresh_tokens):
            for row in conn.execute(table.select()):
                assert not secrets & {str(value) for value in row}


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("offline_access", "offline_access products.read_write"),
        (None, "products.read_write"),
        ("products.read,offline_access", "products.read offline_access"),
        ("settings.read offline_access", "offline_access products.read_write"),
    ],
)
def test_requests_of_published_clients_are_granted(
    confidential_app: App, scope: str | None, granted: str
) -> None:
    given = {} if scope is None else {"scope": scope}
    params = {k: v for k, v in confidential_app.authorization_params().items() if k != "scope"}
    page = confidential_app.call("GET", f"{AUTH_PATH}?{urlencode({**params, **given})}")
    assert page.status == 200
    tokens = confidential_app.issue_tokens(scope=scope or "")
    assert tokens["scope"] == granted
    assert ("refresh_token" in tokens) == ("offline_access" in granted)


@pytest.mark.parametrize("path", [USER_INFO_PATH, "/admin/v2" + USER_INFO_PATH])
def test_user_info_describes_the_merchant_and_the_token(confidential_app: App, path: str) -> None:
    database, code = (
        confidential_app.service.services.database,
        confidential_app.store.merchant_code,
    )
    assert access.change_profile(database, code, {"name": "متجر", "email": "a@b.example"})
    token = confidential_app.issue_tokens(scope="products.read")["access_token"]
    info = confidential_app.call("GET", path, authorization=f"Bearer {token}").data
    assert (info["name"], info["email"]) == ("متجر", "a@b.example")
    assert (info["merchant"]["username"], info["merchant"]["name"]) == (code, "متجر")
    assert all(info[name] for name in ("id", "mobile", "role", "created_at"))
    assert all(info["merchant"][name] for name in ("avatar", "plan", "status", "domain"))
    context = info["context"]
    assert (context["app"], context["scope"]) == (confidential_app.client_id, "products.read")
    assert abs(context["exp"] - Clock()() / 1000 - ACCESS_TOKEN_LIFETIME_MS / 1000) < 600


def test_user_info_has_no_empty_value_for_a_new_merchant(store: Store) -> None:
    info = store.call("GET", USER_INFO_PATH).data
    merchant = info["merchant"]
    assert info["email"].endswith(".example")
    assert merchant["domain"].startswith("https://")
    assert merchant["name"] == store.merchant_code
    assert info["context"]["app"] == ""


def test_store_info_describes_the_store(store: Store) -> None:
    response = store.call("GET", "/admin/v2/store/info")
    assert response.status == 200
    assert response.data["id"] == store.call("GET", USER_INFO_PATH).data["merchant"]["id"]
    names = ("name", "email", "avatar", "plan", "type", "status", "domain", "currency")
    assert all(response.data[name] for name in names)


@pytest.mark.parametrize("token", ["", "fatrina_unknown"])
def test_user_info_rejects_unknown_tokens(confidential_app: App, token: str) -> None:
    response = confidential_app.call("GET", USER_INFO_PATH, authorization=f"Bearer {token}")
    check_error(response, 401, "invalid_token")


def test_server_metadata(confidential_app: App) -> None:
    metadata = confidential_app.call("GET", "/.well-known/oauth-authorization-server").json
    base = metadata["issuer"]
    assert metadata["token_endpoint"] == base + TOKEN_PATH
    assert redirect_params(confidential_app.decide())["iss"] == base
    assert parse_qs(urlsplit(metadata["authorization_endpoint"]).query) == {}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", TOKEN_PATH), ("DELETE", AUTH_PATH), ("POST", USER_INFO_PATH)]
)
def test_other_methods_are_rejected(confidential_app: App, method: str, path: str) -> None:
    check_error(confidential_app.call(method, path), 405, "method_not_allowed")
