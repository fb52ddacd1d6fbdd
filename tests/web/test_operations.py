"""Operator endpoints: health, readiness, metrics and documentation."""

import json
import re
from pathlib import Path
from typing import NoReturn

import jsonschema_rs
import pytest
from sqlalchemy import text

from fatrina import __version__
from fatrina.adapters.storage import LocalStorage
from fatrina.domain import errors
from tests import client, sample_photos
from tests.client import encode_multipart
from tests.stores import PREFIX, PRODUCT_PATH, ImageInProduct, Service, run_service
from tests.waiting import wait_until
from tests.web.error_responses import check_error


def test_health(service: Service) -> None:
    response = service.get("/health")
    assert (response.status, response.json) == (200, {"status": "live", "version": __version__})


def test_ready(service: Service) -> None:
    response = service.get("/ready")
    assert (response.status, response.json) == (200, {"status": "ready"})
    assert service.get("/ready", "HEAD").status == 200


def raising(fault: Exception) -> object:
    def failing(*_: object) -> NoReturn:
        raise fault

    return failing


@pytest.mark.parametrize(
    ("part", "fault", "expected"),
    [
        ("storage", OSError(30, "Read-only file system"), (503, "storage_unavailable")),
        ("storage", OSError(5, "Input/output error"), (503, "storage_unavailable")),
        ("storage", OSError(28, "No space left on device"), (507, "storage_full")),
        ("storage", OSError(122, "Disk quota exceeded"), (507, "storage_full")),
        ("storage", OSError(24, "Too many open files"), (503, "busy")),
        ("database", errors.DatabaseUnavailable(), (503, "database_unavailable")),
        ("database", errors.StorageFull(), (507, "storage_full")),
    ],
)
def test_not_ready(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    fault: Exception,
    expected: tuple[int, str],
) -> None:
    adapter = type(getattr(service.services, part))
    monkeypatch.setattr(adapter, "check_writable", raising(fault))
    response = service.get("/ready")
    check_error(response, *expected)
    assert int(response.headers["retry-after"]) > 0
    assert service.get("/health").status == 200


def test_ready_writes_to_the_storage(tmp_path: Path) -> None:
    with run_service(tmp_path) as service:
        media = tmp_path / "media"
        media.rename(tmp_path / "elsewhere")
        check_error(service.get("/ready"), 503, "storage_unavailable")
        (tmp_path / "elsewhere").rename(media)
        assert service.get("/ready").status == 200
        assert [each.name for each in media.iterdir()] == [".turnstile"]


def test_ready_checks_the_database(tmp_path: Path) -> None:
    with run_service(tmp_path) as service:
        assert service.get("/ready").status == 200
        with service.services.database.writing() as tx:
            tx.execute(text("ALTER TABLE merchants RENAME TO gone"))
        check_error(service.get("/ready"), 503, "database_unavailable")


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (OSError(28, "No space left on device"), 507, "storage_full"),
        (OSError(5, "Input/output error"), 503, "storage_unavailable"),
    ],
)
def test_failing_disk_keeps_the_old_image(
    image_in_product: ImageInProduct,
    monkeypatch: pytest.MonkeyPatch,
    fault: OSError,
    status: int,
    reason: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", raising(fault))
        response = image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(seed=61)
        )
        check_error(response, status, reason)
        assert int(response.headers["retry-after"]) > 0
    image_in_product.check_unchanged()
    assert (
        image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=61)).status
        == 201
    )


def test_unexpected_exception_returns_an_internal_error(
    image_in_product: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", raising(ZeroDivisionError("secret words")))
        response = image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(seed=62)
        )
    assert (response.status, response.reasons) == (500, "internal_error")
    assert response.json["error"]["code"] == "server_error"
    assert response.headers["x-request-id"]
    assert b"secret" not in response.body
    image_in_product.check_unchanged()


def test_full_decoder_queue_is_rejected_before_the_body(
    image_in_product: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_in_product.store.service.services.decoders, "_room", 0)
    with image_in_product.store.connect() as connection:
        sent = {"content_type": "multipart/form-data; boundary=x", "content_length": "1000000"}
        connection.send(image_in_product.store.request_head("POST", image_in_product.path, **sent))
        response = connection.read_response()
    check_error(response, 503, "busy")
    assert response.headers["retry-after"] == "2"


# Metrics


def read_metric(service: Service, metric: str) -> float:
    text = service.get("/metrics").body.decode()
    found = re.search(re.escape(metric) + r" ([0-9.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_errors_by_reason(image_in_product: ImageInProduct) -> None:
    service = image_in_product.store.service
    metric = 'fatrina_refusals_total{reason="not_boolean"}'
    before = read_metric(service, metric)
    image_in_product.store.update(image_in_product.id, photo=sample_photos.png(), default="x")
    wait_until(lambda: read_metric(service, metric) == before + 1)


def test_metrics_count_requests_by_route(image_in_product: ImageInProduct) -> None:
    service = image_in_product.store.service
    metrics = [
        f"fatrina_request_seconds_count{{{labels}}}"
        for labels in (
            'method="POST",route="update_image",status="422"',
            'method="other",route="update_image",status="405"',
            'method="other",route="not_emulated",status="501"',
            'method="GET",route="media",status="200"',
            'method="PUT",route="update_product",status="422"',
        )
    ]
    before = [read_metric(service, metric) for metric in metrics]
    image_in_product.store.update(image_in_product.id, encode_multipart(sort="x"))
    image_in_product.store.call("PROPFIND", image_in_product.path)
    image_in_product.store.call("PROPFIND", f"/admin/v2/pots/{image_in_product.id}")
    image_in_product.store.call(
        "PUT", PRODUCT_PATH.format(image_in_product.product_id), encode_multipart(name="")
    )
    service.get(image_in_product.urls()["original"])
    # A request is counted after its response has been sent.
    for metric, count in zip(metrics, before, strict=True):
        wait_until(lambda metric=metric, count=count: read_metric(service, metric) == count + 1)


def test_metrics_measure_the_stages(image_in_product: ImageInProduct) -> None:
    for stage in ("admit", "receive", "act"):
        assert (
            read_metric(
                image_in_product.store.service, f'fatrina_stage_seconds_count{{stage="{stage}"}}'
            )
            > 0
        )
    assert read_metric(image_in_product.store.service, "fatrina_decoder_waiting") == 0


def test_metrics_contain_no_ids(image_in_product: ImageInProduct) -> None:
    text = image_in_product.store.service.get("/metrics").body.decode()
    assert str(image_in_product.id) not in text
    assert image_in_product.store.merchant_code not in text


# Documentation


def test_openapi_document_is_valid(service: Service) -> None:
    response = service.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    document = response.json
    assert document["openapi"].startswith("3.1.")
    # Its schemas are JSON Schema 2020-12; each is validated as such.
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
    assert references == set(schemas)
    for path in document["paths"].values():
        for operation in path.values():
            for status, expected in operation["responses"].items():
                assert ("content" in expected) is (status != "304")
            for media, expected in operation.get("requestBody", {"content": {}})["content"].items():
                assert "$ref" in expected["schema"], media


def test_openapi_document_is_for_code_generators(service: Service) -> None:
    document = service.get("/openapi.json").json
    assert [server["url"] for server in document["servers"]] == [
        f"http://127.0.0.1:{service.port}{PREFIX}"
    ]
    update = document["paths"]["/products/images/{image_id}"]["post"]
    assert next(iter(update["requestBody"]["content"])) == "multipart/form-data"
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert flow["tokenUrl"] == f"http://127.0.0.1:{service.port}/oauth2/token"
    assert "products.read_write" in flow["scopes"]
    tags = {tag["name"] for tag in document["tags"]}
    for path in document["paths"].values():
        assert {tag for operation in path.values() for tag in operation["tags"]} <= tags


DIALECT = "https://json-schema.org/draft/2020-12/schema"


def test_openapi_document_has_every_operation(service: Service) -> None:
    paths = service.get("/openapi.json").json["paths"]
    operations = {(method, path) for path, methods in paths.items() for method in methods}
    assert operations == {
        ("get", "/store/info"),
        ("post", "/products/images/{image_id}"),
        ("delete", "/products/images/{image_id}"),
        ("get", "/products/images/{image_id}"),
        ("get", "/products/images/{image_id}/versions"),
        ("post", "/products/images/{image_id}/versions/{number}/restore"),
        ("post", "/products/images/{image_id}/restore"),
        ("get", "/products/{product_id}/images/deleted"),
        ("get", "/products/{product_id}/images/log"),
        ("get", "/products/{product_id}/images/order"),
        ("put", "/products/{product_id}/images/order"),
        ("post", "/products/{product_id}/images"),
        ("post", "/products/sku/{sku}/images"),
        ("post", "/products/{product_id}/video"),
        ("post", "/products/sku/{sku}/videos"),
        ("post", "/products"),
        ("get", "/products"),
        ("get", "/products/{product_id}"),
        ("get", "/products/sku/{sku}"),
        ("put", "/products/{product_id}"),
        ("delete", "/products/{product_id}"),
        ("put", "/products/sku/{sku}"),
        ("delete", "/products/sku/{sku}"),
        ("post", "/products/{product_id}/status"),
        ("post", "/webhooks/subscribe"),
        ("get", "/webhooks"),
        ("get", "/webhooks/events"),
        ("put", "/webhooks/{webhook_id}"),
        ("delete", "/webhooks/unsubscribe"),
    }


def test_responses_match_the_openapi_document(image_in_product: ImageInProduct) -> None:
    document = image_in_product.store.service.get("/openapi.json").json
    operation = document["paths"]["/products/images/{image_id}"]["post"]
    responses = [
        image_in_product.store.update(
            image_in_product.id, photo=sample_photos.png(width=1600, height=1848)
        ),
        image_in_product.store.update(image_in_product.id, encode_multipart(sort="x")),
        client.request(image_in_product.store.service.port, "POST", image_in_product.path),
    ]
    for response in responses:
        expected = operation["responses"][str(response.status)]
        schema = expected["content"]["application/json"]["schema"]
        components = {"components": document["components"]}
        jsonschema_rs.validate({**schema, **components}, response.json)


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_pages_load_no_external_resources(service: Service, path: str) -> None:
    page = service.get(path)
    assert page.headers["content-type"].startswith("text/html")
    text = page.body.decode()
    loaded = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)', text)
    assert len(loaded) >= 3
    for target in loaded:
        assert target.startswith(("/", "data:")), target
        assert not target.startswith("//")
        if target.startswith("/"):
            assert service.get(target).status == 200
    assert not re.search(r"https?://", text)


def test_request_ids_are_unique(service: Service) -> None:
    ids = {service.get("/health").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
