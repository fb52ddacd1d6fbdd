"""The other endpoints of the group, byte for byte: videos, and products by their SKU."""

from urllib.parse import quote

import pytest

from tests import sample_photos
from tests.client import Answer, as_json, multipart
from tests.stores import ATTACH, BY_SKU, FILM, PRODUCT, ROLES, UPDATE, VIDEO, Shop
from tests.test_contract import JSON, compact, conforms, sample

SENT = {"video_url": FILM, "default": True, "alt": "فيلم"}


def as_sampled(answer: Answer, name: str) -> bytes:
    """Give the sample as this answer should be: ids and names of files are random."""
    text = sample(name).decode().replace("1298199463", str(answer.data["id"]))
    for role in ROLES:
        text = text.replace(role.partition("_")[0].upper(), answer.data["image"][role]["url"])
    return text.encode()


def test_a_video(shop: Shop) -> None:
    answer = shop.call("POST", VIDEO.format(shop.product()), as_json(SENT))
    assert (answer.status, answer.body) == (201, as_sampled(answer, "video"))
    assert answer.headers["content-type"] == JSON
    assert conforms("201", answer)


def test_a_video_by_sku(shop: Shop) -> None:
    shop.product(sku="س.1")
    path = BY_SKU.format(quote("س.1")) + "/videos"
    answer = shop.call("POST", path, as_json(SENT))
    assert (answer.status, answer.body) == (200, as_sampled(answer, "video"))
    assert conforms("201", answer)


def test_an_image_by_sku(shop: Shop) -> None:
    product = shop.product(sku="A-1.b")
    photo = sample_photos.png(width=1366, height=580)
    answer = shop.call("POST", BY_SKU.format("A-1.b") + "/images", multipart(photo=photo))
    assert (answer.status, answer.body) == (200, as_sampled(answer, "image_of_200"))
    assert conforms("201", answer)
    assert shop.order(product) == [answer.data["id"]]


def test_no_video(shop: Shop) -> None:
    path, sent = VIDEO.format(shop.product()), as_json({"video_url": "https://vimeo.com/1"})
    answer = shop.call("POST", path, sent, accept_language="en")
    assert (answer.status, answer.body) == (422, sample("invalid_video_link_en"))


def test_a_photo_for_a_video(shop: Shop) -> None:
    film = shop.attach_video(shop.product())["id"]
    sent = multipart(photo=sample_photos.png())
    answer = shop.call("POST", UPDATE.format(film), sent, accept_language="en")
    assert (answer.status, answer.body) == (422, sample("image_is_video_en"))


def test_a_video_and_a_product_are_removed_alike(shop: Shop) -> None:
    product = shop.product()
    answer = shop.delete(shop.attach_video(product)["id"])
    assert (answer.status, answer.body) == (202, sample("removed"))
    answer = shop.call("DELETE", PRODUCT.format(product))
    assert (answer.status, answer.body) == (202, sample("removed"))


@pytest.mark.parametrize("path", [BY_SKU.format("A-1") + "/images", BY_SKU.format("A-1")])
def test_by_sku_is_by_id(shop: Shop, path: str) -> None:
    """The two ways show one product, and refuse in one way."""
    product = shop.product(sku="A-1")
    by_id = ATTACH.format(product) if path.endswith("/images") else PRODUCT.format(product)
    method = "POST" if path.endswith("/images") else "GET"
    assert shop.call(method, path, multipart()).body == shop.call(method, by_id, multipart()).body
    missing = shop.call(method, path.replace("A-1", "A-2"))
    assert (missing.status, missing.reasons) == (404, "not_found")


def test_an_empty_list(shop: Shop) -> None:
    answer = shop.call("GET", "/admin/v2/products")
    assert (answer.status, answer.body) == (200, sample("products_none"))
    product = shop.product(sku="A-1")
    answer = shop.call("GET", "/admin/v2/products")
    assert answer.body == compact(
        {
            "status": 200,
            "success": True,
            "data": [shop.details(product)],
            "pagination": {
                "count": 1,
                "total": 1,
                "perPage": 15,
                "currentPage": 1,
                "totalPages": 1,
                "links": {},
            },
        }
    )
