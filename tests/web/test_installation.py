"""Apps that are installed without a browser: they receive their tokens by a signed webhook."""

import hmac
import json
from collections.abc import Iterator

import pytest

from fatrina.actions import oauth
from fatrina.actions.clock import Clock
from fatrina.adapters.database.delivery_log import list_recent
from tests.client import Response, encode_urlencoded, request
from tests.stores import ADMIN_TOKEN, PREFIX, Service, Store, run_service
from tests.waiting import wait_until
from tests.web.error_responses import check_error
from tests.webhook_receiver import WebhookReceiver, run_receiver

SECRET = "the secret of the webhook"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(
        *(tmp_path_factory.mktemp("installation"),),
        admin_token=ADMIN_TOKEN,
        download_allow="127.0.0.1",
        webhook_pause=0.2,
    ) as service:
        yield service


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with run_receiver() as receiver:
        yield receiver


def create_app(service: Service, receiver: WebhookReceiver | None) -> str:
    webhook = (f"{receiver.url}/app", SECRET) if receiver else None
    client_id, secret = oauth.create_app(
        *(service.services.database, "محرّر الصور", ["https://app.example/"]),
        public=False,
        webhook=webhook,
        now=Clock()(),
    )
    assert secret
    return f"{client_id}:{secret}"


def call(service: Service, app: str, action: str, merchant_code: str) -> Response:
    client_id = app.partition(":")[0]
    path = f"/_fatrina/apps/{client_id}/{action}?merchant={merchant_code}"
    return request(service.port, "POST", path, None, authorization=f"Bearer {ADMIN_TOKEN}")


def refresh(service: Service, app: str, token: str) -> Response:
    client_id, _, secret = app.partition(":")
    body = encode_urlencoded(
        grant_type="refresh_token", refresh_token=token, client_id=client_id, client_secret=secret
    )
    return request(service.port, "POST", "/oauth2/token", body)


def test_installed_app_receives_tokens_that_work(
    service: Service, receiver: WebhookReceiver
) -> None:
    store, app = Store.create(service), create_app(service, receiver)
    assert call(service, app, "install", store.merchant_code).status == 201
    wait_until(lambda: len(receiver.received) == 2)
    installed, authorized = (json.loads(each.body) for each in receiver.received)
    assert (installed["event"], authorized["event"]) == ("app.installed", "app.store.authorize")
    assert "access_token" not in installed["data"]
    for each in receiver.received:
        assert each.headers["x-salla-security-strategy"] == "Signature"
        assert (
            each.headers["x-salla-signature"]
            == hmac.new(SECRET.encode(), each.body, "sha256").hexdigest()
        )
    data = authorized["data"]
    assert set(data) == {
        *("id", "app_name", "app_description", "app_type", "app_scopes", "installation_date"),
        *("access_token", "expires", "refresh_token", "scope", "token_type"),
    }
    assert data["app_name"] == "محرّر الصور"
    granted = Store(service, store.merchant_code, data["access_token"])
    assert granted.call("GET", PREFIX + "/products").status == 200
    refreshed = refresh(service, app, data["refresh_token"])
    assert refreshed.status == 200
    assert store.call("GET", PREFIX + "/webhooks").data == []  # those of apps are not listed


def test_tokens_are_not_stored_after_the_delivery(
    service: Service, receiver: WebhookReceiver
) -> None:
    store, app = Store.create(service), create_app(service, receiver)
    call(service, app, "install", store.merchant_code)
    wait_until(lambda: len(receiver.received) == 2)
    token = json.loads(receiver.received[1].body)["data"]["access_token"]
    database = service.services.database

    def stored() -> bytes:
        with database.reading() as conn:
            rows = conn.exec_driver_sql("SELECT body FROM deliveries").scalars()
            return "".join(rows).encode()

    wait_until(lambda: token.encode() not in stored())
    assert b'"access_token":"********"' in stored()
    with database.reading() as conn:
        newest, oldest = list_recent(conn, merchant_code=store.merchant_code)
    for row, status in ((oldest, 202), (newest, 404)):
        path = f"/_fatrina/deliveries/{row.id}/redeliver"
        response = request(service.port, "POST", path, None, authorization=f"Bearer {ADMIN_TOKEN}")
        assert response.status == status


def test_installing_again_replaces_the_tokens(service: Service, receiver: WebhookReceiver) -> None:
    store, app = Store.create(service), create_app(service, receiver)
    for _ in range(2):
        call(service, app, "install", store.merchant_code)
    wait_until(lambda: len(receiver.received) == 4)
    events = [json.loads(each.body) for each in receiver.received]
    assert [each["event"] for each in events] == ["app.installed", "app.store.authorize"] * 2
    statuses = [
        Store(service, store.merchant_code, events[index]["data"]["access_token"])
        .call("GET", PREFIX + "/products")
        .status
        for index in (1, 3)
    ]
    assert statuses == [401, 200]


def test_uninstalling_revokes_the_tokens(service: Service, receiver: WebhookReceiver) -> None:
    store, app = Store.create(service), create_app(service, receiver)
    check_error(call(service, app, "uninstall", store.merchant_code), 404, "not_found")
    call(service, app, "install", store.merchant_code)
    wait_until(lambda: len(receiver.received) == 2)
    data = json.loads(receiver.received[1].body)["data"]
    assert call(service, app, "uninstall", store.merchant_code).status == 202
    wait_until(lambda: len(receiver.received) == 3)
    uninstalled = json.loads(receiver.received[2].body)
    assert uninstalled["event"] == "app.uninstalled"
    assert "uninstallation_date" in uninstalled["data"]
    granted = Store(service, store.merchant_code, data["access_token"])
    check_error(granted.call("GET", PREFIX + "/products"), 401, "invalid_token")
    assert refresh(service, app, data["refresh_token"]).status == 400


def test_unknown_installations_are_rejected(service: Service, receiver: WebhookReceiver) -> None:
    store, app = Store.create(service), create_app(service, receiver)
    check_error(call(service, app, "install", "none1"), 404, "not_found")
    check_error(call(service, "unknown", "install", store.merchant_code), 404, "not_found")
    check_error(call(service, app, "install", ""), 422, "required")
    without = create_app(service, None)
    check_error(call(service, without, "install", store.merchant_code), 422, "required")
    assert receiver.received == []
