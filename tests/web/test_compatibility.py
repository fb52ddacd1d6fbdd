"""The compatibility report matches the endpoint table and real responses."""

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

# Headers of HTTP itself, which the server adds to every response.
HTTP_HEADERS = {"content-length", "date", "connection"}


def listed_subjects(kind: str) -> set[str]:
    return {name for item in compatibility.TABLE if item.kind == kind for name in item.subjects}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def field_names(schema: Any) -> Iterator[str]:
    """Yield the names of the fields in the schema of a body."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})


def test_lists_exactly_the_endpoints() -> None:
    assert listed_subjects("endpoint") == set(ENDPOINTS)


def test_lists_exactly_the_request_fields() -> None:
    sent: set[str] = set()
    for endpoint in ENDPOINTS.values():
        for media in ((endpoint.body or {}).get("content") or {}).values():
            sent.update(field_names(media["schema"]))
        sent.update(endpoint.query or {})
    assert listed_subjects("field") == sent


def test_lists_exactly_the_statuses() -> None:
    statuses = {str(status) for each in ENDPOINTS.values() for status in each.errors}
    statuses |= {str(each.http_status or each.status) for each in ENDPOINTS.values()}
    assert listed_subjects("status") == statuses


@pytest.fixture
def responses(store: Store) -> list[client.Response]:
    """Return a successful response of every kind."""
    product = store.create_product(sku="FID")
    image = store.attach(product)["id"]
    subscription = {"name": "n", "event": "product.updated", "url": "https://a.example/"}
    webhook = {**subscription, "headers": [{"key": "X-A", "value": "b"}]}
    video = encode_json({"video_url": VIDEO_URL})
    responses = [
        store.update(image, photo=sample_photos.png(seed=61)),
        store.call(
            "POST",
            ATTACH_PATH.format(product),
            client.encode_multipart(photo=sample_photos.png(seed=62)),
        ),
        store.call("POST", VIDEO_PATH.format(product), video),
        store.call("POST", SKU_PATH.format("FID") + "/videos", video),
        store.call("GET", SKU_PATH.format("FID")),
        store.call("PUT", PRODUCT_PATH.format(product), encode_json({"name": "n"})),
        store.call("POST", PRODUCTS_PATH, encode_json({"name": "m", "unused": 1})),
        store.call("GET", PRODUCTS_PATH + "?per_page=1"),
        store.call("GET", PRODUCTS_PATH + "?per_page=1&page=2"),
        store.call("GET", PRODUCTS_PATH + "?format=light"),
        store.call("POST", PREFIX + "/webhooks/subscribe", encode_json(webhook)),
        store.call("GET", PREFIX + "/webhooks"),
        store.call("GET", PREFIX + "/webhooks/events"),
        store.call("DELETE", UPDATE_PATH.format(image)),
        *(
            store.call(*("POST", PRODUCTS_PATH, encode_json({"name": "m"})), idempotency_key="k")
            for _ in range(2)
        ),
    ]
    assert {response.status for response in responses} == {200, 201, 202}
    return responses


def test_lists_exactly_the_keys_of_real_responses(responses: list[client.Response]) -> None:
    header_names = {"X-A"}  # keys that the client chose
    assert {name for response in responses for name in keys(response.json)} == (
        listed_subjects("response") | header_names
    )


def test_lists_every_header_of_real_responses(
    service: Service, responses: list[client.Response]
) -> None:
    errors = [
        client.request(service.port, "GET", PRODUCTS_PATH, None),
        client.request(service.port, "POST", PRODUCTS_PATH, client.Body(b"{", "application/json")),
    ]
    headers = {
        name.lower() for each in (*responses, *errors) for name in each.headers
    } - HTTP_HEADERS
    assert headers <= listed_subjects("header")
    limits = {name for name in listed_subjects("header") if name.startswith("x-ratelimit-")}
    assert listed_subjects("header") - headers == limits | {"retry-after"}


@pytest.mark.parametrize(
    ("language", "direction", "words"), [("ar", "rtl", "موثّق"), ("en", "ltr", "documented")]
)
def test_compatibility_page(service: Service, language: str, direction: str, words: str) -> None:
    response = service.get("/docs/compatibility", accept_language=language)
    text = response.body.decode()
    assert response.status == 200
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert words in text
    assert "update_image" in text
    assert "<script" not in text
