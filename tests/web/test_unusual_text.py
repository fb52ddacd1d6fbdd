"""Unusual and very long text: stored or rejected, never an internal error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fatrina.emulator.journal import Journal
from fatrina.web.http import context
from tests import client, sample_photos
from tests.client import Body, Response, encode_field, encode_json, join_parts
from tests.stores import (
    ADMIN_TOKEN,
    ATTACH_PATH,
    PREFIX,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    UPDATE_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
)
from tests.waiting import wait_until
from tests.web.error_responses import check_error

JOURNAL = "/_fatrina/requests"
DRAWN = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ODD = "\ud800\udfff\udc80\0\n\r\t\x0b\x7f\x85\u2028\u202e\ufeff\ufffe\U0010ffff'\"\\<%{"
UNUSUAL_TEXT = st.text(
    st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=())), max_size=12
)
VALUES = st.one_of(
    UNUSUAL_TEXT,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(UNUSUAL_TEXT, max_size=3),
    st.dictionaries(UNUSUAL_TEXT, UNUSUAL_TEXT, max_size=3),
)
FIELDS = {
    "UPDATE": ["photo", "original", "alt", "sort", "default"],
    "ATTACH": ["photo", "original", "alt", "sort", "main"],
    "VIDEO": ["video_url", "alt"],
    "CREATE": ["name", "sku", "images", "images.original", "images.alt", "images.main"],
    "CHANGE": ["name", "sku"],
    "SUBSCRIBE": [
        *("name", "event", "url", "rule", "version", "secret", "security_strategy"),
        *("headers", "headers.key", "headers.value"),
    ],
    "FAULT": ["what", "path", "method", "times", "seconds", "share", "seed"],
    "SEED": ["merchants", "merchants.code", "merchants.tokens", "merchants.products"],
}
VALID_FIELDS = {
    "CREATE": {"name": "n"},
    "SUBSCRIBE": {"name": "n", "event": "product.updated", "url": "https://a.test/"},
    "FAULT": {"what": "503", "path": "/nowhere"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("weird"), admin_token=ADMIN_TOKEN) as one:
        yield one


@pytest.fixture(scope="module")
def image_in_product(service: Service) -> ImageInProduct:
    return ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=5))


def admin(service: Service, method: str, target: str, body: Body | None = None) -> Response:
    return client.request(service.port, method, target, body, authorization=f"Bearer {ADMIN_TOKEN}")


def send(image_in_product: ImageInProduct, endpoint: str, body: Body) -> Response:
    store = image_in_product.store
    if endpoint in {"FAULT", "SEED"}:
        return admin(
            store.service,
            "POST",
            f"/_fatrina/{endpoint.lower()}{'s' * (endpoint == 'FAULT')}",
            body,
        )
    method, path = {
        "UPDATE": ("POST", UPDATE_PATH.format(image_in_product.id)),
        "ATTACH": ("POST", ATTACH_PATH.format(image_in_product.product_id)),
        "VIDEO": ("POST", f"{PREFIX}/products/{image_in_product.product_id}/video"),
        "CREATE": ("POST", PRODUCTS_PATH),
        "CHANGE": ("PUT", PRODUCT_PATH.format(image_in_product.product_id)),
        "SUBSCRIBE": ("POST", PREFIX + "/webhooks/subscribe"),
    }[endpoint]
    return store.call(method, path, body)


def build_fields(name: str, value: object) -> dict[str, object]:
    """Return a field with this value; a name with a dot is a field of an object in a list."""
    outer, _, inner = name.partition(".")
    return {outer: [{inner: value}] if inner else value}


def check_no_internal_error(response: Response) -> None:
    assert response.status < 500, response
    assert response.status != 404 or response.reasons == "not_found"
    json.loads(response.body.decode("utf-8", "strict"))


@pytest.mark.parametrize("endpoint", FIELDS)
def test_unusual_text_in_json(image_in_product: ImageInProduct, endpoint: str) -> None:
    @DRAWN
    @given(name=st.sampled_from(FIELDS[endpoint]), value=VALUES, key=UNUSUAL_TEXT)
    def each(name: str, value: object, key: str) -> None:
        fields = VALID_FIELDS.get(endpoint, {}) | build_fields(name, value) | {key + "?": value}
        check_no_internal_error(send(image_in_product, endpoint, encode_json(fields)))

    each()
    admin(image_in_product.store.service, "DELETE", "/_fatrina/faults")
    assert admin(image_in_product.store.service, "GET", JOURNAL + "?limit=1000").status == 200
    assert image_in_product.store.call("GET", PRODUCTS_PATH).status == 200
    assert image_in_product.store.call("GET", PREFIX + "/webhooks").status == 200


@DRAWN
@given(name=UNUSUAL_TEXT, value=UNUSUAL_TEXT, alt=UNUSUAL_TEXT)
def test_unusual_text_in_a_form(
    image_in_product: ImageInProduct, name: str, value: str, alt: str
) -> None:
    quoted = name.encode("utf-8", "replace").decode().translate(dict.fromkeys(map(ord, '\r\n"\\')))
    parts = [encode_field(quoted, value.encode("utf-8", "surrogatepass").decode("latin-1"))]
    check_no_internal_error(
        send(image_in_product, "UPDATE", join_parts(*parts, text_part("alt", alt)))
    )


def text_part(name: str, text: str) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    return client.encode_part(head, text.encode("utf-8", "surrogatepass"))


@DRAWN
@given(alt=st.text(max_size=40))
def test_stored_alt_is_one_line(image_in_product: ImageInProduct, alt: str) -> None:
    response = send(image_in_product, "UPDATE", encode_json({"alt": alt}))
    if response.status == 201:
        kept = response.data["alt_seo"] or ""
        assert kept == kept.strip(" ")
        assert not {*"\t\n\r\u2028\u2029"} & {*kept}
        assert kept.split() == alt.split()
    else:
        assert response.reasons in {"control_character", "text_too_long"}


# Too many values

ERRORS: dict[str, dict[str, Any]] = {
    "no objects": {"name": "n", "images": [1] * 20_000},
    "empty objects": {"name": "n", "images": [{}] * 14_000},
    "ninety wrong": {"name": "n", "images": [{"original": 1, "alt": 2, "main": "x"}] * 90},
    "no list": {"name": "n", "images": {str(n): 1 for n in range(6_000)}},
    "names": {"name": 1, **{f"field {n}": "x" for n in range(3_000)}},
    "long names": {"name": 1, "x" * 30_000: 1, "y" * 30_000: 1},
    "half a pair": {"name": 1, "\ud83d": 1, "x\udc00": "\ud83d"},
}


@pytest.mark.parametrize("case", ERRORS)
def test_response_to_many_errors_is_small(image_in_product: ImageInProduct, case: str) -> None:
    admin(image_in_product.store.service, "DELETE", JOURNAL)
    response = send(image_in_product, "CREATE", encode_json(ERRORS[case]))
    assert response.status == 422
    assert len(response.body) < 20_000
    assert 1 <= len(response.json["error"]["fields"]) <= 25
    wait_until(lambda: bool(admin(image_in_product.store.service, "GET", JOURNAL).data))
    kept = admin(image_in_product.store.service, "GET", JOURNAL)
    assert len(kept.body) < 20_000
    assert len(kept.data[0]["body"]) <= 42


def test_too_long_list(image_in_product: ImageInProduct) -> None:
    response = send(
        image_in_product, "CREATE", encode_json({"name": "n", "images": [{"original": "x"}] * 101})
    )
    check_error(response, 422, "list_too_long")
    wanted = VALID_FIELDS["SUBSCRIBE"] | {"headers": [{"key": "X-A", "value": "b"}] * 101}
    check_error(send(image_in_product, "SUBSCRIBE", encode_json(wanted)), 422, "list_too_long")


def test_seed_with_many_errors(image_in_product: ImageInProduct) -> None:
    seeds: list[Any] = [
        {"merchants": [1] * 50_000},
        {"merchants": [{"\ud83d" * 999: 1, "code": "x"}]},
    ]
    for seed in seeds:
        response = send(image_in_product, "SEED", encode_json(seed))
        check_error(response, 422, "invalid_seed")
        assert len(response.body) < 20_000


def test_journal_entry_size_is_limited(image_in_product: ImageInProduct) -> None:
    store = image_in_product.store
    names = "&".join(f"{'n' * 90}{n}=1" for n in range(60))
    crowd = encode_json({f"{n}{'x' * 200}": 1 for n in range(150)} | ERRORS["ninety wrong"])
    for _ in range(30):
        store.call(
            "POST", f"{PRODUCTS_PATH}?{names}&keyword={'k' * 900}", crowd, user_agent="u" * 900
        )
    kept = admin(store.service, "GET", JOURNAL + "?limit=1000")
    assert kept.status == 200
    assert {entry["status"] for entry in kept.data[:30]} == {422}
    assert max(len(json.dumps(entry)) for entry in kept.data) < 20_000


def test_journal_size_is_limited() -> None:
    journal = Journal()
    shape = {f"field {n}": "x" * 200 for n in range(100)}
    for number in range(400):
        scope: dict[str, Any] = {"path": PRODUCTS_PATH, "query_string": b"", "headers": []}
        context.get(scope).body_shape = shape
        journal.record(scope, {"id": number, "method": "POST"})
    kept = [entry["id"] for entry in journal.entries()]
    assert kept == list(range(399, 399 - len(kept), -1))
    assert 100 < len(kept) < 200
