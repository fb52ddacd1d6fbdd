"""Endpoints of the real API that Fatrina does not implement: errors, stubs, and their count."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import client
from tests.client import Response
from tests.stores import ADMIN_TOKEN, PREFIX, Service, Store, run_service
from tests.web.error_responses import check_error

STUBS = [
    {"method": "GET", "path": "/orders/{id}", "headers": {"X-Stub": "1"}, "body": {"data": "طلب"}},
    {"method": "PATCH", "path": "/products/{id}", "status": 202},
]


@pytest.fixture(scope="module")
def stubbed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("stubbed")
    stubs = folder / "stubs"
    stubs.mkdir()
    (stubs / "orders.json").write_text(json.dumps(STUBS))
    with run_service(folder / "data", admin_token=ADMIN_TOKEN, stubs=stubs) as service:
        yield service


def admin(service: Service, method: str, target: str) -> Response:
    return client.request(
        service.port, method, f"/_fatrina{target}", None, authorization=f"Bearer {ADMIN_TOKEN}"
    )


PATHS = ("/orders", "/customers/5", "/products/5/options", "/apps/7/settings", "/brands")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_that_is_not_emulated(store: Store, method: str, path: str) -> None:
    response = store.call(method, PREFIX + path)
    check_error(response, 501, "not_emulated")
    assert response.json["error"]["code"] == "not_emulated"
    assert f"{method} {PREFIX}{path}" in response.json["error"]["message"]


def test_it_is_decided_after_authentication(service: Service, stubbed_service: Service) -> None:
    for each in (service, stubbed_service):
        check_error(each.get(f"{PREFIX}/orders/7"), 401, "invalid_token")


def test_any_scope_suffices(service: Service) -> None:
    code = service.create_merchant()
    reader = Store(service, code, service.issue_token(code, "products.read"))
    check_error(reader.call("POST", f"{PREFIX}/orders"), 501, "not_emulated")


def test_a_stub_answers(stubbed_service: Service) -> None:
    store = Store.create(stubbed_service)
    response = store.call("GET", f"{PREFIX}/orders/7?page=2")
    assert (response.status, response.headers["x-stub"], response.data) == (200, "1", "طلب")
    assert store.call("HEAD", f"{PREFIX}/orders/7").body == b""
    patched = store.call("PATCH", f"{PREFIX}/products/7")
    assert (patched.status, patched.body) == (202, b"")
    check_error(store.call("GET", f"{PREFIX}/orders"), 501, "not_emulated")
    check_error(store.call("TRACE", f"{PREFIX}/products/7"), 405, "method_not_allowed")
    assert store.create_product()


def test_requests_that_are_not_emulated_are_counted(stubbed_service: Service) -> None:
    store = Store.create(stubbed_service)
    assert admin(stubbed_service, "DELETE", "/requests").status == 202
    for path in ("/orders/7", "/orders/8", "/customers/5", "/products", "/nothing//"):
        store.call("GET", PREFIX + path)
    store.call("POST", f"{PREFIX}/customers/6")
    counted: list[dict[str, Any]] = admin(stubbed_service, "GET", "/requests/not-emulated").data
    assert [{**each, "last_at": bool(each["last_at"])} for each in counted] == [
        {"method": method, "path": PREFIX + path, "count": count, "stub": stub, "last_at": True}
        for method, path, count, stub in (
            ("GET", "/orders/{id}", 2, 2),
            ("POST", "/customers/{id}", 1, 0),
            ("GET", "/customers/{id}", 1, 0),
        )
    ]
    found = admin(stubbed_service, "GET", "/requests?reason=not_emulated&method=get").data
    assert [each["path"] for each in found] == [f"{PREFIX}/customers/5"]
