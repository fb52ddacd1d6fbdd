"""The console's page, and sign-in by key and by link, over HTTP."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest
from typer.testing import CliRunner

from fatrina.actions import access, oauth, sessions
from fatrina.actions.clock import Clock
from fatrina.adapters.database import tokens
from fatrina.cli import cli
from fatrina.domain import session
from fatrina.domain.durations import HOUR
from fatrina.domain.types import Millis
from tests import client
from tests.client import Response
from tests.stores import PRODUCTS_PATH, UPDATE_PATH, ImageInProduct, Service, Store
from tests.web.error_responses import check_error

SESSION_PATH = "/console/session"
CONSOLE = {"fatrina_console": "1"}


class Browser:
    """A client that keeps the cookie of a session."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookie = ""

    def call(self, method: str, target: str, body: object = None, **headers: str) -> Response:
        encoded = None if body is None else client.encode_json(body)
        headers = {**CONSOLE, **headers}
        if self.cookie:
            headers["cookie"] = self.cookie
        return client.request(self.service.port, method, target, encoded, **headers)

    def sign_in(self, **fields: str) -> Response:
        response = self.call("POST", SESSION_PATH, fields)
        if response.status == 201:
            cookie = SimpleCookie(response.headers["set-cookie"])["fatrina_session"]
            assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
            self.cookie = f"fatrina_session={cookie.value}"
        return response


@pytest.fixture
def browser(store: Store) -> Browser:
    """A browser that is signed in to `store`."""
    result = Browser(store.service)
    assert result.sign_in(link=create_link(store)).status == 201
    return result


def create_link(store: Store) -> str:
    database = store.service.services.database
    secret = sessions.create_link(database, store.merchant_code, Clock()())
    assert secret is not None
    return secret


def create_key(store: Store) -> str:
    database = store.service.services.database
    key = oauth.rotate_owner_key(database, store.merchant_code, Clock()())
    assert key is not None
    return key


# The page


def test_page_loads_nothing_from_other_origins(service: Service) -> None:
    page = service.get("/console", accept_language="ar")
    policy = page.headers["content-security-policy"]
    assert (page.status, page.headers["cache-control"]) == (200, "no-cache")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= {*policy.split("; ")}
    assert "unsafe" not in policy
    html = page.body.decode()
    english = service.get("/console", accept_language="en")
    assert '<html lang="ar" dir="rtl">' in html
    assert '<html lang="en" dir="ltr">' in english.body.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(links) == 3
    for link in links:
        asset = client.request(service.port, "GET", f"/{link}", None)
        assert asset.status == 200
        assert ("immutable" in asset.headers["cache-control"]) is ("?v=" in link)
    assert (
        client.request(service.port, "GET", "/console/", None).headers["location"] == "../console"
    )
    assert client.request(service.port, "GET", "/console/x.js", None).status == 404


# Signing in


def test_owner_key_signs_in(store: Store) -> None:
    browser = Browser(store.service)
    response = browser.sign_in(merchant=store.merchant_code, key=create_key(store))
    assert response.data["merchant"] == store.merchant_code
    assert browser.call("GET", PRODUCTS_PATH).status == 200
    assert browser.call("GET", SESSION_PATH).data["merchant"] == store.merchant_code


def test_link_signs_in_once(store: Store) -> None:
    link = create_link(store)
    with ThreadPoolExecutor(4) as threads:
        responses = [
            *threads.map(lambda _: Browser(store.service).sign_in(link=link).status, range(4))
        ]
    assert sorted(responses) == [201, 403, 403, 403]
    check_error(Browser(store.service).sign_in(link=link), 403, "sign_in_link_invalid")


def test_link_expires(store: Store) -> None:
    database, now = store.service.services.database, Clock()()
    link = sessions.create_link(database, store.merchant_code, Millis(now - session.LINK_MS))
    check_error(Browser(store.service).sign_in(link=link or ""), 403, "sign_in_link_invalid")
    assert sessions.create_link(database, "none", now) is None


@pytest.mark.parametrize("key", ["wrong", "", "\0", "é" * 600])
def test_wrong_key(store: Store, key: str) -> None:
    create_key(store)
    response = Browser(store.service).sign_in(merchant=store.merchant_code, key=key)
    check_error(response, 403, "sign_in_failed")


def test_merchant_without_owner_key_cannot_sign_in(store: Store) -> None:
    response = Browser(store.service).sign_in(merchant=store.merchant_code, key="")
    check_error(response, 403, "sign_in_failed")


@pytest.mark.parametrize("body", ["[]", "{", '"x"', json.dumps({"key": {"a": 1}, "merchant": 7})])
def test_malformed_sign_in(service: Service, body: str) -> None:
    encoded = client.Body(body.encode(), "application/json")
    response = client.request(service.port, "POST", SESSION_PATH, encoded, **CONSOLE)
    assert response.status in {400, 403}
    assert "set-cookie" not in response.headers


def test_cookie_is_secure_behind_https(strict_service: Service) -> None:
    store = Store.create(strict_service)
    response = Browser(strict_service).sign_in(link=create_link(store))
    assert "; Secure" in response.headers["set-cookie"]


def test_links_and_sessions_are_no_bearer_tokens(browser: Browser, store: Store) -> None:
    secret = browser.cookie.partition("=")[2]
    for token in (secret, f"session:{secret}", create_link(store), f"link:{create_link(store)}"):
        bearer = {"authorization": f"Bearer {token}"}
        response = client.request(store.service.port, "GET", PRODUCTS_PATH, None, **bearer)
        check_error(response, 401, "invalid_token")


# Requests of other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"fatrina_console": "0"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"authorization": "Bearer wrong"},
    ],
)
def test_cookie_is_ignored_for_requests_of_other_sites(
    browser: Browser, headers: dict[str, str]
) -> None:
    check_error(browser.call("GET", PRODUCTS_PATH, **headers), 401, "invalid_token")
    if "authorization" not in headers:
        check_error(browser.call("DELETE", SESSION_PATH, **headers), 401, "invalid_token")
        signing_in = browser.call("POST", SESSION_PATH, {"link": "x"}, **headers)
        check_error(signing_in, 403, "sign_in_failed")
    assert browser.call("GET", PRODUCTS_PATH, sec_fetch_site="same-origin").status == 200


def test_session_sees_only_its_merchant(browser: Browser, service: Service) -> None:
    other = ImageInProduct.create(Store.create(service))
    target = UPDATE_PATH.format(other.data["id"])
    check_error(browser.call("DELETE", target), 404, "not_found")


def test_other_sites_get_no_permission_for_the_header(service: Service) -> None:
    response = client.request(
        service.port,
        "OPTIONS",
        PRODUCTS_PATH,
        None,
        origin="https://evil.test",
        access_control_request_method="GET",
        access_control_request_headers="fatrina-console",
    )
    assert "access-control-allow-headers" not in response.headers


# The end of a session


def test_sign_out_ends_the_session(browser: Browser) -> None:
    response = browser.call("DELETE", SESSION_PATH)
    assert "Max-Age=0" in response.headers["set-cookie"]
    check_error(browser.call("GET", PRODUCTS_PATH), 401, "invalid_token")
    check_error(browser.call("GET", SESSION_PATH), 401, "invalid_token")


def test_new_owner_key_ends_all_sessions(browser: Browser, store: Store) -> None:
    create_key(store)
    check_error(browser.call("GET", PRODUCTS_PATH), 401, "invalid_token")
    assert store.call("GET", PRODUCTS_PATH).status == 200  # tokens of programs stay valid


def test_session_is_listed_and_can_be_revoked(browser: Browser, store: Store) -> None:
    database = store.service.services.database
    rows = [
        each for each in access.list_tokens(database) if each.merchant_code == store.merchant_code
    ]
    hints = [each.hint for each in rows]
    assert hints[1:] == [session.LINK_HINT, session.SESSION_HINT]
    assert access.revoke_token(database, rows[-1].id, Clock()())
    check_error(browser.call("GET", PRODUCTS_PATH), 401, "invalid_token")


def test_use_extends_a_session_up_to_its_absolute_end() -> None:
    created, hour = Millis(1000), Millis(1000 + HOUR)
    assert session.extended_expiry(created, hour) == hour + session.IDLE_MS
    late = Millis(created + session.ABSOLUTE_MS - HOUR)
    assert session.extended_expiry(created, late) == created + session.ABSOLUTE_MS


def test_idle_session_ends(browser: Browser, store: Store) -> None:
    database = store.service.services.database
    row = [each for each in access.list_tokens(database) if each.hint == session.SESSION_HINT][-1]
    with database.writing() as tx:
        assert tokens.extend(tx, row.id, Millis(Clock()() - 1))
    check_error(browser.call("GET", SESSION_PATH), 401, "invalid_token")
    check_error(browser.call("GET", PRODUCTS_PATH), 401, "invalid_token")


def test_command_prints_a_link(store: Store) -> None:
    env = {"FATRINA_DATA": str(store.service.folder), "FATRINA_PUBLIC_URL": "https://cdn.test/x/"}
    result = CliRunner().invoke(cli, ["console", "--merchant", store.merchant_code], env=env)
    link = re.fullmatch(r"https://cdn\.test/x/console#link=(\w+)\n", result.stdout)
    assert link, result.output
    assert Browser(store.service).sign_in(link=link[1]).status == 201
    failed = CliRunner().invoke(cli, ["console", "--merchant", "nobody"], env=env)
    assert failed.exit_code == 1
    assert "There is no merchant" in failed.stderr
