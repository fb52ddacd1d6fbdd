"""Attach and Delete: order, default image, and the limit of ten images."""

from typing import Any

import pytest

from tests import sample_photos
from tests.client import encode_json, encode_multipart, encode_urlencoded
from tests.stores import ATTACH_PATH, ROLES, ImageInProduct, Service, Store


def attach(store: Store, product: int, **fields: str | bytes) -> int:
    return int(store.attach(product, None, **fields)["id"])


# Attach


def test_first_image_is_default_and_first(store: Store) -> None:
    data = store.attach(store.create_product())
    assert (data["sort"], data["default"], data["alt_seo"], data["type"]) == (
        1,
        True,
        None,
        "image",
    )


def test_further_images_are_appended(store: Store) -> None:
    product = store.create_product()
    images = [attach(store, product, sort=sort) for sort in ("", "", "7.5", "", "-1")]
    first, second, third, fourth, fifth = images
    assert store.image_ids(product) == [fifth, first, second, third, fourth]
    shown = store.product_details(product)["images"]
    assert [image["sort"] for image in shown] == [-1, 1, 2, 7.5, 8]


def test_equal_sorts_are_ordered_by_age(store: Store) -> None:
    product = store.create_product()
    images = [attach(store, product, sort="3") for _ in range(3)]
    assert store.image_ids(product) == images
    store.update(images[0], photo=sample_photos.jpeg(), sort="3")
    assert store.image_ids(product) == images


@pytest.mark.parametrize(
    ("flags", "default"),
    [
        ({"main": "1"}, True),
        ({"default": "1"}, True),
        ({"main": "true", "default": "0"}, True),
        ({"main": "0", "default": "1"}, False),
        ({"main": "", "default": "1"}, True),
        ({"main": "0"}, False),
        ({}, False),
    ],
)
def test_main_takes_precedence_over_default(
    store: Store, flags: dict[str, str], *, default: bool
) -> None:
    product = store.create_product()
    first, second = attach(store, product), attach(store, product, **flags)
    assert store.main_image_ids(product) == [second if default else first]


def test_attach_by_link(store: Store, photos: str) -> None:
    product = store.create_product()
    link = f"{photos}/a.png"
    for body in (
        encode_multipart(original=link, alt="ش"),
        encode_multipart(photo=link, alt="ش"),
        encode_urlencoded(original=link, alt="ش"),
        encode_json({"original": link, "main": True, "alt": "ش"}),
    ):
        image = store.attach(product, body)
        assert image["alt_seo"] == "ش"
        for role in ROLES:
            assert store.service.get(image["image"][role]["url"]).status == 200
    assert store.main_image_ids(product) == store.image_ids(product)[-1:]


def test_upload_takes_precedence_over_a_link(store: Store, photos: str) -> None:
    image = store.attach(
        store.create_product(), None, photo=sample_photos.png(), original=f"{photos}/missing.png"
    )
    assert image["type"] == "image"


@pytest.mark.parametrize("field", ["photo", "original"])
def test_error_refers_to_the_field_with_the_link(store: Store, photos: str, field: str) -> None:
    product = store.create_product()
    response = store.call(
        "POST", ATTACH_PATH.format(product), encode_multipart(**{field: "no link"})
    )
    assert (response.status, response.reasons) == (422, "link_malformed")
    response = store.call("POST", ATTACH_PATH.format(product), encode_json({field: 5, "sort": "x"}))
    assert list(response.json["error"]["fields"]) == ["sort", field]
    for target, reason in (("missing.png", "link_not_found"), ("page.html", "link_is_page")):
        sent = encode_multipart(**{field: f"{photos}/{target}"})
        response = store.call("POST", ATTACH_PATH.format(product), sent)
        assert (list(response.json["error"]["fields"]), response.reasons) == ([field], reason)
    assert store.image_ids(product) == []


def test_empty_file_has_its_own_error(store: Store) -> None:
    product = store.create_product()
    response = store.call("POST", ATTACH_PATH.format(product), encode_multipart(photo=b""))
    assert (response.status, response.reasons) == (422, "photo_empty")
    assert store.image_ids(product) == []


def test_full_gallery_is_rejected_before_the_photo_is_sent(store: Store) -> None:
    product = store.create_product()
    for _ in range(10):
        attach(store, product)
    with store.connect() as connection:
        connection.send(
            store.request_head("POST", ATTACH_PATH.format(product), content_length="5000000")
        )
        response = connection.read_response()
    assert (response.status, response.reasons) == (422, "gallery_full")


# The default image, changed by Update


def test_update_moves_the_default(store: Store) -> None:
    product = store.create_product()
    first, second, third = (attach(store, product) for _ in range(3))
    for image in (third, second, second, first):
        assert store.update(image, photo=sample_photos.jpeg(), default="1").data["default"] is True
        assert store.main_image_ids(product) == [image]


def test_default_set_to_false_moves_to_the_first_other_image(store: Store) -> None:
    product = store.create_product()
    first, second, third = (attach(store, product) for _ in range(3))
    assert store.update(first, photo=sample_photos.png(), default="0").data["default"] is False
    assert store.main_image_ids(product) == [second]
    store.update(third, photo=sample_photos.png(), sort="0")
    store.update(second, photo=sample_photos.png(), default="0")
    assert store.main_image_ids(product) == [third]


def test_only_image_stays_the_default(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.png(), default="0"
    )
    assert (response.status, response.data["default"]) == (201, True)


def test_sort_defines_the_order(store: Store) -> None:
    product = store.create_product()
    images = [attach(store, product) for _ in range(4)]
    for image, sort in zip(images, ("4", "3.5", "-2", "1e3"), strict=True):
        store.update(image, photo=sample_photos.png(), sort=sort)
    assert store.image_ids(product) == [images[2], images[1], images[0], images[3]]


# Delete


def test_deleted_image_is_gone_and_its_urls_still_work(
    image_in_product: ImageInProduct,
) -> None:
    assert image_in_product.store.delete(image_in_product.id).status == 202
    assert image_in_product.store.delete(image_in_product.id).status == 404
    assert (
        image_in_product.store.update(image_in_product.id, photo=sample_photos.png()).status == 404
    )
    details = image_in_product.store.product_details(image_in_product.product_id)
    assert (details["status"], details["main_image"], details["images"]) == ("hidden", None, [])
    assert image_in_product.download_files() == image_in_product.initial_files


def test_default_of_a_deleted_image_moves_to_the_first_other(store: Store) -> None:
    product = store.create_product()
    first, second, third = (attach(store, product) for _ in range(3))
    store.delete(second)
    assert store.main_image_ids(product) == [first]
    store.delete(first)
    assert store.main_image_ids(product) == [third]
    store.delete(third)
    assert store.main_image_ids(product) == []
    fourth = store.attach(product)
    assert (fourth["default"], fourth["sort"]) == (True, 1)


def test_delete_ignores_the_body(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.call(
        "DELETE", image_in_product.path, encode_multipart(alt="x")
    )
    assert response.status == 202


# Products


@pytest.mark.parametrize("encode", [encode_json, lambda fields: encode_multipart(**fields)])
def test_sku_is_unique_per_merchant(service: Service, store: Store, encode: Any) -> None:
    body = encode({"name": "ثوب", "sku": "س-1"})
    assert store.call("POST", "/admin/v2/products", body).data["sku"] == "س-1"
    response = store.call("POST", "/admin/v2/products", body)
    assert (response.status, response.reasons) == (422, "sku_taken")
    assert Store.create(service).call("POST", "/admin/v2/products", body).status == 201


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({}, "required"),
        ({"name": ""}, "required"),
        ({"name": None, "sku": "x"}, "required"),
        ({"name": 5}, "not_string"),
        ({"name": "x" * 501}, "text_too_long"),
        ({"name": "a\0b"}, "control_character"),
        ({"name": "x", "sku": "x" * 121}, "text_too_long"),
        ({"sku": ["x"]}, "not_string, required"),
    ],
)
def test_invalid_products_are_rejected(
    store: Store, fields: dict[str, object], reasons: str
) -> None:
    response = store.call("POST", "/admin/v2/products", encode_json(fields))
    assert (response.status, response.reasons) == (422, reasons)
