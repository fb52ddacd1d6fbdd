"""The other endpoints of the contract, byte for byte: videos, and products by SKU."""

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

VIDEO_FIELDS = {"video_url": VIDEO_URL, "default": True, "alt": "فيلم"}


def sample_for(response: Response, name: str) -> bytes:
    """Return the sample with the random ids and file names of a response."""
    text = sample(name).decode().replace("1298199463", str(response.data["id"]))
    for role in ROLES:
        text = text.replace(role.partition("_")[0].upper(), response.data["image"][role]["url"])
    return text.encode()


def test_attach_video(store: Store) -> None:
    response = store.call(
        "POST", VIDEO_PATH.format(store.create_product()), encode_json(VIDEO_FIELDS)
    )
    assert (response.status, response.body) == (201, sample_for(response, "video"))
    assert response.headers["content-type"] == JSON
    assert conforms("201", response)


def test_attach_video_by_sku(store: Store) -> None:
    store.create_product(sku="س.1")
    path = SKU_PATH.format(quote("س.1")) + "/videos"
    response = store.call("POST", path, encode_json(VIDEO_FIELDS))
    assert (response.status, response.body) == (200, sample_for(response, "video"))
    assert conforms("201", response)


def test_attach_image_by_sku(store: Store) -> None:
    product = store.create_product(sku="A-1.b")
    photo = sample_photos.png(width=1366, height=580)
    response = store.call(
        "POST", SKU_PATH.format("A-1.b") + "/images", encode_multipart(photo=photo)
    )
    assert (response.status, response.body) == (200, sample_for(response, "image_of_200"))
    assert conforms("201", response)
    assert store.image_ids(product) == [response.data["id"]]


def test_invalid_video_link(store: Store) -> None:
    path, body = (
        VIDEO_PATH.format(store.create_product()),
        encode_json({"video_url": "https://vimeo.com/1"}),
    )
    response = store.call("POST", path, body, accept_language="en")
    assert (response.status, response.body) == (422, sample("invalid_video_link_en"))


def test_photo_for_a_video_is_rejected(store: Store) -> None:
    video_id = store.attach_video(store.create_product())["id"]
    body = encode_multipart(photo=sample_photos.png())
    response = store.call("POST", UPDATE_PATH.format(video_id), body, accept_language="en")
    assert (response.status, response.body) == (422, sample("image_is_video_en"))


def test_deleting_a_video_or_product_returns_the_same_body(store: Store) -> None:
    product = store.create_product()
    response = store.delete(store.attach_video(product)["id"])
    assert (response.status, response.body) == (202, sample("removed"))
    response = store.call("DELETE", PRODUCT_PATH.format(product))
    assert (response.status, response.body) == (202, sample("removed"))


@pytest.mark.parametrize("path", [SKU_PATH.format("A-1") + "/images", SKU_PATH.format("A-1")])
def test_requests_by_sku_return_the_same_as_by_id(store: Store, path: str) -> None:
    """Both return the same product and the same errors."""
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


def test_list_of_products_when_empty_and_with_one(store: Store) -> None:
    response = store.call("GET", "/admin/v2/products")
    assert (response.status, response.body) == (200, sample("products_none"))
    product = store.create_product(sku="A-1")
    response = store.call("GET", "/admin/v2/products")
    assert response.body == compact(
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
