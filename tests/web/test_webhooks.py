"""Webhooks over real sockets: subscriptions, deliveries and retries."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions.webhooks import subscriptions
from fatrina.domain.types import Millis
from tests import sample_photos
from tests.client import Response, encode_json
from tests.domain.test_webhook import hmac_sha256
from tests.stores import (
    ADMIN_TOKEN,
    PREFIX,
    PRODUCT_PATH,
    VIDEO_URL,
    ImageInProduct,
    Service,
    Store,
    run_service,
)
from tests.waiting import wait_until
from tests.web.error_responses import check_error
from tests.webhook_receiver import WebhookReceiver, run_receiver

WEBHOOKS = PREFIX + "/webhooks"
SUBSCRIBE = WEBHOOKS + "/subscribe"
UNSUBSCRIBE = WEBHOOKS + "/unsubscribe"
IMAGES, PRODUCTS = "product.image.updated", "product.updated"
PAUSE = 0.3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with short retry delays that may send to 127.0.0.1."""
    folder = tmp_path_factory.mktemp("service")
    with run_service(
        *(folder,),
        download_allow="127.0.0.1",
        admin_token=ADMIN_TOKEN,
        webhook_pause=PAUSE,
        webhook_seconds=1.0,
    ) as service:
        yield service


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with run_receiver() as receiver:
        yield receiver


def subscribe(store: Store, url: str, event: str = IMAGES, **more: object) -> Any:
    subscription_body = {"name": "mine", "event": event, "url": url, "secret": "s3cret", **more}
    response = store.call("POST", SUBSCRIBE, encode_json(subscription_body))
    assert response.status == 200, response
    return response.data


def admin(store: Store, method: str, target: str) -> Response:
    return store.call(method, target, authorization=f"Bearer {ADMIN_TOKEN}")


def deliveries(store: Store) -> list[Any]:
    response = admin(store, "GET", f"/_fatrina/deliveries?merchant={store.merchant_code}")
    return list(response.data or ())


def is_finished(store: Store) -> bool:
    return all(each["due_at"] is None for each in deliveries(store))


# Subscriptions


def test_subscription(store: Store) -> None:
    made = subscribe(store, "https://far.example/hook", headers=[{"key": "X-Shop", "value": "a"}])
    expected = {
        "id": made["id"],
        "name": "mine",
        "event": IMAGES,
        "type": "manual",
        "url": "https://far.example/hook",
        "version": 2,
        "rule": None,
        "headers": {"X-Shop": "a"},
        "security": {"strategy": "signature", "secret": "********"},
    }
    assert made == expected
    assert store.call("GET", WEBHOOKS).data == [expected]
    change = encode_json({"url": "https://far.example/new", "security_strategy": "token"})
    changed = store.call("PUT", f"{WEBHOOKS}/{made['id']}", change)
    assert changed.data == expected | {
        "url": "https://far.example/new",
        "security": {"strategy": "token", "secret": "********"},
    }
    assert store.call("GET", WEBHOOKS).data == [changed.data]


def test_fields_are_accepted_in_the_form_of_responses(store: Store) -> None:
    headers = {"X-Shop": "a", "Authorization": "Basic abc"}
    made = subscribe(
        store,
        "https://far.example/hook",
        headers=headers,
        security={"strategy": "token", "secret": "s3cret"},
    )
    assert made["headers"] == headers
    assert made["security"] == {"strategy": "token", "secret": "********"}
    for security, at_fault, reason in (
        ("x", "security", "not_object"),
        ({"strategy": "other"}, "security.strategy", "invalid_choice"),
        ({"strategy": "token", "secret": 1.5}, "security.secret", "not_string"),
    ):
        body = encode_json({"security": security})
        response = store.call("PUT", f"{WEBHOOKS}/{made['id']}", body)
        check_error(response, 422, reason)
        assert [*response.json["error"]["fields"]] == [at_fault]


def test_subscribing_again_updates_the_subscription(store: Store) -> None:
    first = subscribe(store, "https://far.example/hook")
    again = subscribe(store, "https://far.example/hook", name="again", version=1)
    assert again == first | {"name": "again", "version": 1}
    other_event = subscribe(store, "https://far.example/hook", event=PRODUCTS)
    assert store.call("GET", WEBHOOKS).data == [again, other_event]


def test_list_of_subscriptions_has_pages(store: Store) -> None:
    made = [subscribe(store, f"https://far.example/{number}") for number in range(3)]
    response = store.call("GET", WEBHOOKS + "?per_page=2&page=2")
    assert response.data == made[2:]
    assert response.json["pagination"]["total"] == 3


@pytest.mark.parametrize(
    ("scope", "status"),
    [("webhooks.read", 401), ("webhooks.read_write", 200), ("products.read_write", 200)],
)
def test_scopes_of_webhooks(service: Service, store: Store, scope: str, status: int) -> None:
    token = service.issue_token(store.merchant_code, scope)
    limited = Store(service, store.merchant_code, token)
    body = encode_json({"name": "n", "event": IMAGES, "url": "https://far.example/"})
    assert limited.call("GET", WEBHOOKS).status == 200
    assert limited.call("POST", SUBSCRIBE, body).status == status
    products = limited.call("GET", PREFIX + "/products")
    assert products.status == (200 if scope.startswith("products") else 401)


def test_events(store: Store) -> None:
    assert [each["event"] for each in store.call("GET", WEBHOOKS + "/events").data] == [
        IMAGES,
        "product.created",
        PRODUCTS,
        "product.deleted",
    ]


@pytest.mark.parametrize("case", ["id in the query", "url in the query", "id", "url"])
def test_unsubscribe(store: Store, case: str) -> None:
    made = subscribe(store, "https://far.example/hook")
    other = subscribe(store, "https://far.example/other")
    field = case.split(maxsplit=1)[0]
    if "query" in case:
        response = store.call("DELETE", f"{UNSUBSCRIBE}?{field}={made[field]}")
    else:
        response = store.call("DELETE", UNSUBSCRIBE, encode_json({field: made[field]}))
    assert (response.status, response.data["code"]) == (202, 202)
    assert [each["id"] for each in store.call("GET", WEBHOOKS).data] == [other["id"]]
    again = store.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}")
    check_error(again, 404, "not_found")


@pytest.mark.parametrize(
    ("fields", "at_fault", "reason"),
    [
        ({"event": "order.created"}, "event", "invalid_choice"),
        ({"event": ""}, "event", "required"),
        ({"url": "far.example/hook"}, "url", "link_malformed"),
        ({"url": "https://user:pass@far.example/"}, "url", "link_credentials"),
        ({"url": "http://0x7f.1/"}, "url", "link_address_not_allowed"),
        ({"security_strategy": "basic"}, "security_strategy", "invalid_choice"),
        ({"security_strategy": "token", "secret": ""}, "secret", "required"),
        ({"headers": [{"key": "Host", "value": "x"}]}, "headers", "header_not_allowed"),
        ({"headers": [{"key": "X-A", "value": "a\nb"}]}, "headers.0.value", "control_character"),
        ({"headers": "X-A: b"}, "headers", "not_list"),
        ({"rule": "price > 5"}, "rule", "rule_not_supported"),
        ({"version": 3}, "version", "out_of_range"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_invalid_subscriptions_are_rejected(
    store: Store, fields: dict[str, object], at_fault: str, reason: str
) -> None:
    sound = {"name": "mine", "event": IMAGES, "url": "https://far.example/", "secret": "x"}
    response = store.call("POST", SUBSCRIBE, encode_json(sound | fields))
    assert response.status == 422
    assert reason in response.reasons.split(", ")
    assert at_fault in response.json["error"]["fields"]
    assert store.call("GET", WEBHOOKS).data == []


def test_at_most_a_hundred_subscriptions(store: Store) -> None:
    for number in range(100):
        subscribe(store, f"https://far.example/{number}")
    one_more = {"name": "mine", "event": IMAGES, "url": "https://far.example/"}
    response = store.call("POST", SUBSCRIBE, encode_json(one_more))
    check_error(response, 422, "too_many_subscriptions")


def test_subscriptions_of_another_merchant_are_invisible(service: Service, store: Store) -> None:
    made = subscribe(store, "https://far.example/")
    other = Store.create(service)
    assert other.call("GET", WEBHOOKS).data == []
    check_error(other.call("PUT", f"{WEBHOOKS}/{made['id']}", encode_json({})), 404, "not_found")
    check_error(other.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}"), 404, "not_found")


# Deliveries


def test_update_is_delivered(image_in_product: ImageInProduct, receiver: WebhookReceiver) -> None:
    store = image_in_product.store
    subscribe(store, receiver.url + "/hook", headers=[{"key": "X-Shop", "value": "a"}])
    assert (
        image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(seed=77), alt=""
        ).status
        == 201
    )
    (request_received,) = receiver.wait_for(1)
    assert request_received.path == "/hook"
    assert request_received.headers["content-type"] == "application/json"
    assert request_received.headers["x-shop"] == "a"
    assert request_received.headers["x-salla-security-strategy"] == "Signature"
    assert request_received.headers["x-salla-signature"] == hmac_sha256(
        b"s3cret", request_received.body
    )
    assert "authorization" not in request_received.headers
    details = store.product_details(image_in_product.product_id)
    told = request_received.json
    assert list(told) == ["event", "merchant", "created_at", "data"]
    assert (told["event"], type(told["merchant"])) == (IMAGES, int)
    assert told["created_at"].endswith(" GMT+0300")
    image = {name: value if value != "" else None for name, value in details["images"][0].items()}
    assert told["data"] == {
        "id": image_in_product.product_id,
        "sku": None,
        "mpn": None,
        "gtin": None,
        "main_image": {name: image[name] for name in ("id", "url", "video_url", "type")},
        "images": [image],
    }
    assert store.service.get(str(image["url"])).status == 200
    wait_until(lambda: is_finished(store))
    (row,) = deliveries(store)
    assert (row["tries"], row["status"], row["problem"]) == (1, 200, None)


def test_token_strategy_sends_the_secret(
    image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    subscribe(image_in_product.store, receiver.url, security_strategy="token")
    image_in_product.store.update(image_in_product.id, alt="new")
    (request_received,) = receiver.wait_for(1)
    assert request_received.headers["authorization"] == "s3cret"
    assert request_received.headers["x-salla-security-strategy"] == "Token"
    assert "x-salla-signature" not in request_received.headers


def test_events_by_subscription(store: Store, receiver: WebhookReceiver) -> None:
    subscribe(store, receiver.url + "/images", IMAGES)
    subscribe(store, receiver.url + "/products", PRODUCTS)
    product = store.create_product()  # no event is sent for a new product
    image = store.attach(product)["id"]
    receiver.wait_for(2)
    store.attach_video(product, video_url=VIDEO_URL)
    receiver.wait_for(4)
    store.update(image, alt="new")
    receiver.wait_for(6)
    store.call("PUT", PRODUCT_PATH.format(product), encode_json({"sku": "NEW"}))
    receiver.wait_for(7)
    store.delete(image)
    receiver.wait_for(9)
    store.update(image + 1, alt="nothing there")
    wait_until(lambda: is_finished(store))
    told = [request_received.path for request_received in receiver.received]
    assert (told.count("/images"), told.count("/products")) == (4, 5)
    old = next(each for each in receiver.received if each.path == "/products").json
    assert old["data"]["name"] == store.product_details(product)["name"]


def test_no_event_without_a_change(
    image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    subscribe(image_in_product.store, receiver.url)
    image_in_product.store.update(image_in_product.id, alt="before")
    image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=9))
    check_error(
        image_in_product.store.update(image_in_product.id, photo=b"no photo"),
        422,
        "photo_not_an_image",
    )
    image_in_product.store.update(image_in_product.id, alt="after")
    (request_received,) = receiver.wait_for(1)
    assert request_received.json["data"]["images"][0]["alt"] == "after"
    assert len(deliveries(image_in_product.store)) == 1


@pytest.mark.parametrize("status", [204, 301, 404, 500, 0])
def test_other_statuses_are_retried(
    image_in_product: ImageInProduct, receiver: WebhookReceiver, status: int
) -> None:
    receiver.status_for = lambda count: status if count < 3 else 201
    subscribe(image_in_product.store, receiver.url)
    image_in_product.store.update(image_in_product.id, alt="new")
    bodies = {
        (request_received.path, request_received.body) for request_received in receiver.wait_for(3)
    }
    assert len(bodies) == 1
    wait_until(lambda: is_finished(image_in_product.store))
    (row,) = deliveries(image_in_product.store)
    assert (row["tries"], row["status"], row["problem"]) == (3, 201, None)


def test_failed_after_three_attempts_and_redelivered_by_hand(
    image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    receiver.status_for = lambda _: 500
    subscribe(image_in_product.store, receiver.url)
    image_in_product.store.update(image_in_product.id, alt="new")
    wait_until(
        lambda: bool(deliveries(image_in_product.store)) and is_finished(image_in_product.store)
    )
    (row,) = deliveries(image_in_product.store)
    assert (row["tries"], row["status"], row["problem"]) == (3, 500, "status 500")
    receiver.status_for = lambda _: 200
    again = f"/_fatrina/deliveries/{row['id']}/redeliver"
    assert admin(image_in_product.store, "POST", again).status == 202
    request_received = receiver.wait_for(4)
    assert request_received[3].body == request_received[0].body
    wait_until(lambda: is_finished(image_in_product.store))
    assert deliveries(image_in_product.store)[0]["problem"] is None
    check_error(
        admin(image_in_product.store, "POST", "/_fatrina/deliveries/999999/redeliver"),
        404,
        "not_found",
    )


def test_response_timeout(image_in_product: ImageInProduct, receiver: WebhookReceiver) -> None:
    receiver.delay_seconds = 3
    subscribe(image_in_product.store, receiver.url)
    image_in_product.store.update(image_in_product.id, alt="new")
    wait_until(
        lambda: any(
            each["problem"] == "link_timeout" for each in deliveries(image_in_product.store)
        )
    )


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://169.254.169.254/latest", "link_address_not_allowed"),
        ("http://[::1]/", "link_address_not_allowed"),
        ("http://10.0.0.1/", "link_address_not_allowed"),
        ("https://far.example:8443/", "link_port_not_allowed"),
        ("https://nowhere.invalid/", "link_unresolved"),
    ],
)
def test_forbidden_addresses(image_in_product: ImageInProduct, url: str, problem: str) -> None:
    subscribe(image_in_product.store, url)
    image_in_product.store.update(image_in_product.id, alt="new")
    wait_until(
        lambda: any(each["problem"] == problem for each in deliveries(image_in_product.store))
    )


def test_events_of_one_product_keep_their_order_after_failures(
    image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    receiver.status_for = lambda count: 500 if count in {1, 4, 5, 9} else 200
    subscribe(image_in_product.store, receiver.url)
    for number in range(8):
        image_in_product.store.update(image_in_product.id, alt=f"text {number}")
    wait_until(
        lambda: (
            len(deliveries(image_in_product.store)) == 8 and is_finished(image_in_product.store)
        ),
        20,
    )
    told = [each.json["data"]["images"][0]["alt"] for each in receiver.received]
    assert list(dict.fromkeys(told)) == [f"text {number}" for number in range(8)]
    assert told == sorted(told)
    assert len(told) == 12


def test_slow_receiver_does_not_delay_others(
    service: Service, image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    receiver.delay_seconds = 0.9
    store = image_in_product.store
    subscribe(store, receiver.url)
    others = [store.create_product() for _ in range(6)]
    begun = time.monotonic()
    for product in others:
        store.attach(product)
    assert time.monotonic() - begun < 4
    with run_receiver() as quick:
        other = ImageInProduct.create(Store.create(service), photo=sample_photos.png())
        subscribe(other.store, quick.url)
        begun = time.monotonic()
        other.store.update(other.id, alt="new")
        quick.wait_for(1)
        assert time.monotonic() - begun < 2


def test_no_delivery_after_unsubscribe(
    image_in_product: ImageInProduct, receiver: WebhookReceiver
) -> None:
    receiver.status_for = lambda _: 500
    made = subscribe(image_in_product.store, receiver.url)
    image_in_product.store.update(image_in_product.id, alt="new")
    receiver.wait_for(1)
    response = image_in_product.store.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}")
    assert response.status == 202
    assert is_finished(image_in_product.store)
    number = deliveries(image_in_product.store)[0]["id"]
    assert not subscriptions.redeliver(
        image_in_product.store.service.services.database, number, Millis(1)
    )


def test_restart_sends_pending_deliveries(tmp_path: Path, receiver: WebhookReceiver) -> None:
    receiver.status_for = lambda _: 500
    settings = {"download_allow": "127.0.0.1"}
    with run_service(tmp_path, **settings, webhook_pause=0) as service:
        image_in_product = ImageInProduct.create(Store.create(service), photo=sample_photos.png())
        service_shop = image_in_product.store
        subscribe(service_shop, receiver.url)
        response: Response = service_shop.update(image_in_product.id, alt="new")
        assert response.status == 201
    request_received = len(receiver.received)
    receiver.status_for = lambda _: 200
    with run_service(tmp_path, **settings, webhook_pause=0) as service:
        database = service.services.database
        wait_until(
            lambda: all(row.due_at is None for row in subscriptions.list_deliveries(database))
        )
        (row,) = subscriptions.list_deliveries(database)
        assert row.error is None or request_received == 3
