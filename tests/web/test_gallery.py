"""Attach and Delete: the order, the one default, the ceiling of ten."""

from typing import Any

import pytest

from tests import sample_photos
from tests.client import as_json, multipart, urlencoded
from tests.stores import ATTACH, ROLES, Hung, Service, Shop


def attach(shop: Shop, product: int, **fields: str | bytes) -> int:
    return int(shop.attach(product, None, **fields)["id"])


# Attach


def test_the_first_image_is_the_default_and_the_first(shop: Shop) -> None:
    data = shop.attach(shop.product())
    assert (data["sort"], data["default"], data["alt_seo"], data["type"]) == (
        1,
        True,
        None,
        "image",
    )


def test_each_further_one_is_the_last(shop: Shop) -> None:
    product = shop.product()
    images = [attach(shop, product, sort=sort) for sort in ("", "", "7.5", "", "-1")]
    first, second, third, fourth, fifth = images
    assert shop.order(product) == [fifth, first, second, third, fourth]
    shown = shop.details(product)["images"]
    assert [image["sort"] for image in shown] == [-1, 1, 2, 7.5, 8]


def test_of_equal_sorts_the_older_comes_first(shop: Shop) -> None:
    product = shop.product()
    images = [attach(shop, product, sort="3") for _ in range(3)]
    assert shop.order(product) == images
    shop.update(images[0], photo=sample_photos.jpeg(), sort="3")
    assert shop.order(product) == images


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
def test_main_wins_over_default(shop: Shop, flags: dict[str, str], *, default: bool) -> None:
    product = shop.product()
    first, second = attach(shop, product), attach(shop, product, **flags)
    assert shop.main(product) == [second if default else first]


def test_by_link(shop: Shop, photos: str) -> None:
    product = shop.product()
    link = f"{photos}/a.png"
    for body in (
        multipart(original=link, alt="ش"),
        multipart(photo=link, alt="ش"),
        urlencoded(original=link, alt="ش"),
        as_json({"original": link, "main": True, "alt": "ش"}),
    ):
        image = shop.attach(product, body)
        assert image["alt_seo"] == "ش"
        for role in ROLES:
            assert shop.service.get(image["image"][role]["url"]).status == 200
    assert shop.main(product) == shop.order(product)[-1:]


def test_bytes_win_over_the_link(shop: Shop, photos: str) -> None:
    image = shop.attach(
        shop.product(), None, photo=sample_photos.png(), original=f"{photos}/missing.png"
    )
    assert image["type"] == "image"


@pytest.mark.parametrize("field", ["photo", "original"])
def test_a_fault_is_told_of_the_field_that_has_it(shop: Shop, photos: str, field: str) -> None:
    product = shop.product()
    answer = shop.call("POST", ATTACH.format(product), multipart(**{field: "no link"}))
    assert (answer.status, answer.reasons) == (422, "link_malformed")
    answer = shop.call("POST", ATTACH.format(product), as_json({field: 5, "sort": "x"}))
    assert list(answer.json["error"]["fields"]) == ["sort", field]
    for target, reason in (("missing.png", "link_not_found"), ("page.html", "link_is_page")):
        sent = multipart(**{field: f"{photos}/{target}"})
        answer = shop.call("POST", ATTACH.format(product), sent)
        assert (list(answer.json["error"]["fields"]), answer.reasons) == ([field], reason)
    assert shop.order(product) == []


def test_an_empty_file_is_its_own_fault(shop: Shop) -> None:
    product = shop.product()
    answer = shop.call("POST", ATTACH.format(product), multipart(photo=b""))
    assert (answer.status, answer.reasons) == (422, "photo_empty")
    assert shop.order(product) == []


def test_a_full_gallery_is_told_before_the_photo_is_sent(shop: Shop) -> None:
    product = shop.product()
    for _ in range(10):
        attach(shop, product)
    with shop.line() as line:
        line.send(shop.head("POST", ATTACH.format(product), content_length="5000000"))
        answer = line.answer()
    assert (answer.status, answer.reasons) == (422, "gallery_full")


# The default, by Update


def test_the_default_moves(shop: Shop) -> None:
    product = shop.product()
    first, second, third = (attach(shop, product) for _ in range(3))
    for image in (third, second, second, first):
        assert shop.update(image, photo=sample_photos.jpeg(), default="1").data["default"] is True
        assert shop.main(product) == [image]


def test_a_default_given_up_goes_to_the_first_other(shop: Shop) -> None:
    product = shop.product()
    first, second, third = (attach(shop, product) for _ in range(3))
    assert shop.update(first, photo=sample_photos.png(), default="0").data["default"] is False
    assert shop.main(product) == [second]
    shop.update(third, photo=sample_photos.png(), sort="0")
    shop.update(second, photo=sample_photos.png(), default="0")
    assert shop.main(product) == [third]


def test_the_only_image_cannot_give_the_default_up(hung: Hung) -> None:
    answer = hung.shop.update(hung.id, photo=sample_photos.png(), default="0")
    assert (answer.status, answer.data["default"]) == (201, True)


def test_sorts_put_the_images_in_order(shop: Shop) -> None:
    product = shop.product()
    images = [attach(shop, product) for _ in range(4)]
    for image, sort in zip(images, ("4", "3.5", "-2", "1e3"), strict=True):
        shop.update(image, photo=sample_photos.png(), sort=sort)
    assert shop.order(product) == [images[2], images[1], images[0], images[3]]


# Delete


def test_a_deleted_image_is_gone_and_its_urls_are_kept_for_a_while(hung: Hung) -> None:
    assert hung.shop.delete(hung.id).status == 202
    assert hung.shop.delete(hung.id).status == 404
    assert hung.shop.update(hung.id, photo=sample_photos.png()).status == 404
    details = hung.shop.details(hung.product)
    assert (details["status"], details["main_image"], details["images"]) == ("hidden", None, [])
    assert hung.pictures() == hung.were


def test_the_default_of_a_deleted_image_goes_to_the_first_other(shop: Shop) -> None:
    product = shop.product()
    first, second, third = (attach(shop, product) for _ in range(3))
    shop.delete(second)
    assert shop.main(product) == [first]
    shop.delete(first)
    assert shop.main(product) == [third]
    shop.delete(third)
    assert shop.main(product) == []
    fourth = shop.attach(product)
    assert (fourth["default"], fourth["sort"]) == (True, 1)


def test_a_body_of_delete_is_nobodys_concern(hung: Hung) -> None:
    answer = hung.shop.call("DELETE", hung.path, multipart(alt="x"))
    assert answer.status == 202


# Products


@pytest.mark.parametrize("way", [as_json, lambda fields: multipart(**fields)])
def test_a_sku_belongs_to_one_product_of_a_merchant(service: Service, shop: Shop, way: Any) -> None:
    body = way({"name": "ثوب", "sku": "س-1"})
    assert shop.call("POST", "/admin/v2/products", body).data["sku"] == "س-1"
    answer = shop.call("POST", "/admin/v2/products", body)
    assert (answer.status, answer.reasons) == (422, "sku_taken")
    assert Shop.open(service).call("POST", "/admin/v2/products", body).status == 201


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
def test_products_that_cannot_be(shop: Shop, fields: dict[str, object], reasons: str) -> None:
    answer = shop.call("POST", "/admin/v2/products", as_json(fields))
    assert (answer.status, answer.reasons) == (422, reasons)
