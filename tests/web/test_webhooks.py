"""Webhooks over real sockets: subscriptions, what is delivered, and what happens when it is not."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions.webhooks import subscriptions
from tests import sample_photos
from tests.client import Answer, as_json
from tests.domain.test_webhook import hmac_sha256
from tests.stores import ADMIN, FILM, PREFIX, PRODUCT, Hung, Service, Shop, running, until
from tests.web.error_responses import must_refuse
from tests.webhook_receiver import Receiver, receiving

WEBHOOKS = PREFIX + "/webhooks"
SUBSCRIBE = WEBHOOKS + "/subscribe"
UNSUBSCRIBE = WEBHOOKS + "/unsubscribe"
IMAGES, PRODUCTS = "product.image.updated", "product.updated"
PAUSE = 0.3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that tries again soon, and may reach this machine."""
    folder = tmp_path_factory.mktemp("service")
    with running(
        *(folder,),
        download_allow="127.0.0.1",
        admin_token=ADMIN,
        webhook_pause=PAUSE,
        webhook_seconds=1.0,
        photo_optional=True,
    ) as service:
        yield service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def subscribe(shop: Shop, url: str, event: str = IMAGES, **more: object) -> Any:
    wanted = {"name": "mine", "event": event, "url": url, "secret": "s3cret", **more}
    answer = shop.call("POST", SUBSCRIBE, as_json(wanted))
    assert answer.status == 200, answer
    return answer.data


def admin(shop: Shop, method: str, target: str) -> Answer:
    return shop.call(method, target, authorization=f"Bearer {ADMIN}")


def deliveries(shop: Shop) -> list[Any]:
    answer = admin(shop, "GET", f"/_fatrina/deliveries?merchant={shop.code}")
    return list(answer.data or ())


def over(shop: Shop) -> bool:
    return all(each["due_at"] is None for each in deliveries(shop))


# Subscriptions


def test_a_subscription(shop: Shop) -> None:
    made = subscribe(shop, "https://far.example/hook", headers=[{"key": "X-Shop", "value": "a"}])
    expected = {
        "id": made["id"],
        "name": "mine",
        "event": IMAGES,
        "type": "manual",
        "url": "https://far.example/hook",
        "version": 2,
        "rule": None,
        "headers": [{"key": "X-Shop", "value": "a"}],
        "security_strategy": "signature",
        "secret": "********",
    }
    assert made == expected
    assert shop.call("GET", WEBHOOKS).data == [expected]
    change = as_json({"url": "https://far.example/new", "security_strategy": "token"})
    changed = shop.call("PUT", f"{WEBHOOKS}/{made['id']}", change)
    assert changed.data == expected | {
        "url": "https://far.example/new",
        "security_strategy": "token",
    }
    assert shop.call("GET", WEBHOOKS).data == [changed.data]


def test_the_events(shop: Shop) -> None:
    assert [each["event"] for each in shop.call("GET", WEBHOOKS + "/events").data] == [
        IMAGES,
        PRODUCTS,
    ]


@pytest.mark.parametrize("how", ["id in the query", "url in the query", "id", "url"])
def test_unsubscribing(shop: Shop, how: str) -> None:
    made = subscribe(shop, "https://far.example/hook")
    other = subscribe(shop, "https://far.example/other")
    field = how.split(maxsplit=1)[0]
    if "query" in how:
        answer = shop.call("DELETE", f"{UNSUBSCRIBE}?{field}={made[field]}")
    else:
        answer = shop.call("DELETE", UNSUBSCRIBE, as_json({field: made[field]}))
    assert (answer.status, answer.data["code"]) == (202, 202)
    assert [each["id"] for each in shop.call("GET", WEBHOOKS).data] == [other["id"]]
    again = shop.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}")
    must_refuse(again, 404, "not_found")


@pytest.mark.parametrize(
    ("fields", "at_fault", "reason"),
    [
        ({"event": "order.created"}, "event", "invalid_choice"),
        ({"event": ""}, "event", "required"),
        ({"url": "far.example/hook"}, "url", "link_malformed"),
        ({"url": "https://user:pass@far.example/"}, "url", "link_credentials"),
        ({"url": "http://0x7f.1/"}, "url", "link_address_not_allowed"),
        ({"security_strategy": "none"}, "security_strategy", "invalid_choice"),
        ({"security_strategy": "token", "secret": ""}, "secret", "required"),
        ({"headers": [{"key": "Host", "value": "x"}]}, "headers", "header_not_allowed"),
        ({"headers": [{"key": "X-A", "value": "a\nb"}]}, "headers.0.value", "control_character"),
        ({"headers": "X-A: b"}, "headers", "not_list"),
        ({"rule": "price > 5"}, "rule", "rule_not_supported"),
        ({"version": 3}, "version", "out_of_range"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_what_cannot_be_subscribed(
    shop: Shop, fields: dict[str, object], at_fault: str, reason: str
) -> None:
    sound = {"name": "mine", "event": IMAGES, "url": "https://far.example/", "secret": "x"}
    answer = shop.call("POST", SUBSCRIBE, as_json(sound | fields))
    assert answer.status == 422
    assert reason in answer.reasons.split(", ")
    assert at_fault in answer.json["error"]["fields"]
    assert shop.call("GET", WEBHOOKS).data == []


def test_a_hundred_subscriptions_are_the_most(shop: Shop) -> None:
    for _ in range(100):
        subscribe(shop, "https://far.example/")
    one_more = {"name": "mine", "event": IMAGES, "url": "https://far.example/"}
    answer = shop.call("POST", SUBSCRIBE, as_json(one_more))
    must_refuse(answer, 422, "too_many_subscriptions")


def test_another_shop_sees_none_of_it(service: Service, shop: Shop) -> None:
    made = subscribe(shop, "https://far.example/")
    other = Shop.open(service)
    assert other.call("GET", WEBHOOKS).data == []
    must_refuse(other.call("PUT", f"{WEBHOOKS}/{made['id']}", as_json({})), 404, "not_found")
    must_refuse(other.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}"), 404, "not_found")


# Deliveries


def test_an_update_is_told(hung: Hung, receiver: Receiver) -> None:
    shop = hung.shop
    subscribe(shop, receiver.url + "/hook", headers=[{"key": "X-Shop", "value": "a"}])
    assert hung.shop.update(hung.id, photo=sample_photos.png(seed=77), alt="").status == 201
    (heard,) = receiver.hears(1)
    assert heard.path == "/hook"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["x-shop"] == "a"
    assert heard.headers["x-salla-security-strategy"] == "Signature"
    assert heard.headers["x-salla-signature"] == hmac_sha256(b"s3cret", heard.body)
    assert "authorization" not in heard.headers
    details = shop.details(hung.product)
    told = heard.json
    assert list(told) == ["event", "merchant", "created_at", "data"]
    assert (told["event"], type(told["merchant"])) == (IMAGES, int)
    assert told["created_at"].endswith(" GMT+0300")
    image = {name: value if value != "" else None for name, value in details["images"][0].items()}
    assert told["data"] == {
        "id": hung.product,
        "sku": None,
        "mpn": None,
        "gtin": None,
        "main_image": {name: image[name] for name in ("id", "url", "video_url", "type")},
        "images": [image],
    }
    assert shop.service.get(str(image["url"])).status == 200
    until(lambda: over(shop))
    (row,) = deliveries(shop)
    assert (row["tries"], row["status"], row["problem"]) == (1, 200, None)


def test_a_token_is_sent(hung: Hung, receiver: Receiver) -> None:
    subscribe(hung.shop, receiver.url, security_strategy="token")
    hung.shop.update(hung.id, alt="new")
    (heard,) = receiver.hears(1)
    assert heard.headers["authorization"] == "s3cret"
    assert heard.headers["x-salla-security-strategy"] == "Token"
    assert "x-salla-signature" not in heard.headers


def test_what_is_told_to_whom(shop: Shop, receiver: Receiver) -> None:
    subscribe(shop, receiver.url + "/images", IMAGES)
    subscribe(shop, receiver.url + "/products", PRODUCTS)
    product = shop.product()  # a new one is nobody's news
    image = shop.attach(product)["id"]
    receiver.hears(2)
    shop.attach_video(product, video_url=FILM)
    receiver.hears(4)
    shop.update(image, alt="new")
    receiver.hears(6)
    shop.call("PUT", PRODUCT.format(product), as_json({"sku": "NEW"}))
    receiver.hears(7)
    shop.delete(image)
    receiver.hears(9)
    shop.update(image + 1, alt="nothing there")
    until(lambda: over(shop))
    told = [heard.path for heard in receiver.heard]
    assert (told.count("/images"), told.count("/products")) == (4, 5)
    old = next(each for each in receiver.heard if each.path == "/products").json
    assert old["data"]["name"] == shop.details(product)["name"]


def test_what_changes_nothing_is_not_told(hung: Hung, receiver: Receiver) -> None:
    subscribe(hung.shop, receiver.url)
    hung.shop.update(hung.id, alt="before")
    hung.shop.update(hung.id, photo=sample_photos.png(seed=9))
    must_refuse(hung.shop.update(hung.id, photo=b"no photo"), 422, "photo_not_an_image")
    hung.shop.update(hung.id, alt="after")
    (heard,) = receiver.hears(1)
    assert heard.json["data"]["images"][0]["alt"] == "after"
    assert len(deliveries(hung.shop)) == 1


@pytest.mark.parametrize("status", [204, 301, 404, 500, 0])
def test_any_other_answer_is_tried_again(hung: Hung, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda count: status if count < 3 else 201
    subscribe(hung.shop, receiver.url)
    hung.shop.update(hung.id, alt="new")
    bodies = {(heard.path, heard.body) for heard in receiver.hears(3)}
    assert len(bodies) == 1
    until(lambda: over(hung.shop))
    (row,) = deliveries(hung.shop)
    assert (row["tries"], row["status"], row["problem"]) == (3, 201, None)


def test_after_three_tries_it_is_given_up_and_can_be_made_by_hand(
    hung: Hung, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    subscribe(hung.shop, receiver.url)
    hung.shop.update(hung.id, alt="new")
    until(lambda: bool(deliveries(hung.shop)) and over(hung.shop))
    (row,) = deliveries(hung.shop)
    assert (row["tries"], row["status"], row["problem"]) == (3, 500, "status 500")
    receiver.answer = lambda _: 200
    again = f"/_fatrina/deliveries/{row['id']}/redeliver"
    assert admin(hung.shop, "POST", again).status == 202
    heard = receiver.hears(4)
    assert heard[3].body == heard[0].body
    until(lambda: over(hung.shop))
    assert deliveries(hung.shop)[0]["problem"] is None
    must_refuse(admin(hung.shop, "POST", "/_fatrina/deliveries/999999/redeliver"), 404, "not_found")


def test_one_that_does_not_answer_in_time(hung: Hung, receiver: Receiver) -> None:
    receiver.slow = 3
    subscribe(hung.shop, receiver.url)
    hung.shop.update(hung.id, alt="new")
    until(lambda: any(each["problem"] == "link_timeout" for each in deliveries(hung.shop)))


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
def test_places_that_are_not_told(hung: Hung, url: str, problem: str) -> None:
    subscribe(hung.shop, url)
    hung.shop.update(hung.id, alt="new")
    until(lambda: any(each["problem"] == problem for each in deliveries(hung.shop)))


def test_one_product_in_order_whatever_fails(hung: Hung, receiver: Receiver) -> None:
    receiver.answer = lambda count: 500 if count in {1, 4, 5, 9} else 200
    subscribe(hung.shop, receiver.url)
    for number in range(8):
        hung.shop.update(hung.id, alt=f"text {number}")
    until(lambda: len(deliveries(hung.shop)) == 8 and over(hung.shop), 20)
    told = [each.json["data"]["images"][0]["alt"] for each in receiver.heard]
    assert list(dict.fromkeys(told)) == [f"text {number}" for number in range(8)]
    assert told == sorted(told)
    assert len(told) == 12


def test_a_slow_receiver_slows_nobody(service: Service, hung: Hung, receiver: Receiver) -> None:
    receiver.slow = 0.9
    shop = hung.shop
    subscribe(shop, receiver.url)
    others = [shop.product() for _ in range(6)]
    begun = time.monotonic()
    for product in others:
        shop.attach(product)
    assert time.monotonic() - begun < 4
    with receiving() as quick:
        other = Hung.up(Shop.open(service), photo=sample_photos.png())
        subscribe(other.shop, quick.url)
        begun = time.monotonic()
        other.shop.update(other.id, alt="new")
        quick.hears(1)
        assert time.monotonic() - begun < 2


def test_who_unsubscribes_is_told_no_more(hung: Hung, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    made = subscribe(hung.shop, receiver.url)
    hung.shop.update(hung.id, alt="new")
    receiver.hears(1)
    answer = hung.shop.call("DELETE", f"{UNSUBSCRIBE}?id={made['id']}")
    assert answer.status == 202
    assert over(hung.shop)
    number = deliveries(hung.shop)[0]["id"]
    assert not subscriptions.redeliver(hung.shop.service.services.database, number, 1)


def test_a_restart_delivers_what_is_owed(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    settings = {"download_allow": "127.0.0.1", "photo_optional": True}
    with running(tmp_path, **settings, webhook_pause=0) as service:
        hung = Hung.up(Shop.open(service), photo=sample_photos.png())
        service_shop = hung.shop
        subscribe(service_shop, receiver.url)
        answer: Answer = service_shop.update(hung.id, alt="new")
        assert answer.status == 201
    heard = len(receiver.heard)
    receiver.answer = lambda _: 200
    with running(tmp_path, **settings, webhook_pause=0) as service:
        database = service.services.database
        until(lambda: all(row.due_at is None for row in subscriptions.deliveries(database)))
        (row,) = subscriptions.deliveries(database)
        assert row.error is None or heard == 3
