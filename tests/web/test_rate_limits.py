"""Rate limits by plan, and the X-RateLimit headers of every response."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fatrina.actions import access
from fatrina.domain.access import READ
from tests import client, sample_photos
from tests.client import Response, encode_multipart
from tests.stores import (
    ADMIN_TOKEN,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    UPDATE_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
)
from tests.web.error_responses import check_error

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture(scope="module")
def limited_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("limited"), rate_limits=True) as service:
        yield service


def rate_limit_headers(response: Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(response.headers[name]) for name in NAMES)
    return limit, remaining, reset


def exhaust_limit(store: Store) -> Response:
    """Send requests until the limit is exceeded; return the last response."""
    for _ in range(1000):
        response = store.call("GET", PRODUCTS_PATH)
        if response.status == 429:
            return response
    raise AssertionError


def test_every_response_to_a_merchant_has_rate_limit_headers(limited_service: Service) -> None:
    store = Store.create(limited_service)
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png())
    responses = [
        store.call("GET", PRODUCTS_PATH),
        image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=3)),
        store.call("GET", PRODUCT_PATH.format(1)),
        store.call("POST", UPDATE_PATH.format(1)),
        store.update(image_in_product.id, encode_multipart()),
        store.update(image_in_product.id, client.Body(b"{", "application/json")),
    ]
    assert [response.status for response in responses] == [200, 201, 404, 404, 422, 400]
    seen = [rate_limit_headers(response) for response in responses]
    assert [remaining for _, remaining, _ in seen] == sorted(
        (remaining for _, remaining, _ in seen), reverse=True
    )
    for limit, remaining, reset in seen:
        assert (limit, 100 < remaining < 120) == (120, True)
        assert 0 < reset - time.time() < 20


def test_requests_without_the_scope_count(limited_service: Service) -> None:
    store = Store.create(limited_service)
    reader = Store(
        limited_service, store.merchant_code, limited_service.issue_token(store.merchant_code, READ)
    )
    response = reader.call("POST", PRODUCTS_PATH, client.encode_json({"name": "x"}))
    check_error(response, 401, "insufficient_scope")
    assert rate_limit_headers(response)[0] == 120


def test_unauthenticated_response_has_no_rate_limit_headers(limited_service: Service) -> None:
    response = Store(limited_service, "none", "fatrina_unknown").call("GET", PRODUCTS_PATH)
    check_error(response, 401, "invalid_token")
    assert not set(NAMES) & {name.lower() for name in response.headers}


def test_no_rate_limit_headers_if_limits_are_off(store: Store) -> None:
    assert not set(NAMES) & {name.lower() for name in store.call("GET", PRODUCTS_PATH).headers}


def test_exactly_the_limit_of_the_plan_passes(limited_service: Service) -> None:
    store = Store.create(limited_service)
    begun = time.time()
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: store.call("GET", PRODUCTS_PATH), range(160)))
    seconds = int(time.time() - begun) + 1
    passed = Counter(response.status for response in responses)
    assert set(passed) <= {200, 429}
    assert 120 <= passed[200] <= 120 + seconds


@pytest.mark.parametrize(("language", "words"), [("ar", "تجاوز"), ("en", "used up")])
def test_exceeded_limit_returns_retry_after(
    limited_service: Service, language: str, words: str
) -> None:
    store = Store.create(limited_service)
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png())
    exhaust_limit(store)
    response = image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=5))
    if response.status == 201:  # a second has passed, and one request has leaked out
        response = image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(seed=6)
        )
    response = store.call("GET", PRODUCTS_PATH, accept_language=language)
    check_error(response, 429, "too_many_requests")
    assert response.json["error"]["code"] == "too_many_requests"
    assert words in response.json["error"]["message"]
    assert rate_limit_headers(response)[:2] == (120, 0)
    assert response.headers["retry-after"] == "1"
    time.sleep(1)
    assert store.call("GET", PRODUCTS_PATH).status == 200


def test_other_merchants_are_not_limited(limited_service: Service) -> None:
    exhaust_limit(Store.create(limited_service))
    assert Store.create(limited_service).call("GET", PRODUCTS_PATH).status == 200


def test_plan_change_applies_immediately(limited_service: Service) -> None:
    store = Store.create(limited_service)
    exhaust_limit(store)
    assert access.change_plan(limited_service.services.database, store.merchant_code, "special")
    response = store.call("GET", PRODUCTS_PATH)
    assert (response.status, rate_limit_headers(response)[0]) == (200, 720)
    assert 590 < rate_limit_headers(response)[1] < 720


def test_reset_clears_the_buckets(tmp_path: Path) -> None:
    with run_service(tmp_path, rate_limits=True, admin_token=ADMIN_TOKEN) as service:
        store = Store.create(service)
        assert [rate_limit_headers(store.call("GET", PRODUCTS_PATH))[1] for _ in range(3)] == [
            119,
            118,
            117,
        ]
        path = "/_fatrina/reset?keep=shops"
        bearer = f"Bearer {ADMIN_TOKEN}"
        assert client.request(service.port, "POST", path, authorization=bearer).status == 202
        assert rate_limit_headers(store.call("GET", PRODUCTS_PATH))[1] == 119


def test_lost_bucket_file_does_not_reject_requests(tmp_path: Path) -> None:
    (tmp_path / "limits.sqlite3").mkdir()
    with run_service(tmp_path, rate_limits=True) as service:
        response = Store.create(service).call("GET", PRODUCTS_PATH)
        assert response.status == 200
        assert "x-ratelimit-limit" not in response.headers


def test_buckets_survive_a_restart(tmp_path: Path) -> None:
    with run_service(tmp_path, rate_limits=True) as service:
        store = Store.create(service)
        exhaust_limit(store)
    with run_service(tmp_path, rate_limits=True) as service:
        again = Store(service, store.merchant_code, store.token)
        assert rate_limit_headers(again.call("GET", PRODUCTS_PATH))[1] < 60
