"""The other endpoints of the group, byte for byte: videos, and products by their SKU."""

from urllib.parse import quote

import pytest

from tests import sample_photos
from tests.client import Response, encode_json, encode_multipart
from tests.stores import (
    ATTACH_PATH,
    PRODUCT_PATH,
    ROLES,
    SKU_PATH,
    UPDATE_PATH,
    VIDEO_PATH,
    VIDEO_URL,
    Store,
)
from tests.test_contract import JSON, compact, conforms, sample

SENT = {"video_url": VIDEO_URL, "default": True, "alt": "فيلم"}


def as_sampled(answer: Response, name: str) -> bytes:
    """Give the sample as this answer should be: ids and names of files are random."""
    text = sample(name).decode().replace("1298199463", str(answer.data["id"]))
    for role in ROLES:
        text = text.replace(role.partition("_")[0].upper(), answer.data["image"][role]["url"])
    return text.encode()


def test_a_video(store: Store) -> None:
    answer = store.call("POST", VIDEO_PATH.format(store.create_product()), encode_json(SENT))
    assert (answer.status, answer.body) == (201, as_sampled(answer, "video"))
    assert answer.headers["content-type"] == JSON
    assert conforms("201", answer)


def test_a_video_by_sku(store: Store) -> None:
    store.create_product(sku="س.1")
    path = SKU_PATH.format(quote("س.1")) + "/videos"
    answer = store.call("POST", path, encode_json(SENT))
    assert (answer.status, answer.body) == (200, as_sampled(answer, "video"))
    assert conforms("201", answer)


def test_an_image_by_sku(store: Store) -> None:
    product = store.create_product(sku="A-1.b")
    photo = sample_photos.png(width=1366, height=580)
    answer = store.call("POST", SKU_PATH.format("A-1.b") + "/images", encode_multipart(photo=photo))
    assert (answer.status, answer.body) == (200, as_sampled(answer, "image_of_200"))
    assert conforms("201", answer)
    assert store.image_ids(product) == [answer.data["id"]]


def test_no_video(store: Store) -> None:
    path, sent = (
        VIDEO_PATH.format(store.create_product()),
        encode_json({"video_url": "https://vimeo.com/1"}),
    )
    answer = store.call("POST", path, sent, accept_language="en")
    assert (answer.status, answer.body) == (422, sample("invalid_video_link_en"))


def test_a_photo_for_a_video(store: Store) -> None:
    film = store.attach_video(store.create_product())["id"]
    sent = encode_multipart(photo=sample_photos.png())
    answer = store.call("POST", UPDATE_PATH.format(film), sent, accept_language="en")
    assert (answer.status, answer.body) == (422, sample("image_is_video_en"))


def test_a_video_and_a_product_are_removed_alike(store: Store) -> None:
    product = store.create_product()
    answer = store.delete(store.attach_video(product)["id"])
    assert (answer.status, answer.body) == (202, sample("removed"))
    answer = store.call("DELETE", PRODUCT_PATH.format(product))
    assert (answer.status, answer.body) == (202, sample("removed"))


@pytest.mark.parametrize("path", [SKU_PATH.format("A-1") + "/images", SKU_PATH.format("A-1")])
def test_by_sku_is_by_id(store: Store, path: str) -> None:
    """The two ways show one product, and refuse in one way."""
    product = store.create_product(sku="A-1")
    by_id = (
        ATTACH_PATH.format(product) if path.endswith("/images") else PRODUCT_PATH.format(product)
    )
    method = "POST" if path.endswith("/images") else "GET"
    assert (
        store.call(method, path, encode_multipart()).body
        == store.call(method, by_id, encode_multipart()).body
    )
    missing = store.call(method, path.replace("A-1", "A-2"))
    assert (missing.status, missing.reasons) == (404, "not_found")


def test_an_empty_list(store: Store) -> None:
    answer = store.call("GET", "/admin/v2/products")
    assert (answer.status, answer.body) == (200, sample("products_none"))
    product = store.create_product(sku="A-1")
    answer = store.call("GET", "/admin/v2/products")
    assert answer.body == compact(
        {
            "status": 200,
            "success": True,
            "data": [store.product_details(product)],
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
