"""The contract, byte for byte: the bodies of the document, and samples of undocumented ones."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]

from fatrina.actions import access
from fatrina.actions.clock import Clock
from fatrina.domain.access import READ
from tests import client, sample_photos
from tests.client import Response, encode_json, encode_multipart, request
from tests.stores import (
    ATTACH_PATH,
    PRODUCT_PATH,
    ROLES,
    UPDATE_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
)

SAMPLES: Final = Path(__file__).parent / "samples"
JSON: Final = "application/json; charset=utf-8"
MISSING_IMAGE_PATH: Final = UPDATE_PATH.format(2**31 - 1)


@cache
def document() -> Any:
    return yaml.safe_load((SAMPLES / "update-image.openapi.yaml").read_text("utf-8"))


def documented_response(status: str) -> Any:
    """Return the documented response of Update Image with this status."""
    operation = document()["paths"]["/products/images/{image-id}"]["post"]
    return operation["responses"][status]["content"]["application/json"]


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes().rstrip(b"\n")


def compact(value: object) -> bytes:
    """Encode JSON as the service does: without whitespace, in the order of the keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def schema_of(status: str) -> dict[str, Any]:
    """Return the schema of a response as JSON Schema: `nullable` (OpenAPI 3.0) becomes a type."""
    components = deepcopy(document()["components"])
    for schema in _schemas(components):
        if schema.pop("nullable", False):
            schema["type"] = [schema["type"], "null"]
    return {"components": components, **documented_response(status)["schema"]}


def _schemas(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for inner in value.values():
            yield from _schemas(inner)


def conforms(status: str, response: Response) -> bool:
    return jsonschema_rs.is_valid(schema_of(status), response.json)


# Success


def test_second_documented_example_byte_for_byte(store: Store) -> None:
    product = store.create_product()
    image = store.attach(product)["id"]
    photo = sample_photos.png(width=1600, height=1848)
    response = store.update(image, photo=photo, default="1", sort="4", alt="Dress image")
    expected = deepcopy(documented_response("201")["examples"]["3"]["value"])
    files = response.data["image"]
    expected["data"]["id"] = image
    for role in ROLES:
        expected["data"]["image"][role]["url"] = files[role]["url"]
    # The document states a size of 0 for originals; Fatrina returns the real size.
    expected["data"]["image"]["original"] |= {"width": 1600, "height": 1848}
    assert response.body == compact(expected)
    assert b'"width":865.8008658008658,"height":1000}' in response.body
    assert b'"width":432.9004329004329,"height":500}' in response.body
    assert b'"width":103.89610389610388,"height":119.99999999999999}' in response.body
    assert (response.status, response.headers["content-type"]) == (201, JSON)


@pytest.mark.parametrize("alt", ["", "نص بديل"])
def test_responses_conform_to_the_documented_schema(
    image_in_product: ImageInProduct, alt: str
) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.jpeg(), alt=alt
    )
    assert response.data["alt_seo"] == (alt or None)
    assert conforms("201", response)
    assert (
        list(response.data)
        == schema_of("201")["components"]["schemas"]["ProductImagesVideos"]["x-apidog-orders"]
    )


def test_schema_check_detects_missing_and_invalid_fields(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(image_in_product.id, photo=sample_photos.jpeg())
    value = response.json
    for key in value["data"]:
        broken = {
            **value,
            "data": {name: field for name, field in value["data"].items() if name != key},
        }
        assert not conforms("201", response._replace(body=compact(broken)))
    value["data"]["alt_seo"] = 5
    assert not conforms("201", response._replace(body=compact(value)))


def test_four_urls_have_the_documented_format(image_in_product: ImageInProduct) -> None:
    urls = image_in_product.urls()
    assert len(set(urls.values())) == 4
    for url in urls.values():
        base, code, name = url.rsplit("/", 2)
        assert base == f"http://127.0.0.1:{image_in_product.store.service.port}"
        assert code == image_in_product.store.merchant_code
        stem, extension = name.split(".")
        assert (len(stem), stem.isascii(), stem.isalnum(), extension) == (40, True, True, "png")


def test_deletion_byte_for_byte(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.delete(image_in_product.id)
    assert (response.status, response.body) == (202, sample("removed"))


# Errors


def update_missing_image(store: Store, **headers: str) -> Response:
    return store.call(
        "POST", MISSING_IMAGE_PATH, encode_multipart(photo=sample_photos.png()), **headers
    )


def test_missing_scope(image_in_product: ImageInProduct) -> None:
    reading = image_in_product.store.service.issue_token(image_in_product.store.merchant_code, READ)
    response = image_in_product.store.call(
        "POST", image_in_product.path, authorization=f"Bearer {reading}"
    )
    assert (response.status, response.body) == (401, compact(documented_response("401")["example"]))
    assert conforms("401", response)
    image_in_product.check_unchanged()


def invalid_tokens(service: Service, store: Store) -> dict[str, str]:
    revoked = service.issue_token(store.merchant_code)
    rows = service.services.database
    last = access.list_tokens(rows)[-1].id
    assert access.revoke_token(rows, last, Clock()())
    return {
        "unknown": "Bearer fatrina_" + "x" * 43,
        "expired": f"Bearer {service.issue_token(store.merchant_code, lifetime_ms=-1)}",
        "revoked": f"Bearer {revoked}",
        "basic": "Basic dXNlcjpwYXNz",
        "empty": "Bearer ",
        "bare": store.token,
        "two": f"Bearer {store.token} {store.token}",
        "arabic": "Bearer ٣",
        "long": "Bearer " + "x" * 4000,
    }


@pytest.mark.parametrize(
    "kind", ["unknown", "expired", "revoked", "basic", "empty", "bare", "two", "arabic", "long"]
)
def test_invalid_token(service: Service, image_in_product: ImageInProduct, kind: str) -> None:
    value = invalid_tokens(service, image_in_product.store)[kind]
    response = image_in_product.store.call("POST", image_in_product.path, authorization=value)
    assert (response.status, response.body) == (401, sample("invalid_token"))
    assert response.headers["www-authenticate"] == "Bearer"
    assert conforms("401", response)
    image_in_product.check_unchanged()


def test_missing_token(service: Service, image_in_product: ImageInProduct) -> None:
    response = request(service.port, "POST", image_in_product.path)
    assert (response.status, response.body) == (401, sample("invalid_token"))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer   "])
def test_authorization_scheme_is_case_insensitive(
    image_in_product: ImageInProduct, scheme: str
) -> None:
    response = image_in_product.store.call(
        "DELETE", image_in_product.path, authorization=f"{scheme} {image_in_product.store.token}"
    )
    assert response.status == 202


def test_missing_image_in_arabic_and_english(store: Store) -> None:
    example = compact(documented_response("404")["example"])
    assert (update_missing_image(store).status, update_missing_image(store).body) == (404, example)
    assert update_missing_image(store, accept_language="ar-SA,ar;q=0.9,en;q=0.8").body == example
    assert update_missing_image(store, accept_language="en-GB,en;q=0.9,ar;q=0.8").body == sample(
        "missing_en"
    )


def test_image_of_another_merchant_is_not_found(service: Service, store: Store) -> None:
    other = ImageInProduct.create(Store.create(service))
    form = encode_multipart(photo=sample_photos.png())
    for method, existing, missing_path in (
        ("POST", other.path, MISSING_IMAGE_PATH),
        ("DELETE", other.path, MISSING_IMAGE_PATH),
        ("POST", ATTACH_PATH.format(other.product_id), ATTACH_PATH.format(1)),
        ("GET", PRODUCT_PATH.format(other.product_id), PRODUCT_PATH.format(1)),
    ):
        found, missing = store.call(method, existing, form), store.call(method, missing_path, form)
        assert (found.status, found.body) == (404, compact(documented_response("404")["example"]))
        assert (missing.status, missing.body) == (404, found.body)
        assert found.headers.keys() == missing.headers.keys()
    other.check_unchanged()


def test_update_without_a_photo_where_it_is_required(tmp_path: Path) -> None:
    with run_service(tmp_path, photo_required=True) as service:
        image = ImageInProduct.create(Store.create(service), photo=sample_photos.png())
        for language in ("ar", "en"):
            form = encode_multipart(alt="x")
            response = image.store.call("POST", image.path, form, accept_language=language)
            assert (response.status, response.body) == (422, sample(f"photo_required_{language}"))
            assert response.headers["content-language"] == language
        image.check_unchanged()


def test_attach_without_a_photo(store: Store) -> None:
    response = store.call(
        "POST", ATTACH_PATH.format(store.create_product()), encode_multipart(alt="x")
    )
    assert (response.status, response.body) == (422, sample("attach_required_ar"))


def test_all_invalid_fields_are_reported_together(image_in_product: ImageInProduct) -> None:
    form = encode_multipart(photo=sample_photos.png(), default="maybe", sort="first", alt="x" * 71)
    response = image_in_product.store.update(image_in_product.id, form)
    assert (response.status, response.body) == (422, sample("fields_invalid_ar"))
    assert response.reasons == "not_boolean, not_number, text_too_long"
    image_in_product.check_unchanged()


def test_eleventh_image_is_rejected(store: Store) -> None:
    product = store.create_product()
    for _ in range(10):
        store.attach(product)
    form = encode_multipart(photo=sample_photos.png())
    response = store.call("POST", ATTACH_PATH.format(product), form)
    assert (response.status, response.body) == (422, sample("gallery_full"))
    assert len(store.image_ids(product)) == 10
    store.delete(store.image_ids(product)[0])
    assert store.attach(product)["sort"] == 11


@pytest.mark.parametrize(
    "body", [client.encode_urlencoded(name="x"), encode_json({"name": "x", "sku": "A-1"})]
)
def test_product_without_images_is_hidden(store: Store, body: client.Body) -> None:
    created = store.call("POST", "/admin/v2/products", body)
    details = store.product_details(created.data["id"])
    assert details == created.data
    assert (details["status"], details["main_image"], details["images"]) == ("hidden", None, [])


def test_product_details(image_in_product: ImageInProduct) -> None:
    details = image_in_product.store.product_details(image_in_product.product_id)
    urls = image_in_product.urls()
    assert details["status"] == "sale"
    assert details["main_image"] == urls["original"]
    assert details["thumbnail"] == urls["thumbnail"]
    image_in_product.check_unchanged()
