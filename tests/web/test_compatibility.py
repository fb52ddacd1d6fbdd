"""The table of fidelity against the document and against real answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from fatrina.web.reference import compatibility
from fatrina.web.reference.openapi import ENDPOINTS
from tests import client, sample_photos
from tests.client import encode_json
from tests.stores import (
    ATTACH_PATH,
    PREFIX,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    SKU_PATH,
    UPDATE_PATH,
    VIDEO_PATH,
    VIDEO_URL,
    Service,
    Store,
)

# What HTTP itself sets, and what the server adds to every answer.
PLAIN = {"content-length", "date", "connection"}


def told(kind: str) -> set[str]:
    return {name for each in compatibility.TABLE if each.kind == kind for name in each.subjects}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def named(schema: Any) -> Iterator[str]:
    """The names of fields in a body's schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})


def test_every_endpoint_is_in_it_and_no_other() -> None:
    assert told("endpoint") == set(ENDPOINTS)


def test_every_field_is_in_it_and_no_other() -> None:
    sent: set[str] = set()
    for endpoint in ENDPOINTS.values():
        for media in ((endpoint.body or {}).get("content") or {}).values():
            sent.update(named(media["schema"]))
        sent.update(endpoint.query or {})
    assert told("field") == sent


def test_every_status_is_in_it_and_no_other() -> None:
    statuses = {str(status) for each in ENDPOINTS.values() for status in each.errors}
    statuses |= {str(each.http_status or each.status) for each in ENDPOINTS.values()}
    assert told("status") == statuses


@pytest.fixture
def answers(store: Store) -> list[client.Response]:
    """One of everything that can be answered well."""
    product = store.create_product(sku="FID")
    image = store.attach(product)["id"]
    wanted = {"name": "n", "event": "product.updated", "url": "https://a.example/"}
    hook = {**wanted, "headers": [{"key": "X-A", "value": "b"}]}
    film = encode_json({"video_url": VIDEO_URL})
    answers = [
        store.update(image, photo=sample_photos.png(seed=61)),
        store.call(
            "POST",
            ATTACH_PATH.format(product),
            client.encode_multipart(photo=sample_photos.png(seed=62)),
        ),
        store.call("POST", VIDEO_PATH.format(product), film),
        store.call("POST", SKU_PATH.format("FID") + "/videos", film),
        store.call("GET", SKU_PATH.format("FID")),
        store.call("PUT", PRODUCT_PATH.format(product), encode_json({"name": "n"})),
        store.call("POST", PRODUCTS_PATH, encode_json({"name": "m"})),
        store.call("GET", PRODUCTS_PATH + "?per_page=1"),
        store.call("GET", PRODUCTS_PATH + "?per_page=1&page=2"),
        store.call("POST", PREFIX + "/webhooks/subscribe", encode_json(hook)),
        store.call("GET", PREFIX + "/webhooks"),
        store.call("GET", PREFIX + "/webhooks/events"),
        store.call("DELETE", UPDATE_PATH.format(image)),
    ]
    assert {answer.status for answer in answers} == {200, 201, 202}
    return answers


def test_every_key_of_real_answers_is_in_it_and_no_other(answers: list[client.Response]) -> None:
    assert {name for answer in answers for name in keys(answer.json)} == told("answer")


def test_every_header_of_real_answers_is_in_it(
    service: Service, answers: list[client.Response]
) -> None:
    refusals = [
        client.request(service.port, "GET", PRODUCTS_PATH, None),
        client.request(service.port, "POST", PRODUCTS_PATH, client.Body(b"{", "application/json")),
    ]
    seen = {name.lower() for each in (*answers, *refusals) for name in each.headers} - PLAIN
    assert seen <= told("header")
    limits = {name for name in told("header") if name.startswith("x-ratelimit-")}
    assert told("header") - seen == limits | {"retry-after"}


@pytest.mark.parametrize(
    ("language", "direction", "words"), [("ar", "rtl", "موثّق"), ("en", "ltr", "documented")]
)
def test_the_page(service: Service, language: str, direction: str, words: str) -> None:
    answer = service.get("/docs/compatibility", accept_language=language)
    text = answer.body.decode()
    assert answer.status == 200
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert words in text
    assert "update_image" in text
    assert "<script" not in text
