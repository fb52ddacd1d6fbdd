"""What a merchant may ask by its plan, told on every answer."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fatrina.actions import access
from fatrina.domain.access import READ
from tests import client, sample_photos
from tests.client import Answer, multipart
from tests.stores import ADMIN, PRODUCT, PRODUCTS, UPDATE, Hung, Service, Shop, running
from tests.web.error_responses import must_refuse

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("limited"), rate_limits=True) as service:
        yield service


def told(answer: Answer) -> tuple[int, int, int]:
    limit, remaining, reset = (int(answer.headers[name]) for name in NAMES)
    return limit, remaining, reset


def used_up(shop: Shop) -> Answer:
    """Ask until no more is allowed."""
    for _ in range(1000):
        answer = shop.call("GET", PRODUCTS)
        if answer.status == 429:
            return answer
    raise AssertionError


def test_every_answer_to_a_merchant_tells_the_allowance(limited: Service) -> None:
    shop = Shop.open(limited)
    hung = Hung.up(shop, photo=sample_photos.png())
    answers = [
        shop.call("GET", PRODUCTS),
        hung.shop.update(hung.id, photo=sample_photos.png(seed=3)),
        shop.call("GET", PRODUCT.format(1)),
        shop.call("POST", UPDATE.format(1)),
        shop.update(hung.id, multipart()),
        shop.update(hung.id, client.Body(b"{", "application/json")),
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
    shop = Shop.open(limited)
    reader = Shop(limited, shop.code, limited.token(shop.code, READ))
    answer = reader.call("POST", PRODUCTS, client.as_json({"name": "x"}))
    must_refuse(answer, 401, "insufficient_scope")
    assert told(answer)[0] == 120


def test_a_stranger_is_told_nothing(limited: Service) -> None:
    answer = Shop(limited, "none", "fatrina_unknown").call("GET", PRODUCTS)
    must_refuse(answer, 401, "invalid_token")
    assert not set(NAMES) & {name.lower() for name in answer.headers}


def test_where_limits_are_off_nothing_is_told(shop: Shop) -> None:
    assert not set(NAMES) & {name.lower() for name in shop.call("GET", PRODUCTS).headers}


def test_exactly_the_plan_passes_at_once(limited: Service) -> None:
    shop = Shop.open(limited)
    begun = time.time()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shop.call("GET", PRODUCTS), range(160)))
    seconds = int(time.time() - begun) + 1
    passed = Counter(answer.status for answer in answers)
    assert set(passed) <= {200, 429}
    assert 120 <= passed[200] <= 120 + seconds


@pytest.mark.parametrize(("language", "words"), [("ar", "تجاوز"), ("en", "used up")])
def test_who_asks_too_often_is_told_when_to_come_back(
    limited: Service, language: str, words: str
) -> None:
    shop = Shop.open(limited)
    hung = Hung.up(shop, photo=sample_photos.png())
    used_up(shop)
    answer = hung.shop.update(hung.id, photo=sample_photos.png(seed=5))
    if answer.status == 201:  # a second went by, and one leaked out
        answer = hung.shop.update(hung.id, photo=sample_photos.png(seed=6))
    answer = shop.call("GET", PRODUCTS, accept_language=language)
    must_refuse(answer, 429, "too_many_requests")
    assert answer.json["error"]["code"] == "too_many_requests"
    assert words in answer.json["error"]["message"]
    assert told(answer)[:2] == (120, 0)
    assert answer.headers["retry-after"] == "1"
    time.sleep(1)
    assert shop.call("GET", PRODUCTS).status == 200


def test_another_merchant_is_not_kept_waiting(limited: Service) -> None:
    used_up(Shop.open(limited))
    assert Shop.open(limited).call("GET", PRODUCTS).status == 200


def test_a_plan_counts_at_once(limited: Service) -> None:
    shop = Shop.open(limited)
    used_up(shop)
    assert access.change_plan(limited.services.database, shop.code, "special")
    answer = shop.call("GET", PRODUCTS)
    assert (answer.status, told(answer)[0]) == (200, 720)
    assert 590 < told(answer)[1] < 720


def test_a_reset_forgets_what_was_asked(tmp_path: Path) -> None:
    with running(tmp_path, rate_limits=True, admin_token=ADMIN) as service:
        shop = Shop.open(service)
        assert [told(shop.call("GET", PRODUCTS))[1] for _ in range(3)] == [119, 118, 117]
        path = "/_fatrina/reset?keep=shops"
        bearer = f"Bearer {ADMIN}"
        assert client.call(service.port, "POST", path, authorization=bearer).status == 202
        assert told(shop.call("GET", PRODUCTS))[1] == 119


def test_a_lost_file_closes_no_shop(tmp_path: Path) -> None:
    (tmp_path / "limits.sqlite3").mkdir()
    with running(tmp_path, rate_limits=True) as service:
        answer = Shop.open(service).call("GET", PRODUCTS)
        assert answer.status == 200
        assert "x-ratelimit-limit" not in answer.headers


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with running(tmp_path, rate_limits=True) as service:
        shop = Shop.open(service)
        used_up(shop)
    with running(tmp_path, rate_limits=True) as service:
        again = Shop(service, shop.code, shop.token)
        assert told(again.call("GET", PRODUCTS))[1] < 60
