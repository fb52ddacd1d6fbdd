"""Reset of one merchant, of its faults and of its journal, next to other merchants."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from fatrina.adapters.database import merchant_rows
from fatrina.adapters.database.schema import metadata
from fatrina.domain.types import MerchantId
from tests import client, sample_photos
from tests.client import Response, encode_json
from tests.stores import (
    ADMIN_TOKEN,
    PREFIX,
    PRODUCTS_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
)
from tests.web.error_responses import check_error

WEBHOOK = {"name": "n", "event": "product.updated", "url": "https://hooks.example/x"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose faults affect no other module."""
    folder = tmp_path_factory.mktemp("resets")
    with run_service(folder, admin_token=ADMIN_TOKEN, webhook_pause=3600) as service:
        yield service


@pytest.fixture
def pair(service: Service) -> Iterator[tuple[ImageInProduct, ImageInProduct]]:
    """Two merchants, each with a product, an image, a subscription and a replaced photo."""
    created = []
    for _ in range(2):
        store = Store.create(service)
        subscribe = store.call("POST", f"{PREFIX}/webhooks/subscribe", encode_json(WEBHOOK))
        assert subscribe.status in {200, 201}, subscribe
        image = ImageInProduct.create(store)
        assert store.update(image.id, photo=sample_photos.png(seed=8)).status == 201
        created.append(image)
    yield created[0], created[1]
    admin(service, "DELETE", "/faults")


def admin(service: Service, method: str, target: str, /, **fields: object) -> Response:
    body = encode_json(fields) if fields else None
    return client.request(
        service.port, method, f"/_fatrina{target}", body, authorization=f"Bearer {ADMIN_TOKEN}"
    )


def count_rows(service: Service, code: str) -> dict[str, int]:
    with service.services.database.reading() as conn:
        merchants = metadata.tables["merchants"]
        found = conn.scalar(select(merchants.c.id).where(merchants.c.code == code))
        counts = {}
        for table in metadata.sorted_tables:
            condition = merchant_rows.find_owner_condition(table, MerchantId(found or 0))
            if condition is not None:
                query = select(func.count()).select_from(table).where(condition)
                counts[table.name] = conn.scalar(query) or 0
    return {name: count for name, count in counts.items() if count}


def test_the_tables_whose_rows_belong_to_no_merchant() -> None:
    others = {
        table.name
        for table in metadata.sorted_tables
        if merchant_rows.find_owner_condition(table, MerchantId(1)) is None
    }
    assert others == {"apps", "deployment", "rate_limit_buckets"}


@pytest.mark.parametrize("keep", [False, True])
def test_one_merchant_is_reset(
    service: Service, pair: tuple[ImageInProduct, ImageInProduct], *, keep: bool
) -> None:
    mine, other = pair
    code = mine.store.merchant_code
    before, urls = count_rows(service, other.store.merchant_code), mine.urls()
    assert count_rows(service, code) == before
    assert before["deliveries"] > 0
    query = f"merchant={code}" + ("&keep=merchants" if keep else "")
    assert admin(service, "POST", f"/reset?{query}").data == {"pictures": 2}
    assert count_rows(service, code) == ({"merchants": 1, "tokens": 1} if keep else {})
    assert count_rows(service, other.store.merchant_code) == before
    assert all(service.get(url).status == 404 for url in urls.values())
    assert all(service.get(url).status == 200 for url in other.urls().values())
    listed = mine.store.call("GET", PRODUCTS_PATH)
    if keep:
        assert (listed.status, listed.data) == (200, [])
    else:
        check_error(listed, 401, "invalid_token")
    assert other.store.create_product()


def test_an_unknown_merchant_has_nothing_to_delete(service: Service) -> None:
    assert admin(service, "POST", "/reset?merchant=nobody").data == {"pictures": 0}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("keep=everything", "invalid_choice"),
        ("clear=faults,tokens", "invalid_choice"),
        ("merchants=shop1", "unknown_field"),
    ],
)
def test_an_invalid_reset_changes_nothing(
    service: Service, pair: tuple[ImageInProduct, ImageInProduct], query: str, reason: str
) -> None:
    check_error(admin(service, "POST", f"/reset?{query}"), 422, reason)
    assert pair[0].store.image_ids(pair[0].product_id) == [pair[0].id]


def test_faults_are_limited_to_a_merchant(
    service: Service, pair: tuple[ImageInProduct, ImageInProduct]
) -> None:
    mine, other = (image.store for image in pair)
    code, url = mine.merchant_code, pair[0].urls()["original"]
    added = admin(service, "POST", "/faults", what=503, merchant=code, times=9).data
    assert added["merchant"] == code
    assert other.call("GET", PRODUCTS_PATH).status == 200
    assert service.get(PRODUCTS_PATH).status == 401
    assert service.get(pair[1].urls()["original"]).status == 200
    check_error(mine.call("GET", PRODUCTS_PATH), 503, "busy")
    check_error(service.get(url), 503, "busy")
    assert [each["struck"] for each in admin(service, "GET", "/faults").data] == [2]


def test_reset_clears_faults_and_journal(
    service: Service, pair: tuple[ImageInProduct, ImageInProduct]
) -> None:
    codes = [image.store.merchant_code for image in pair]
    for code in ("", *codes):
        assert admin(service, "POST", "/faults", what="wait", merchant=code).status == 201
    admin(service, "POST", f"/reset?merchant={codes[0]}&clear=faults,journal")
    faults = admin(service, "GET", "/faults").data
    assert [each["merchant"] for each in faults] == [None, codes[1]]
    for code, recorded in zip(codes, (False, True), strict=True):
        assert bool(admin(service, "GET", f"/requests?merchant={code}").data) is recorded
    admin(service, "POST", "/reset?clear=faults, journal".replace(" ", "%20"))
    assert admin(service, "GET", "/faults").data == admin(service, "GET", "/requests").data == []


def test_unknown_names_are_rejected(service: Service) -> None:
    fault = admin(service, "POST", "/faults", what=503, time=2, paths="*")
    check_error(fault, 422, "unknown_field")
    assert {*fault.json["error"]["fields"]} == {"time", "paths"}
    check_error(admin(service, "GET", "/requests?state=422"), 422, "unknown_field")
    assert admin(service, "GET", "/faults").data == []


def test_the_journal_has_the_time_of_day(
    service: Service, pair: tuple[ImageInProduct, ImageInProduct]
) -> None:
    entry = admin(service, "GET", f"/requests?merchant={pair[0].store.merchant_code}").data[0]
    assert [*entry][:2] == ["id", "at"]
    assert entry["at"].startswith("20")
    assert entry["at"].endswith("+00:00")
