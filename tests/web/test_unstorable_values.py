"""Values that a strict database cannot store never reach it: NUL and ids out of range."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event

from fatrina.actions import oauth
from fatrina.actions.clock import Clock
from tests import client
from tests.client import Body, Response
from tests.stores import ADMIN_TOKEN, PRODUCTS_PATH, SKU_PATH, VIDEO_PATH, Service, Store
from tests.web.error_responses import check_error

FORM = "application/x-www-form-urlencoded"
BACK = "http://127.0.0.1:9/cb"
NULS = ["%00", "A%00", "%00A", "a%00b", "%C3%A9%00"]


@contextmanager
def reject_unstorable_parameters(service: Service) -> Iterator[None]:
    """Fail if a statement has a parameter that PostgreSQL or SQLite rejects."""
    seen: list[object] = []

    def note(_c: object, _u: object, _s: object, parameters: Any, *_: object) -> None:
        rows = parameters if isinstance(parameters, list) else [parameters]
        seen.extend(value for row in rows for value in row)

    engines = service.services.database.engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    assert seen
    assert not [value for value in seen if isinstance(value, str) and "\0" in value]
    assert not [value for value in seen if isinstance(value, int) and abs(value) >= 2**63]


@pytest.mark.parametrize("nul", NULS)
def test_sku_in_the_path(store: Store, nul: str) -> None:
    store.create_product(sku="A")
    with reject_unstorable_parameters(store.service):
        path = SKU_PATH.format(nul)
        check_error(store.call("GET", path), 404, "not_found")
        for below in ("images", "video"):
            assert store.call("POST", f"{path}/{below}").status in {404, 405}


@pytest.mark.parametrize("control", ["%01", "%1F", "%7F", "%C2%85"])
def test_sku_with_a_control_character_is_unknown(store: Store, control: str) -> None:
    with reject_unstorable_parameters(store.service):
        check_error(store.call("GET", SKU_PATH.format(f"A{control}")), 404, "not_found")


def test_sku_of_any_script_is_found(store: Store) -> None:
    created = store.create_product(sku="قميص é")
    found = store.call("GET", SKU_PATH.format("%D9%82%D9%85%D9%8A%D8%B5%20%C3%A9"))
    assert found.json["data"]["id"] == created


@pytest.mark.parametrize("nul", NULS)
def test_keyword_with_nul(store: Store, nul: str) -> None:
    with reject_unstorable_parameters(store.service):
        check_error(store.call("GET", f"{PRODUCTS_PATH}?keyword={nul}"), 422, "control_character")


BODIES: dict[str, tuple[str, str, dict[str, object]]] = {
    "name": ("POST", PRODUCTS_PATH, {"name": "a\0b"}),
    "sku": ("POST", PRODUCTS_PATH, {"name": "a", "sku": "a\0b"}),
    "alt of a video": (
        "POST",
        VIDEO_PATH,
        {"video_url": "https://youtu.be/dQw4w9WgXcQ", "alt": "\0"},
    ),
    "link of a video": ("POST", VIDEO_PATH, {"video_url": "https://youtu.be/dQw4w9WgXcQ\0"}),
    "link of a receiver": (
        "POST",
        "/admin/v2/webhooks/subscribe",
        {"name": "n", "event": "product.updated", "url": "https://shop.test/\0"},
    ),
    "secret of a receiver": (
        "POST",
        "/admin/v2/webhooks/subscribe",
        {"name": "n", "event": "product.updated", "url": "https://shop.test/", "secret": "a\0"},
    ),
    "header of a receiver": (
        "POST",
        "/admin/v2/webhooks/subscribe",
        {
            "name": "n",
            "event": "product.updated",
            "url": "https://shop.test/",
            "headers": [{"key": "x", "value": "\0"}],
        },
    ),
}


@pytest.mark.parametrize("endpoint", BODIES)
def test_body_with_nul(store: Store, endpoint: str) -> None:
    method, path, fields = BODIES[endpoint]
    body = Body(json.dumps(fields).encode(), "application/json")
    product = store.create_product()
    with reject_unstorable_parameters(store.service):
        response = store.call(method, path.format(product), body)
    assert response.status == 422, response


@pytest.fixture
def client_id(service: Service) -> str:
    created, _ = oauth.create_app(
        service.services.database, "App", [BACK], public=False, now=Clock()()
    )
    return created


def call(service: Service, method: str, target: str, **given: Any) -> Response:
    body = given.pop("body", None)
    return client.request(service.port, method, target, body, **given)


def authorization_params(client_id: str, **more: str) -> dict[str, str]:
    params = {"response_type": "code", "client_id": client_id, "redirect_uri": BACK}
    return params | {"scope": "products.read", "decision": "allow"} | more


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "lang", "other"])
def test_consent_page_parameter(service: Service, client_id: str, name: str) -> None:
    query = urlencode(authorization_params(client_id) | {name: "products.read\0"})
    with reject_unstorable_parameters(service):
        call(service, "GET", "/admin/v2/products", authorization="Bearer none")
        assert call(service, "GET", f"/oauth2/auth?{query}").status == 400


@pytest.mark.parametrize("name", ["client_id", "merchant", "key", "state", "scope"])
@pytest.mark.parametrize("content_type", [FORM, "application/json"])
def test_consent_decision(service: Service, client_id: str, name: str, content_type: str) -> None:
    params = authorization_params(client_id, merchant=service.create_merchant(), key="k") | {
        name: "a\0"
    }
    text = urlencode(params) if content_type == FORM else json.dumps(params)
    with reject_unstorable_parameters(service):
        call(service, "GET", "/admin/v2/products", authorization="Bearer none")
        response = call(service, "POST", "/oauth2/auth", body=Body(text.encode(), content_type))
    assert response.status == 400, response


@pytest.mark.parametrize("name", ["client_id", "code", "refresh_token", "scope"])
def test_token_request(service: Service, client_id: str, name: str) -> None:
    params = {"grant_type": "refresh_token", "client_id": client_id, "client_secret": "x"}
    body = Body(urlencode(params | {name: "a\0"}).encode(), FORM)
    with reject_unstorable_parameters(service):
        call(service, "GET", "/admin/v2/products", authorization="Bearer none")
        response = call(service, "POST", "/oauth2/token", body=body)
    assert (response.status, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("pair", [b"a\0:b", b"a%00:b", b"%00:"])
def test_client_id_in_the_header(service: Service, pair: bytes) -> None:
    header = "Basic " + base64.b64encode(pair).decode()
    body = Body(b"grant_type=refresh_token&refresh_token=x", FORM)
    with reject_unstorable_parameters(service):
        call(service, "GET", "/admin/v2/products", authorization="Bearer none")
        response = call(service, "POST", "/oauth2/token", body=body, authorization=header)
    assert (response.status, response.json["error"]) == (401, "invalid_client")


def test_merchant_filter_of_deliveries(service: Service) -> None:
    allowed = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    with reject_unstorable_parameters(service):
        assert call(service, "GET", "/_fatrina/deliveries?merchant=none", **allowed).status == 200
        response = call(service, "GET", "/_fatrina/deliveries?merchant=a%00", **allowed)
    check_error(response, 422, "control_character")


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, 2**63, 10**18, 10**40])
def test_ids_out_of_range(store: Store, number: int) -> None:
    allowed = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    with reject_unstorable_parameters(store.service):
        for method, path in (
            ("GET", f"{PRODUCTS_PATH}/{number}"),
            ("PUT", f"{PRODUCTS_PATH}/{number}"),
            ("DELETE", f"{PRODUCTS_PATH}/{number}"),
            ("POST", f"{PRODUCTS_PATH}/{number}/images"),
            ("POST", f"{PRODUCTS_PATH}/images/{number}"),
            ("DELETE", f"{PRODUCTS_PATH}/images/{number}"),
            ("PUT", f"/admin/v2/webhooks/{number}"),
        ):
            check_error(store.call(method, path), 404, "not_found")
        again = f"/_fatrina/deliveries/{number}/redeliver"
        check_error(call(store.service, "POST", again, **allowed), 404, "not_found")
