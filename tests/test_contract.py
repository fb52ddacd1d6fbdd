"""The contract, byte for byte: the document's own bodies, and those known beside it."""

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
from tests.client import Answer, as_json, call, multipart
from tests.stores import ATTACH, PRODUCT, ROLES, UPDATE, Hung, Service, Shop

SAMPLES: Final = Path(__file__).parent / "samples"
JSON: Final = "application/json; charset=utf-8"
NOWHERE: Final = UPDATE.format(2**31 - 1)


@cache
def document() -> Any:
    return yaml.safe_load((SAMPLES / "update-image.openapi.yaml").read_text("utf-8"))


def told(status: str) -> Any:
    """Give what the document says of a status of Update Image."""
    operation = document()["paths"]["/products/images/{image-id}"]["post"]
    return operation["responses"][status]["content"]["application/json"]


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes().rstrip(b"\n")


def compact(value: object) -> bytes:
    """Write JSON as the service does: the order is the value's own."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def schema_of(status: str) -> dict[str, Any]:
    """Read a schema of the document (OpenAPI 3.0) as JSON Schema: `nullable` becomes a type."""
    components = deepcopy(document()["components"])
    for schema in _schemas(components):
        if schema.pop("nullable", False):
            schema["type"] = [schema["type"], "null"]
    return {"components": components, **told(status)["schema"]}


def _schemas(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for inner in value.values():
            yield from _schemas(inner)


def conforms(status: str, answer: Answer) -> bool:
    return jsonschema_rs.is_valid(schema_of(status), answer.json)


# Success


def test_second_example_byte_for_byte(shop: Shop) -> None:
    product = shop.product()
    image = shop.attach(product)["id"]
    photo = sample_photos.png(width=1600, height=1848)
    answer = shop.update(image, photo=photo, default="1", sort="4", alt="Dress image")
    expected = deepcopy(told("201")["examples"]["3"]["value"])
    shown = answer.data["image"]
    expected["data"]["id"] = image
    for role in ROLES:
        expected["data"]["image"][role]["url"] = shown[role]["url"]
    # The document leaves an original's size at 0; ours is declared.
    expected["data"]["image"]["original"] |= {"width": 1600, "height": 1848}
    assert answer.body == compact(expected)
    assert b'"width":865.8008658008658,"height":1000}' in answer.body
    assert b'"width":432.9004329004329,"height":500}' in answer.body
    assert b'"width":103.89610389610388,"height":119.99999999999999}' in answer.body
    assert (answer.status, answer.headers["content-type"]) == (201, JSON)


@pytest.mark.parametrize("alt", ["", "نص بديل"])
def test_answers_fit_the_documents_schema(hung: Hung, alt: str) -> None:
    answer = hung.shop.update(hung.id, photo=sample_photos.jpeg(), alt=alt)
    assert answer.data["alt_seo"] == (alt or None)
    assert conforms("201", answer)
    assert (
        list(answer.data)
        == schema_of("201")["components"]["schemas"]["ProductImagesVideos"]["x-apidog-orders"]
    )


def test_the_schema_check_would_tell(hung: Hung) -> None:
    answer = hung.shop.update(hung.id, photo=sample_photos.jpeg())
    value = answer.json
    for key in value["data"]:
        broken = {
            **value,
            "data": {name: each for name, each in value["data"].items() if name != key},
        }
        assert not conforms("201", answer._replace(body=compact(broken)))
    value["data"]["alt_seo"] = 5
    assert not conforms("201", answer._replace(body=compact(value)))


def test_four_urls_of_the_documented_shape(hung: Hung) -> None:
    urls = hung.urls()
    assert len(set(urls.values())) == 4
    for url in urls.values():
        base, code, name = url.rsplit("/", 2)
        assert base == f"http://127.0.0.1:{hung.shop.service.port}"
        assert code == hung.shop.code
        stem, extension = name.split(".")
        assert (len(stem), stem.isascii(), stem.isalnum(), extension) == (40, True, True, "png")


def test_removal_byte_for_byte(hung: Hung) -> None:
    answer = hung.shop.delete(hung.id)
    assert (answer.status, answer.body) == (202, sample("removed"))


# Refusals


def ask(shop: Shop, **headers: str) -> Answer:
    return shop.call("POST", NOWHERE, multipart(photo=sample_photos.png()), **headers)


def test_scope_missing(hung: Hung) -> None:
    reading = hung.shop.service.token(hung.shop.code, READ)
    answer = hung.shop.call("POST", hung.path, authorization=f"Bearer {reading}")
    assert (answer.status, answer.body) == (401, compact(told("401")["example"]))
    assert conforms("401", answer)
    hung.must_be_whole()


def tokens(service: Service, shop: Shop) -> dict[str, str]:
    revoked = service.token(shop.code)
    rows = service.services.database
    last = access.list_tokens(rows)[-1].id
    assert access.revoke_token(rows, last, Clock()())
    return {
        "unknown": "Bearer fatrina_" + "x" * 43,
        "expired": f"Bearer {service.token(shop.code, milliseconds=-1)}",
        "revoked": f"Bearer {revoked}",
        "basic": "Basic dXNlcjpwYXNz",
        "empty": "Bearer ",
        "bare": shop.token,
        "two": f"Bearer {shop.token} {shop.token}",
        "arabic": "Bearer ٣",
        "long": "Bearer " + "x" * 4000,
    }


@pytest.mark.parametrize(
    "kind", ["unknown", "expired", "revoked", "basic", "empty", "bare", "two", "arabic", "long"]
)
def test_token_invalid(service: Service, hung: Hung, kind: str) -> None:
    value = tokens(service, hung.shop)[kind]
    answer = hung.shop.call("POST", hung.path, authorization=value)
    assert (answer.status, answer.body) == (401, sample("invalid_token"))
    assert answer.headers["www-authenticate"] == "Bearer"
    assert conforms("401", answer)
    hung.must_be_whole()


def test_token_absent(service: Service, hung: Hung) -> None:
    answer = call(service.port, "POST", hung.path)
    assert (answer.status, answer.body) == (401, sample("invalid_token"))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer   "])
def test_the_scheme_is_spelt_anyhow(hung: Hung, scheme: str) -> None:
    answer = hung.shop.call("DELETE", hung.path, authorization=f"{scheme} {hung.shop.token}")
    assert answer.status == 202


def test_missing_in_arabic_and_english(shop: Shop) -> None:
    example = compact(told("404")["example"])
    assert (ask(shop).status, ask(shop).body) == (404, example)
    assert ask(shop, accept_language="ar-SA,ar;q=0.9,en;q=0.8").body == example
    assert ask(shop, accept_language="en-GB,en;q=0.9,ar;q=0.8").body == sample("missing_en")


def test_anothers_image_is_no_image(service: Service, shop: Shop) -> None:
    others = Hung.up(Shop.open(service))
    form = multipart(photo=sample_photos.png())
    for method, theirs, nobodys in (
        ("POST", others.path, NOWHERE),
        ("DELETE", others.path, NOWHERE),
        ("POST", ATTACH.format(others.product), ATTACH.format(1)),
        ("GET", PRODUCT.format(others.product), PRODUCT.format(1)),
    ):
        found, missing = shop.call(method, theirs, form), shop.call(method, nobodys, form)
        assert (found.status, found.body) == (404, compact(told("404")["example"]))
        assert (missing.status, missing.body) == (404, found.body)
        assert found.headers.keys() == missing.headers.keys()
    others.must_be_whole()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_photo_missing(hung: Hung, language: str) -> None:
    answer = hung.shop.call("POST", hung.path, multipart(alt="x"), accept_language=language)
    assert (answer.status, answer.body) == (422, sample(f"photo_required_{language}"))
    assert answer.headers["content-language"] == language
    hung.must_be_whole()


def test_attach_without_a_photo(shop: Shop) -> None:
    answer = shop.call("POST", ATTACH.format(shop.product()), multipart(alt="x"))
    assert (answer.status, answer.body) == (422, sample("attach_required_ar"))


def test_all_faults_at_once(hung: Hung) -> None:
    form = multipart(photo=sample_photos.png(), default="maybe", sort="first", alt="x" * 501)
    answer = hung.shop.update(hung.id, form)
    assert (answer.status, answer.body) == (422, sample("fields_invalid_ar"))
    assert answer.reasons == "not_boolean, not_number, text_too_long"
    hung.must_be_whole()


def test_eleventh_image(shop: Shop) -> None:
    product = shop.product()
    for _ in range(10):
        shop.attach(product)
    form = multipart(photo=sample_photos.png())
    answer = shop.call("POST", ATTACH.format(product), form)
    assert (answer.status, answer.body) == (422, sample("gallery_full"))
    assert len(shop.order(product)) == 10
    shop.delete(shop.order(product)[0])
    assert shop.attach(product)["sort"] == 11


@pytest.mark.parametrize(
    "sent", [client.urlencoded(name="x"), as_json({"name": "x", "sku": "A-1"})]
)
def test_a_product_without_images_is_hidden(shop: Shop, sent: client.Body) -> None:
    made = shop.call("POST", "/admin/v2/products", sent)
    details = shop.details(made.data["id"])
    assert details == made.data
    assert (details["status"], details["main_image"], details["images"]) == ("hidden", None, [])


def test_product_details(hung: Hung) -> None:
    details = hung.shop.details(hung.product)
    urls = hung.urls()
    assert details["status"] == "sale"
    assert details["main_image"] == urls["original"]
    assert details["thumbnail"] == urls["thumbnail"]
    hung.must_be_whole()
