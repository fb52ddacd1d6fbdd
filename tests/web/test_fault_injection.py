"""Ordered faults and the journal of requests, over a real socket."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import client, sample_photos
from tests.client import Answer, as_json, multipart
from tests.stores import (
    ADMIN,
    PREFIX,
    PRODUCT,
    PRODUCTS,
    ROLES,
    Hung,
    Service,
    Shop,
    running,
    until,
)
from tests.web.error_responses import must_refuse
from tests.webhook_receiver import receiving

FAULTS, REQUESTS = "/_fatrina/faults", "/_fatrina/requests"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose dial no other test turns."""
    folder = tmp_path_factory.mktemp("dialled")
    with running(
        *(folder,), admin_token=ADMIN, photo_optional=True, download_allow="127.0.0.1"
    ) as service:
        yield service


@pytest.fixture(autouse=True)
def cleared(service: Service) -> None:
    for path in (FAULTS, REQUESTS):
        assert admin(service, "DELETE", path).status == 202


def admin(service: Service, method: str, target: str, /, **fields: object) -> Answer:
    body = as_json(fields) if fields else None
    return client.call(service.port, method, target, body, authorization=f"Bearer {ADMIN}")


def order(shop: Shop, what: object, **how: object) -> Any:
    answer = admin(shop.service, "POST", FAULTS, what=what, **how)
    assert answer.status == 201, answer
    return answer.data


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        (401, 401, "invalid_token"),
        (403, 403, "forbidden"),
        ("404", 404, "not_found"),
        (422, 422, "required"),
        (429, 429, "too_many_requests"),
        (500, 500, "internal_error"),
        (503, 503, "busy"),
    ],
)
def test_a_refusal(hung: Hung, what: object, status: int, reason: str) -> None:
    ordered = order(hung.shop, what, path=f"{PREFIX}/products/images/*", times=2)
    for _ in range(2):
        answer = hung.shop.update(hung.id, photo=sample_photos.png(seed=8))
        assert (answer.status, answer.reasons) == (status, reason)
        assert answer.json["success"] is False
        assert answer.headers["fatrina-fault"] == f"{ordered['id']}; {what}"
        assert ("retry-after" in answer.headers) is (status in {429, 503})
        assert answer.headers["x-ratelimit-remaining"] == ("0" if status == 429 else None)
    hung.must_be_whole()
    answer = hung.shop.update(hung.id, photo=sample_photos.png(seed=8))
    assert answer.status == 201
    assert "fatrina-fault" not in answer.headers
    (told,) = admin(hung.shop.service, "GET", FAULTS).data
    assert (told["struck"], told["times"]) == (2, 0)


def test_waiting(hung: Hung) -> None:
    order(hung.shop, "wait", seconds=0.4)
    begun = time.monotonic()
    assert hung.shop.update(hung.id, alt="late").status == 201
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize(("what", "changed"), [("cut", False), ("cut_after", True)])
def test_cutting(hung: Hung, what: str, *, changed: bool) -> None:
    order(hung.shop, what)
    with pytest.raises(ConnectionError):
        hung.shop.update(hung.id, alt="cut")
    until(lambda: (hung.shop.details(hung.product)["images"][0]["alt"] == "cut") is changed)
    assert hung.shop.update(hung.id, alt="again").status == 201


def test_renditions_that_are_not_made(hung: Hung) -> None:
    order(hung.shop, "unmade")
    answer = hung.shop.update(hung.id, photo=sample_photos.png(seed=8), sort="5")
    assert answer.status == 201
    url = hung.shop.details(hung.product)["images"][0]["url"]
    assert answer.data == {
        "id": hung.id,
        "image": {role: {"url": url, "width": 0, "height": 0} for role in ROLES},
        "sort": 5,
        "default": True,
        "alt_seo": "before",
        "video_url": "",
        "type": "image",
    }
    assert list(answer.data["image"]) == list(ROLES)


def test_unmade_spoils_no_other_answer(hung: Hung) -> None:
    order(hung.shop, "unmade", times=2)
    assert hung.shop.call("GET", PRODUCT.format(hung.product)).status == 200
    must_refuse(hung.shop.call("GET", PRODUCT.format(1)), 404, "not_found")


def test_a_webhook_that_is_lost(hung: Hung) -> None:
    with receiving() as receiver:
        wanted = {"name": "n", "event": "product.image.updated", "url": receiver.url}
        hung.shop.call("POST", PREFIX + "/webhooks/subscribe", as_json(wanted))
        order(hung.shop, "lose_webhook")
        hung.shop.update(hung.id, alt="lost")
        hung.shop.update(hung.id, alt="told")
        (heard,) = receiver.hears(1)
        assert heard.json["data"]["images"][0]["alt"] == "told"


def test_a_share(shop: Shop) -> None:
    order(shop, 503, share=0.5, seed=3, method="get")
    statuses = [shop.call("GET", PRODUCTS).status for _ in range(40)]
    assert 8 < statuses.count(503) < 32
    assert shop.call("POST", PRODUCTS, as_json({"name": "x"})).status == 201


def test_the_dial_is_never_lost(shop: Shop) -> None:
    ordered = order(shop, 500, share=1)
    assert shop.call("GET", PRODUCTS).status == 500
    assert shop.service.get("/health").status == 200
    assert admin(shop.service, "DELETE", f"{FAULTS}/{ordered['id']}").status == 202
    assert shop.call("GET", PRODUCTS).status == 200
    must_refuse(admin(shop.service, "DELETE", f"{FAULTS}/{ordered['id']}"), 404, "not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "418"},
        {"what": None, "path": "*"},
        {"what": "wait", "seconds": 61},
        {"what": "wait", "seconds": -1},
        {"what": 503, "times": 0},
        {"what": 503, "share": 1.5},
        {"what": 503, "share": "some"},
    ],
)
def test_what_cannot_be_ordered(service: Service, fields: dict[str, object]) -> None:
    assert admin(service, "POST", FAULTS, **fields).status == 422
    assert admin(service, "GET", FAULTS).data == []


def test_a_hundred_faults_are_the_most(shop: Shop) -> None:
    for _ in range(100):
        order(shop, 503, path="/nowhere")
    assert admin(shop.service, "POST", FAULTS, what=503).status == 422


# The journal


def requests(service: Service, query: str = "") -> list[Any]:
    return list(admin(service, "GET", REQUESTS + query).data)


def test_why_a_request_was_refused_can_be_read(hung: Hung) -> None:
    admin(hung.shop.service, "DELETE", REQUESTS)
    form = multipart(photo=b"no photo at all", sort="x", alt="secret words")
    answer = hung.shop.update(hung.id, form, user_agent="my app/1")
    assert answer.status == 422
    until(lambda: bool(requests(hung.shop.service)))
    (entry,) = requests(hung.shop.service)
    assert entry["id"] == answer.headers["x-request-id"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", hung.path, 422)
    assert (entry["merchant"], entry["faults"]) == (hung.shop.code, [])
    assert entry["headers"]["content-type"] == form.kind
    assert entry["body"]["sort"] == "text, 1 characters"
    assert entry["body"]["alt"] == "text, 12 characters"
    assert entry["body"]["photo"].endswith(" bytes") or entry["body"]["photo"].startswith("text")
    reasons = {each["reason"]: each for each in entry["refused"]}
    assert reasons["not_number"]["field"] == "sort"
    assert "sort" in reasons["not_number"]["words"]
    assert "secret words" not in str(entry)
    assert hung.shop.token not in str(entry)


def test_what_is_chosen(shop: Shop) -> None:
    order(shop, 503, path=PRODUCT.format("5"))
    shop.call("GET", PRODUCTS + "?page=1&token=abc")
    shop.call("GET", PRODUCT.format("5"))
    shop.call("POST", PRODUCTS, as_json({"name": "x"}))
    shop.service.get("/health")
    until(lambda: len(requests(shop.service)) == 3)
    newest = [entry["method"] for entry in requests(shop.service)]
    assert newest == ["POST", "GET", "GET"]
    assert len(requests(shop.service, "?limit=1")) == 1
    assert len(requests(shop.service, "?method=post")) == 1
    (faulty,) = requests(shop.service, "?status=503")
    assert faulty["faults"] == ["503"]
    assert faulty["refused"][0]["reason"] == "busy"
    (listed,) = requests(shop.service, f"?path={PRODUCTS}&method=GET&status=200")
    assert listed["query"] == {"page": "1", "token": "…"}


def test_without_an_admin_token_nothing_is_ordered(strict: Service) -> None:
    must_refuse(admin(strict, "POST", FAULTS, what=503), 404, "not_found")
