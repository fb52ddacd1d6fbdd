"""The service conforms to its OpenAPI document, tested by schemathesis.

Requests are generated from the document, valid and invalid, for each operation and in sequences:
the links of the document pass ids from the response of one operation to the next.
"""

from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import sample_photos
from tests.client import encode_json, request
from tests.stores import PREFIX, PRODUCT_PATH, ImageInProduct, Service, Store

RECEIVER_URL = "https://receiver.invalid/hook"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/products/images/{image_id}", 201),
    ("DELETE", "/products/images/{image_id}", 202),
    ("GET", "/products/images/{image_id}", 200),
    ("GET", "/products/images/{image_id}/versions", 200),
    ("GET", "/products/{product_id}/images/deleted", 200),
    ("GET", "/products/{product_id}/images/log", 200),
    ("POST", "/products/{product_id}/images", 201),
    ("POST", "/products", 201),
    ("POST", "/products/sku/{sku}/images", 200),
    ("POST", "/products/{product_id}/video", 201),
    ("POST", "/products/sku/{sku}/videos", 200),
    ("GET", "/products", 200),
    ("GET", "/products/{product_id}", 200),
    ("GET", "/products/sku/{sku}", 200),
    ("PUT", "/products/{product_id}", 201),
    ("DELETE", "/products/{product_id}", 202),
    ("PUT", "/products/sku/{sku}", 201),
    ("DELETE", "/products/sku/{sku}", 202),
    ("POST", "/products/{product_id}/status", 201),
    ("POST", "/webhooks/subscribe", 200),
    ("GET", "/webhooks", 200),
    ("GET", "/webhooks/events", 200),
    ("PUT", "/webhooks/{webhook_id}", 200),
    ("DELETE", "/webhooks/unsubscribe", 404),
]
REACHED_BY_LINKS = {
    ("product_details", 200),
    ("update_product", 201),
    ("delete_product", 202),
    ("attach_video", 201),
    ("update_subscription", 200),
}
"""Operations that must succeed with ids from an earlier response of a sequence."""
HYPOTHESIS_SETTINGS = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


NARROWED_FIELDS = {
    "url": {"type": "string", "pattern": "^https?://[a-z]{1,20}\\.[a-z]{2,9}/[a-z]{0,20}$"},
    "video_url": {
        "type": "string",
        "pattern": r"^https?://(youtu\.be/|www\.youtube\.com/(watch\?v=|shorts/|embed/))"
        r"[A-Za-z0-9_-]{11}$",
    },
    "key": {"type": "string", "pattern": "^X-[A-Za-z]{1,20}$"},
    "value": {"type": "string", "pattern": "^[a-z0-9]{0,20}$"},
    "security_strategy": {"type": "string", "enum": ["signature"]},
    "default": {"type": "integer", "enum": [0, 1]},
    "main": {"type": "integer", "enum": [0, 1]},
}
"""Schemas for generating fields whose validity the served schema does not define exactly."""


@pytest.fixture(scope="module")
def served(service: Service) -> Any:
    return request(service.port, "GET", "/openapi.json").json


@pytest.fixture(scope="module")
def document(service: Service, served: Any) -> Any:
    return load_document(service, served)


def load_document(service: Service, served: Any) -> Any:
    schema = schemathesis.openapi.from_dict(narrow(served))
    schema.config.update(base_url=f"http://127.0.0.1:{service.port}{PREFIX}")
    return schema


def trim_products(served: Any) -> Any:
    """Return the document with few fields of products.

    A sequence of requests with all fields exceeds what hypothesis generates for one example.
    """
    schemas = {
        name: schema | {"properties": {key: schema["properties"][key] for key in PRODUCT_FIELDS}}
        if schema.get("properties", {}).keys() >= PRODUCT_FIELDS and name.endswith(BODY_SUFFIXES)
        else schema
        for name, schema in served["components"]["schemas"].items()
    }
    return served | {"components": served["components"] | {"schemas": schemas}}


PRODUCT_FIELDS = {"name", "sku", "price"}


def narrow(value: Any, name: str = "") -> Any:
    """Return the document with `NARROWED_FIELDS` in its request bodies."""
    if isinstance(value, list):
        return [narrow(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    if name.endswith(BODY_SUFFIXES) and "properties" in value:
        fields = {
            key: NARROWED_FIELDS.get(key) or narrow(each, name)
            for key, each in value["properties"].items()
        }
        return value | {"properties": fields}
    is_schema = name == "schemas"
    return {
        key: narrow(each, key if is_schema or not name.endswith(BODY_SUFFIXES) else name)
        for key, each in value.items()
    }


BODY_SUFFIXES = ("Body", "Form", "Fields")
"""Ends of the names of the schemas of request bodies."""


SUBSCRIPTION = {"name": "n", "event": "product.updated"}
VALID_BODIES = [
    ("/webhooks/subscribe", SUBSCRIPTION | {"url": "https://hooks.example.com/salla"}),
    ("/webhooks/subscribe", SUBSCRIPTION | {"url": "https://متجر.example:8443/a?b=c#d"}),
    (
        "/webhooks/subscribe",
        SUBSCRIPTION
        | {"url": RECEIVER_URL, "headers": [{"key": "X-Shop-Id", "value": "Branch 7, Riyadh"}]}
        | {"security_strategy": "token", "secret": "s"},
    ),
    ("/products/{product_id}/video", {"video_url": "https://m.youtube.com/watch?v=dQw4w9WgXcQ"}),
    ("/products/{product_id}/video", {"video_url": "https://youtu.be/dQw4w9WgXcQ?t=1"}),
    (
        "/products/{product_id}/video",
        {"video_url": "https://youtu.be/dQw4w9WgXcQ", "default": True, "alt": "a\nb"},
    ),
]


@pytest.mark.parametrize(("path", "body"), VALID_BODIES)
def test_accepted_bodies_conform_to_the_schema(
    store: Store, served: Any, path: str, body: dict[str, Any]
) -> None:
    call_path = PREFIX + path.format(product_id=store.create_product())
    assert store.call("POST", call_path, encode_json(body)).status in {200, 201}
    content = served["paths"][path]["post"]["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": served.get("components", {})}
    assert jsonschema_rs.is_valid(schema, body)


class KnownResources:
    """An image, its product and a webhook, with their ids by path parameter."""

    def __init__(self, service: Service) -> None:
        self.image_in_product = ImageInProduct.create(
            Store.create(service), photo=sample_photos.png(seed=71)
        )
        sku = {"sku": "س.1"}
        self.image_in_product.store.call(
            "PUT", PRODUCT_PATH.format(self.image_in_product.product_id), encode_json(sku)
        )
        subscription = {"name": "n", "event": "product.updated", "url": RECEIVER_URL}
        webhook = self.image_in_product.store.call(
            "POST", PREFIX + "/webhooks/subscribe", encode_json(subscription)
        )
        self.ids = {
            "image_id": str(self.image_in_product.id),
            "product_id": str(self.image_in_product.product_id),
            "webhook_id": str(webhook.data["id"]),
            **sku,
        }

    def run(self, operation: Any, mode: GenerationMode, ids: dict[str, str]) -> set[int]:
        """Send generated requests and check every response; return the statuses received."""
        token = self.image_in_product.store.token
        statuses: set[int] = set()

        @HYPOTHESIS_SETTINGS
        @given(case=operation.as_strategy(mode, path_parameters=ids or None))
        def send_and_check(case: schemathesis.Case[Any]) -> None:
            response = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
            case.validate_response(response, checks=CHECKS)
            statuses.add(response.status_code)

        send_and_check()
        return statuses


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_sequences(service: Service, served: Any, mode: GenerationMode) -> None:
    received: set[tuple[str, int]] = set()
    document = load_document(service, trim_products(served))
    document.config.generation.update(modes=[mode])
    base: Any = document.as_state_machine()

    class Sequence(base):  # type: ignore[misc]  # created at run time
        def setup(self) -> None:
            self.token = Store.create(service).token

        def get_call_kwargs(self, _: object) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {self.token}"}, "timeout": 20}

        def validate_response(self, response: Any, case: Any, **_: object) -> None:
            case.validate_response(response, checks=CHECKS)
            received.add((case.operation.definition.raw["operationId"], response.status_code))

    examples = 40 if mode is GenerationMode.POSITIVE else 20  # invalid requests lead nowhere
    Sequence.run(
        settings=settings(HYPOTHESIS_SETTINGS, max_examples=examples, stateful_step_count=20)
    )
    assert mode is GenerationMode.NEGATIVE or received >= REACHED_BY_LINKS


@pytest.mark.parametrize(("method", "path", "success_status"), OPERATIONS)
def test_valid_requests(
    service: Service, document: Any, method: str, path: str, success_status: int
) -> None:
    known = KnownResources(service)
    ids = {name: value for name, value in known.ids.items() if f"{{{name}}}" in path}
    statuses = known.run(document[path][method], GenerationMode.POSITIVE, ids)
    assert success_status in statuses


@pytest.mark.parametrize("ids", [True, False], ids=["known ids", "any ids"])
@pytest.mark.parametrize(("method", "path", "success_status"), OPERATIONS)
def test_invalid_requests(
    service: Service, document: Any, method: str, path: str, success_status: int, *, ids: bool
) -> None:
    known = KnownResources(service)
    given_ids = {name: value for name, value in known.ids.items() if f"{{{name}}}" in path}
    operation = document[path][method]
    statuses = known.run(operation, GenerationMode.NEGATIVE, given_ids if ids else {})
    raw = operation.definition.raw
    kinds = {each["in"] for each in raw.get("parameters", ())} - ({"path"} if ids else set())
    if kinds or "requestBody" in raw:
        assert statuses - {success_status}
    else:  # no part of the request can be invalid
        assert success_status in statuses
