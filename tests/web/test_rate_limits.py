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
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("limited"), rate_limits=True) as service:
        yield service


def told(answer: Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(answer.headers[name]) for name in NAMES)
    return limit, remaining, reset


def used_up(store: Store) -> Response:
    """Send requests until the limit is exceeded; return the last response."""
    for _ in range(1000):
        answer = store.call("GET", PRODUCTS_PATH)
        if answer.status == 429:
            return answer
    raise AssertionError


def test_every_answer_to_a_merchant_tells_the_allowance(limited: Service) -> None:
    store = Store.create(limited)
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png())
    answers = [
        store.call("GET", PRODUCTS_PATH),
        image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=3)),
        store.call("GET", PRODUCT_PATH.format(1)),
        store.call("POST", UPDATE_PATH.format(1)),
        store.update(image_in_product.id, encode_multipart()),
        store.update(image_in_product.id, client.Body(b"{", "application/json")),
    ]
    assert [answer.status for answer in answers] == [200, 201, 404, 404, 422, 400]
    seen = [told(answer) for answer in answers]
    assert [remaining for _, remaining, _ in seen] == sorted(
        (remaining for _, remaining, _ in seen), reverse=True
    )
    for limit, remaining, reset in seen:
        assert (limit, 100 < remaining < 120) == (120, True)
        assert 0 < reset - time.time() < 20


def test_a_token_without_the_scope_counts_as_well(limited: Service) -> None:
    store = Store.create(limited)
    reader = Store(limited, store.merchant_code, limited.issue_token(store.merchant_code, READ))
    answer = reader.call("POST", PRODUCTS_PATH, client.encode_json({"name": "x"}))
    check_error(answer, 401, "insufficient_scope")
    assert told(answer)[0] == 120


def test_a_stranger_is_told_nothing(limited: Service) -> None:
    answer = Store(limited, "none", "fatrina_unknown").call("GET", PRODUCTS_PATH)
    check_error(answer, 401, "invalid_token")
    assert not set(NAMES) & {name.lower() for name in answer.headers}


def test_where_limits_are_off_nothing_is_told(store: Store) -> None:
    assert not set(NAMES) & {name.lower() for name in store.call("GET", PRODUCTS_PATH).headers}


def test_exactly_the_plan_passes_at_once(limited: Service) -> None:
    store = Store.create(limited)
    begun = time.time()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: store.call("GET", PRODUCTS_PATH), range(160)))
    seconds = int(time.time() - begun) + 1
    passed = Counter(answer.status for answer in answers)
    assert set(passed) <= {200, 429}
    assert 120 <= passed[200] <= 120 + seconds


@pytest.mark.parametrize(("language", "words"), [("ar", "تجاوز"), ("en", "used up")])
def test_who_asks_too_often_is_told_when_to_come_back(
    limited: Service, language: str, words: str
) -> None:
    store = Store.create(limited)
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png())
    used_up(store)
    answer = image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=5))
    if answer.status == 201:  # a second has passed, and one request has leaked out
        answer = image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=6))
    answer = store.call("GET", PRODUCTS_PATH, accept_language=language)
    check_error(answer, 429, "too_many_requests")
    assert answer.json["error"]["code"] == "too_many_requests"
    assert words in answer.json["error"]["message"]
    assert told(answer)[:2] == (120, 0)
    assert answer.headers["retry-after"] == "1"
    time.sleep(1)
    assert store.call("GET", PRODUCTS_PATH).status == 200


def test_another_merchant_is_not_kept_waiting(limited: Service) -> None:
    used_up(Store.create(limited))
    assert Store.create(limited).call("GET", PRODUCTS_PATH).status == 200


def test_a_plan_counts_at_once(limited: Service) -> None:
    store = Store.create(limited)
    used_up(store)
    assert access.change_plan(limited.services.database, store.merchant_code, "special")
    answer = store.call("GET", PRODUCTS_PATH)
    assert (answer.status, told(answer)[0]) == (200, 720)
    assert 590 < told(answer)[1] < 720


def test_a_reset_forgets_what_was_asked(tmp_path: Path) -> None:
    with run_service(tmp_path, rate_limits=True, admin_token=ADMIN_TOKEN) as service:
        store = Store.create(service)
        assert [told(store.call("GET", PRODUCTS_PATH))[1] for _ in range(3)] == [119, 118, 117]
        path = "/_fatrina/reset?keep=shops"
        bearer = f"Bearer {ADMIN_TOKEN}"
        assert client.request(service.port, "POST", path, authorization=bearer).status == 202
        assert told(store.call("GET", PRODUCTS_PATH))[1] == 119


def test_a_lost_file_closes_no_shop(tmp_path: Path) -> None:
    (tmp_path / "limits.sqlite3").mkdir()
    with run_service(tmp_path, rate_limits=True) as service:
        answer = Store.create(service).call("GET", PRODUCTS_PATH)
        assert answer.status == 200
        assert "x-ratelimit-limit" not in answer.headers


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with run_service(tmp_path, rate_limits=True) as service:
        store = Store.create(service)
        used_up(store)
    with run_service(tmp_path, rate_limits=True) as service:
        again = Store(service, store.merchant_code, store.token)
        assert told(again.call("GET", PRODUCTS_PATH))[1] < 60
