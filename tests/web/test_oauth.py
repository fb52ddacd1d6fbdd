"""OAuth 2.0 over a real socket, driven by a client library and by hand."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from requests_oauthlib import OAuth2Session

from fatrina.actions import oauth
from fatrina.actions.clock import Clock
from fatrina.adapters.database.schema import authorization_codes, grants, refresh_tokens
from fatrina.domain.oauth import CODE_LIFETIME, REFRESH_LIFETIME, OAuthError
from fatrina.web.oauth import page
from tests import client
from tests.client import Body, Response
from tests.domain.test_oauth import CHALLENGE, VERIFIER
from tests.stores import PRODUCTS_PATH, Service, Store
from tests.web.error_responses import check_error

AUTH, TOKEN, WHO = "/oauth2/auth", "/oauth2/token", "/oauth2/user/info"
BACK = "http://127.0.0.1:9/cb"
SCOPE = "products.read_write offline_access"
FORM = "application/x-www-form-urlencoded"


class App(NamedTuple):
    """A registered app, and a shop whose owner's key is known."""

    service: Service
    store: Store
    key: str
    client_id: str
    secret: str

    def asks(self, **more: str) -> dict[str, str]:
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": BACK}
        asked |= {"scope": SCOPE, "state": "a & b", **more}
        return {name: value for name, value in asked.items() if value}

    def ask(self, language: str = "en", **more: str) -> Response:
        target = f"{AUTH}?{urlencode(self.asks(**more))}"
        return self.call("GET", target, accept_language=language)

    def decide(self, decision: str = "allow", key: str = "", **more: str) -> Response:
        decided = {
            "merchant": self.store.merchant_code,
            "key": key or self.key,
            "decision": decision,
        }
        return self.call("POST", AUTH, form(self.asks(**more) | decided))

    def code(self, **more: str) -> str:
        return told(self.decide(**more))["code"]

    def tokens(self, **more: str) -> Any:
        return self.exchange(self.code(**more)).json

    def exchange(self, code: str, **more: str) -> Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=BACK, **more)

    def refresh(self, token: str, **more: str) -> Response:
        return self.token(grant_type="refresh_token", refresh_token=token, **more)

    def token(self, **given: str) -> Response:
        proof = {"client_id": self.client_id, "client_secret": self.secret}
        asked = {name: value for name, value in (proof | given).items() if value}
        return self.call("POST", TOKEN, form(asked))

    def works(self, token: str) -> bool:
        return (
            Store(self.service, self.store.merchant_code, token).call("GET", PRODUCTS_PATH).status
            == 200
        )

    def call(self, method: str, target: str, body: Body | None = None, **headers: str) -> Response:
        return client.request(self.service.port, method, target, body, **headers)


def form(fields: dict[str, str]) -> Body:
    return Body(urlencode(fields).encode(), FORM)


def told(answer: Response) -> dict[str, str]:
    """What a redirection tells."""
    assert answer.status == 303, answer
    where = answer.headers["location"]
    assert where.startswith(BACK + "?")
    return dict(parse_qsl(urlsplit(where).query))


@pytest.fixture(params=[False, True], ids=["confidential", "public"])
def app(service: Service, request: pytest.FixtureRequest) -> App:
    return registered(service, public=request.param)


@pytest.fixture
def own(service: Service) -> App:
    return registered(service)


@pytest.fixture
def public(service: Service) -> App:
    return registered(service, public=True)


def registered(service: Service, *, public: bool = False) -> App:
    database, store = service.services.database, Store.create(service)
    made = oauth.create_app(database, "Photo <app>", [BACK], public=public, now=Clock()())
    key = oauth.rotate_owner_key(database, store.merchant_code)
    assert key is not None
    return App(service, store, key, made[0], made[1] or "")


class Fields(HTMLParser):
    """The fields and the target of a page's form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"] or ""
        if tag == "input":
            self.fields[given["name"] or ""] = given.get("value") or ""


def test_a_client_library_goes_all_the_way(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    base = f"http://127.0.0.1:{app.service.port}"
    session = OAuth2Session(app.client_id, redirect_uri=BACK, scope=SCOPE.split(), pkce="S256")
    where, state = session.authorization_url(base + AUTH)
    shown = session.get(where, headers={"Accept-Language": "ar"}, withhold_token=True)
    page_of = Fields(shown.text)
    decided = page_of.fields | {
        "merchant": app.store.merchant_code,
        "key": app.key,
        "decision": "allow",
    }
    sent = session.post(
        base + page_of.action, data=decided, allow_redirects=False, withhold_token=True
    )
    assert sent.status_code == 303
    given = {"client_secret": app.secret} if app.secret else {"include_client_id": True}
    token = session.fetch_token(
        base + TOKEN, authorization_response=sent.headers["Location"], state=state, **given
    )
    assert (token["token_type"].lower(), token["expires_in"]) == ("bearer", 14 * 86_400)
    assert session.get(base + PRODUCTS_PATH).status_code == 200
    assert session.get(base + WHO).json()["data"]["merchant"]["username"] == app.store.merchant_code
    proof = {"client_id": app.client_id, "client_secret": app.secret}
    fresh = session.refresh_token(base + TOKEN, **{k: v for k, v in proof.items() if v})
    assert fresh["access_token"] != token["access_token"]
    assert fresh["refresh_token"] != token["refresh_token"]
    assert session.get(base + PRODUCTS_PATH).status_code == 200


@pytest.mark.parametrize(
    ("language", "direction", "words"), [("ar", "rtl", "يطلب تطبيق"), ("en", "ltr", "asks for")]
)
def test_the_page(own: App, language: str, direction: str, words: str) -> None:
    answer = own.ask(language)
    text = answer.body.decode()
    assert answer.status == 200
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert words in text
    assert "Photo &lt;app&gt;" in text
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!/oauth2/auth\?)', text)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    other = re.search(r'href="([^"]+)"', text)
    assert other is not None
    switched = own.call("GET", other[1].replace("&amp;", "&"), accept_language=language)
    assert f'lang="{"en" if language == "ar" else "ar"}"' in switched.body.decode()[:40]


def test_the_page_names_every_scope_in_both_languages() -> None:
    known = {"products.read", "products.read_write", "offline_access"}
    assert [set(page._TEXTS[language].scopes) for language in ("ar", "en")] == [known, known]


def test_what_was_given_is_given_back_unharmed(own: App) -> None:
    evil = '"><script>alert(1)</script>'
    shown = Fields(own.ask(state=evil).body.decode())
    assert shown.fields["state"] == evil
    assert told(own.decide(state=evil))["state"] == evil


def test_a_merchant_may_decline(own: App) -> None:
    answer = told(own.decide("deny", key="wrong"))
    assert (answer["error"], answer["state"]) == ("access_denied", "a & b")
    assert answer["iss"]


@pytest.mark.parametrize("key", ["wrong", "x" * 1000])
def test_a_wrong_key_lets_nobody_in(own: App, key: str) -> None:
    answer = own.decide(key=key)
    assert answer.status == 403
    assert 'role="alert"' in answer.body.decode()
    assert "location" not in answer.headers


def test_another_shops_key_lets_nobody_in(own: App) -> None:
    other = registered(own.service)
    assert own.decide(key=other.key).status == 403


def test_a_new_key_replaces_the_old(own: App) -> None:
    assert oauth.rotate_owner_key(own.service.services.database, own.store.merchant_code)
    assert own.decide().status == 403


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK.upper()},
        {"redirect_uri": BACK + "?x=1"},
        {"redirect_uri": "http://localhost:9/cb"},
    ],
)
def test_who_is_not_known_is_sent_nowhere(own: App, more: dict[str, str]) -> None:
    for answer in (own.ask(**more), own.decide(**more)):
        assert answer.status == 400
        assert "location" not in answer.headers
        assert "registered" in own.ask(**more).body.decode()


def test_a_parameter_that_comes_twice(own: App) -> None:
    twice = urlencode(own.asks()) + "&scope=products.read"
    assert own.call("GET", f"{AUTH}?{twice}").status == 400
    assert own.call("POST", AUTH, Body(twice.encode(), FORM)).status == 400
    answer = own.call("POST", TOKEN, Body(b"grant_type=x&grant_type=y", FORM))
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"scope": "orders.read"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_the_app_is_told_what_is_wrong(own: App, more: dict[str, str], error: str) -> None:
    for answer in (own.ask(**more), own.decide(**more)):
        assert told(answer)["error"] == error


def test_a_public_client_must_prove_itself(public: App) -> None:
    assert told(public.ask())["error"] == "invalid_request"
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert public.exchange(public.code(**proof)).json["error"] == "invalid_grant"
    code = public.code(**proof)
    assert public.exchange(code, code_verifier=VERIFIER + "x").json["error"] == "invalid_grant"
    assert public.exchange(code, code_verifier=VERIFIER).status == 200


def test_the_only_address_need_not_be_named(own: App) -> None:
    code = told(own.decide(redirect_uri=""))["code"]
    given = {"grant_type": "authorization_code", "code": code}
    assert own.token(**given).status == 200


def test_tokens(own: App) -> None:
    answer = own.exchange(own.code())
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert {**answer.json, "access_token": "a", "refresh_token": "r"} == {
        "access_token": "a",
        "token_type": "bearer",
        "expires_in": 1_209_600,
        "scope": SCOPE,
        "refresh_token": "r",
    }
    assert own.works(answer.json["access_token"])


def test_without_offline_access_there_is_no_refresh_token(own: App) -> None:
    assert "refresh_token" not in own.tokens(scope="products.read")


def test_basic_proves_a_client(own: App) -> None:
    pair = base64.b64encode(f"{own.client_id}:{own.secret}".encode()).decode()
    body = form({"grant_type": "authorization_code", "code": own.code(), "redirect_uri": BACK})
    answer = own.call("POST", TOKEN, body, authorization=f"Basic {pair}")
    assert answer.status == 200


@pytest.mark.parametrize("pair", ["wrong:secret", "no colon", "é", "%"])
def test_basic_that_proves_nothing(own: App, pair: str) -> None:
    encoded = base64.b64encode(pair.encode()).decode()
    answer = own.call("POST", TOKEN, form({}), authorization=f"Basic {encoded}")
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("given", "error"),
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
def test_refusals_are_bare(own: App, given: dict[str, str], error: str) -> None:
    answer = own.token(**given)
    assert answer.status == 400
    assert set(answer.json) == {"error", "error_description"}
    assert answer.json["error"] == error


DEEP = b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"


@pytest.mark.parametrize("body", [b"\xff=\xff", b"{", b"a=1&" * 40, DEEP])
def test_bodies_that_cannot_be_read(own: App, body: bytes) -> None:
    for kind in (FORM, "application/json"):
        answer = own.call("POST", TOKEN, Body(body, kind))
        assert answer.json["error"] == "invalid_request"


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
@pytest.mark.parametrize("path", [TOKEN, AUTH])
def test_json_that_cannot_be_read(own: App, path: str, body: bytes) -> None:
    answer = own.call("POST", path, Body(body, "application/json"))
    assert answer.status == 400
    assert path == AUTH or answer.json["error"] == "invalid_request"


def test_a_large_body_is_not_taken(own: App) -> None:
    answer = own.call("POST", TOKEN, Body(b"a=" + b"x" * 20_000, FORM))
    check_error(answer, 413, "payload_too_large")


def test_json_is_taken_as_well(own: App) -> None:
    given = {"grant_type": "authorization_code", "code": own.code(), "redirect_uri": BACK}
    given |= {"client_id": own.client_id, "client_secret": own.secret}
    sent = client.encode_json({**given, "code_verifier": None})
    assert own.call("POST", TOKEN, sent).status == 200


def test_a_code_is_for_one_app_and_one_address(own: App) -> None:
    code, other = own.code(), registered(own.service)
    assert other.exchange(code).json["error"] == "invalid_grant"
    elsewhere = own.token(
        grant_type="authorization_code", code=code, redirect_uri="https://elsewhere.example/"
    )
    assert elsewhere.json["error"] == "invalid_grant"
    assert own.exchange(code).status == 200


def test_a_code_that_comes_twice_was_stolen(own: App) -> None:
    code = own.code()
    given = own.exchange(code).json
    assert own.works(given["access_token"])
    assert own.exchange(code).json["error"] == "invalid_grant"
    assert not own.works(given["access_token"])
    assert own.refresh(given["refresh_token"]).json["error"] == "invalid_grant"


def test_a_refresh_token_is_spent(own: App) -> None:
    first = own.tokens()
    second = own.refresh(first["refresh_token"]).json
    third = own.refresh(second["refresh_token"]).json
    assert own.works(third["access_token"])
    assert own.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    for each in (first, second, third):
        assert not own.works(each["access_token"])
    assert own.refresh(third["refresh_token"]).json["error"] == "invalid_grant"


def test_of_two_refreshes_at_once_one_is_refused(own: App) -> None:
    token = own.tokens()["refresh_token"]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: own.refresh(token), range(4)))
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    (given,) = (answer.json for answer in answers if answer.status == 200)
    assert own.refresh(given["refresh_token"]).json["error"] == "invalid_grant"


def test_a_refresh_may_ask_for_less_and_not_for_more(own: App) -> None:
    token = own.tokens(scope="products.read offline_access")["refresh_token"]
    more = own.refresh(token, scope="products.read_write")
    assert more.json["error"] == "invalid_scope"
    less = own.refresh(token, scope="products.read")
    assert (less.status, less.json["scope"]) == (200, "products.read")


def test_another_app_cannot_spend_it(own: App) -> None:
    token, other = own.tokens()["refresh_token"], registered(own.service)
    assert other.refresh(token).json["error"] == "invalid_grant"
    assert own.refresh(token).status == 200


def test_a_removed_app_is_out(own: App) -> None:
    given = own.tokens()
    assert oauth.remove_app(own.service.services.database, own.client_id, Clock()())
    assert not own.works(given["access_token"])
    assert own.refresh(given["refresh_token"]).json["error"] == "invalid_client"
    assert own.ask().status == 400


def test_everything_ends(own: App) -> None:
    services, now = own.service.services, Clock()()
    client_app = oauth.find_app(services, own.client_id)
    assert client_app is not None
    code, given = own.code(), own.tokens()
    late = {"code": code, "redirect": BACK, "verifier": ""}
    with pytest.raises(OAuthError):
        oauth.exchange(services, client_app, **late, now=now + CODE_LIFETIME + 10_000)
    after = now + REFRESH_LIFETIME + 10_000
    with pytest.raises(OAuthError):
        oauth.refresh(services, client_app, given["refresh_token"], "", after)


def test_no_secret_is_kept_as_it_is(own: App) -> None:
    given, code = own.tokens(), own.code()
    secrets = {own.secret, own.key, code, given["access_token"], given["refresh_token"]}
    with own.service.services.database.reading() as conn:
        for table in (authorization_codes, grants, refresh_tokens):
            for row in conn.execute(table.select()):
                assert not secrets & {str(value) for value in row}


@pytest.mark.parametrize("token", ["", "fatrina_unknown"])
def test_nobody_is_behind_an_unknown_token(own: App, token: str) -> None:
    answer = own.call("GET", WHO, authorization=f"Bearer {token}")
    check_error(answer, 401, "invalid_token")


def test_the_metadata(own: App) -> None:
    told_of = own.call("GET", "/.well-known/oauth-authorization-server").json
    base = told_of["issuer"]
    assert told_of["token_endpoint"] == base + TOKEN
    assert told(own.decide())["iss"] == base
    assert parse_qs(urlsplit(told_of["authorization_endpoint"]).query) == {}


@pytest.mark.parametrize(("method", "path"), [("GET", TOKEN), ("DELETE", AUTH), ("POST", WHO)])
def test_other_methods(own: App, method: str, path: str) -> None:
    check_error(own.call(method, path), 405, "method_not_allowed")
