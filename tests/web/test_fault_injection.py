"""Fault injection and the request journal, over a real socket."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import client, sample_photos
from tests.client import Response, encode_json, encode_multipart
from tests.stores import (
    ADMIN_TOKEN,
    PREFIX,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    ROLES,
    ImageInProduct,
    Service,
    Store,
    run_service,
)
from tests.waiting import wait_until
from tests.web.error_responses import check_error
from tests.webhook_receiver import run_receiver

FAULTS, REQUESTS = "/_fatrina/faults", "/_fatrina/requests"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose faults no other test changes."""
    folder = tmp_path_factory.mktemp("dialled")
    with run_service(*(folder,), admin_token=ADMIN_TOKEN, download_allow="127.0.0.1") as service:
        yield service


@pytest.fixture(autouse=True)
def clear_faults(service: Service) -> None:
    for path in (FAULTS, REQUESTS):
        assert admin(service, "DELETE", path).status == 202


def admin(service: Service, method: str, target: str, /, **fields: object) -> Response:
    body = encode_json(fields) if fields else None
    return client.request(service.port, method, target, body, authorization=f"Bearer {ADMIN_TOKEN}")


def add_fault(store: Store, what: object, **options: object) -> Any:
    response = admin(store.service, "POST", FAULTS, what=what, **options)
    assert response.status == 201, response
    return response.data


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
def test_injected_error(
    image_in_product: ImageInProduct, what: object, status: int, reason: str
) -> None:
    fault = add_fault(image_in_product.store, what, path=f"{PREFIX}/products/images/*", times=2)
    for _ in range(2):
        response = image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(seed=8)
        )
        assert (response.status, response.reasons) == (status, reason)
        assert response.json["success"] is False
        assert response.headers["fatrina-fault"] == f"{fault['id']}; {what}"
        assert ("retry-after" in response.headers) is (status in {429, 503})
        assert response.headers["x-ratelimit-remaining"] == ("0" if status == 429 else None)
    image_in_product.check_unchanged()
    response = image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=8))
    assert response.status == 201
    assert "fatrina-fault" not in response.headers
    (listed,) = admin(image_in_product.store.service, "GET", FAULTS).data
    assert (listed["struck"], listed["times"]) == (2, 0)


def test_injected_delay(image_in_product: ImageInProduct) -> None:
    add_fault(image_in_product.store, "wait", seconds=0.4)
    started = time.monotonic()
    assert image_in_product.store.update(image_in_product.id, alt="late").status == 201
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(("what", "changed"), [("cut", False), ("cut_after", True)])
def test_injected_disconnect(image_in_product: ImageInProduct, what: str, *, changed: bool) -> None:
    add_fault(image_in_product.store, what)
    with pytest.raises(ConnectionError):
        image_in_product.store.update(image_in_product.id, alt="cut")
    wait_until(
        lambda: (
            (
                image_in_product.store.product_details(image_in_product.product_id)["images"][0][
                    "alt"
                ]
                == "cut"
            )
            is changed
        )
    )
    assert image_in_product.store.update(image_in_product.id, alt="again").status == 201


def test_injected_pending_renditions(image_in_product: ImageInProduct) -> None:
    add_fault(image_in_product.store, "unmade")
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.png(seed=8), sort="5"
    )
    assert response.status == 201
    url = image_in_product.store.product_details(image_in_product.product_id)["images"][0]["url"]
    assert response.data == {
        "id": image_in_product.id,
        "image": {role: {"url": url, "width": 0, "height": 0} for role in ROLES},
        "sort": 5,
        "default": True,
        "alt_seo": "before",
        "video_url": "",
        "type": "image",
    }
    assert list(response.data["image"]) == list(ROLES)


def test_pending_renditions_affect_no_other_response(image_in_product: ImageInProduct) -> None:
    add_fault(image_in_product.store, "unmade", times=2)
    assert (
        image_in_product.store.call("GET", PRODUCT_PATH.format(image_in_product.product_id)).status
        == 200
    )
    check_error(image_in_product.store.call("GET", PRODUCT_PATH.format(1)), 404, "not_found")


def test_injected_lost_webhook(image_in_product: ImageInProduct) -> None:
    with run_receiver() as receiver:
        subscription = {"name": "n", "event": "product.image.updated", "url": receiver.url}
        image_in_product.store.call(
            "POST", PREFIX + "/webhooks/subscribe", encode_json(subscription)
        )
        add_fault(image_in_product.store, "lose_webhook")
        image_in_product.store.update(image_in_product.id, alt="lost")
        image_in_product.store.update(image_in_product.id, alt="told")
        (request,) = receiver.wait_for(1)
        assert request.json["data"]["images"][0]["alt"] == "told"


def test_probability(store: Store) -> None:
    add_fault(store, 503, share=0.5, seed=3, method="get")
    statuses = [store.call("GET", PRODUCTS_PATH).status for _ in range(40)]
    assert 8 < statuses.count(503) < 32
    assert store.call("POST", PRODUCTS_PATH, encode_json({"name": "x"})).status == 201


def test_faults_do_not_apply_to_operator_endpoints(store: Store) -> None:
    fault = add_fault(store, 500, share=1)
    assert store.call("GET", PRODUCTS_PATH).status == 500
    assert store.service.get("/health").status == 200
    assert admin(store.service, "DELETE", f"{FAULTS}/{fault['id']}").status == 202
    assert store.call("GET", PRODUCTS_PATH).status == 200
    check_error(admin(store.service, "DELETE", f"{FAULTS}/{fault['id']}"), 404, "not_found")


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
def test_invalid_faults_are_rejected(service: Service, fields: dict[str, object]) -> None:
    assert admin(service, "POST", FAULTS, **fields).status == 422
    assert admin(service, "GET", FAULTS).data == []


def test_at_most_a_hundred_faults(store: Store) -> None:
    for _ in range(100):
        add_fault(store, 503, path="/nowhere")
    assert admin(store.service, "POST", FAULTS, what=503).status == 422


# The journal


def requests(service: Service, query: str = "") -> list[Any]:
    return list(admin(service, "GET", REQUESTS + query).data)


def test_journal_contains_the_errors_of_a_request(image_in_product: ImageInProduct) -> None:
    admin(image_in_product.store.service, "DELETE", REQUESTS)
    form = encode_multipart(photo=b"no photo at all", sort="x", alt="secret words")
    response = image_in_product.store.update(image_in_product.id, form, user_agent="my app/1")
    assert response.status == 422
    wait_until(lambda: bool(requests(image_in_product.store.service)))
    (entry,) = requests(image_in_product.store.service)
    assert entry["id"] == response.headers["x-request-id"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", image_in_product.path, 422)
    assert (entry["merchant"], entry["faults"]) == (image_in_product.store.merchant_code, [])
    assert entry["headers"]["content-type"] == form.content_type
    assert entry["body"]["sort"] == "text, 1 characters"
    assert entry["body"]["alt"] == "text, 12 characters"
    assert entry["body"]["photo"].endswith(" bytes") or entry["body"]["photo"].startswith("text")
    reasons = {each["reason"]: each for each in entry["refused"]}
    assert reasons["not_number"]["field"] == "sort"
    assert "sort" in reasons["not_number"]["words"]
    assert "secret words" not in str(entry)
    assert image_in_product.store.token not in str(entry)


def test_journal_filters(store: Store) -> None:
    add_fault(store, 503, path=PRODUCT_PATH.format("5"))
    store.call("GET", PRODUCTS_PATH + "?page=1&token=abc")
    store.call("GET", PRODUCT_PATH.format("5"))
    store.call("POST", PRODUCTS_PATH, encode_json({"name": "x"}))
    store.service.get("/health")
    wait_until(lambda: len(requests(store.service)) == 3)
    newest = [entry["method"] for entry in requests(store.service)]
    assert newest == ["POST", "GET", "GET"]
    assert len(requests(store.service, "?limit=1")) == 1
    assert len(requests(store.service, "?method=post")) == 1
    (faulty,) = requests(store.service, "?status=503")
    assert faulty["faults"] == ["503"]
    assert faulty["refused"][0]["reason"] == "busy"
    (listed,) = requests(store.service, f"?path={PRODUCTS_PATH}&method=GET&status=422")
    assert listed["query"] == {"page": "1", "token": "…"}


def test_without_an_admin_token_there_is_no_fault_injection(strict_service: Service) -> None:
    check_error(admin(strict_service, "POST", FAULTS, what=503), 404, "not_found")
