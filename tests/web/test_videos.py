"""Videos: all forms of links, in every kind of body; their position in the gallery."""

import pytest

from tests import sample_photos
from tests.client import Body, encode_json, encode_multipart, encode_urlencoded, request
from tests.domain.test_video import ID, LINKS, STRANGERS
from tests.stores import (
    SKU_PATH,
    UPDATE_PATH,
    VIDEO_PATH,
    VIDEO_URL,
    ImageInProduct,
    Service,
    Store,
)
from tests.web.error_responses import check_error

THUMBNAIL = f"https://img.youtube.com/vi/{ID}/default.jpg"


@pytest.mark.parametrize("link", LINKS)
def test_links(store: Store, link: str) -> None:
    data = store.attach_video(store.create_product(), video_url=link)
    assert (data["type"], data["video_url"]) == ("video", link)
    assert data["image"]["thumbnail"]["url"] == THUMBNAIL


def test_invalid_links(store: Store) -> None:
    product = store.create_product()
    # Spaces around a link are removed; an empty link counts as absent.
    wrong = [link for link in STRANGERS if link.strip() == link and link]
    for value in (*wrong, 5, True, [], {}, 1.5):
        response = store.call("POST", VIDEO_PATH.format(product), encode_json({"video_url": value}))
        check_error(response, 422, "invalid_video_link")
        assert list(response.json["error"]["fields"]) == ["video_url"]
    assert store.image_ids(product) == []


@pytest.mark.parametrize(
    "body",
    [
        encode_json({}),
        encode_json({"video_url": None}),
        encode_json({"video_url": ""}),
        encode_json({"video_url": " "}),
        encode_json({"original": VIDEO_URL}),
        encode_multipart(video_url=b"a file"),
        Body(b"", "application/json"),
    ],
)
def test_link_is_required(store: Store, body: Body) -> None:
    check_error(
        store.call("POST", VIDEO_PATH.format(store.create_product()), body), 422, "required"
    )


def test_every_kind_of_body(store: Store) -> None:
    fields = {"video_url": f" {VIDEO_URL}\n", "default": "1", "alt": "فيلم", "sort": "7.5"}
    for body in (encode_json(fields), encode_urlencoded(**fields), encode_multipart(**fields)):
        product = store.create_product()
        store.attach(product)
        data = store.call("POST", VIDEO_PATH.format(product), body).data
        assert (data["video_url"], data["default"], data["sort"]) == (VIDEO_URL, True, 7.5)
        assert data["alt_seo"] == "فيلم"


def test_all_errors_are_reported_together(store: Store) -> None:
    sent = {"video_url": "x", "default": "maybe", "sort": [], "alt": 5}
    response = store.call("POST", VIDEO_PATH.format(store.create_product()), encode_json(sent))
    assert response.status == 422
    assert list(response.json["error"]["fields"]) == ["default", "sort", "alt", "video_url"]


def test_token_and_product_are_checked_before_the_body(service: Service, store: Store) -> None:
    others = Store.create(service).create_product(sku="theirs")
    for path in (
        VIDEO_PATH.format(others),
        SKU_PATH.format("theirs") + "/videos",
        VIDEO_PATH.format("x"),
    ):
        with store.connect() as connection:
            connection.send(store.request_head("POST", path, content_length="50000"))
            check_error(connection.read_response(), 404, "not_found")
    check_error(request(service.port, "POST", VIDEO_PATH.format(others)), 401, "invalid_token")
    with store.connect() as connection:
        head = store.request_head(
            "POST", VIDEO_PATH.format(store.create_product()), content_length="9999999"
        )
        connection.send(head)
        check_error(connection.read_response(), 413, "payload_too_large")


# Position


def test_product_whose_main_image_is_a_video(store: Store) -> None:
    product = store.create_product()
    image, video_image = store.attach(product), store.attach_video(product, default=True, alt="x")
    details = store.product_details(product)
    assert (details["status"], details["main_image"]) == ("sale", THUMBNAIL)
    assert details["thumbnail"] == THUMBNAIL
    assert store.image_ids(product) == [image["id"], video_image["id"]]
    assert details["images"][1] == {
        "id": video_image["id"],
        "url": THUMBNAIL,
        "main": True,
        "three_d_image_url": "",
        "alt": "x",
        "video_url": VIDEO_URL,
        "type": "video",
        "sort": 2,
    }
    assert store.delete(video_image["id"]).status == 202
    assert store.main_image_ids(product) == [image["id"]]
    assert store.product_details(product)["main_image"] == image["image"]["original"]["url"]


def test_full_gallery_accepts_videos(store: Store) -> None:
    product = store.create_product(sku="full")
    for _ in range(10):
        store.attach(product)
    store.attach_video(product)
    assert store.call(
        "POST", SKU_PATH.format("full") + "/videos", encode_json({"video_url": VIDEO_URL})
    ).data
    with store.connect() as connection:
        path = SKU_PATH.format("full") + "/images"
        connection.send(store.request_head("POST", path, content_length="5000000"))
        check_error(connection.read_response(), 422, "gallery_full")
    assert len(store.image_ids(product)) == 12


# Update


def test_photo_cannot_replace_a_video(store: Store, photos: str) -> None:
    product = store.create_product()
    video_image = store.attach_video(product, alt="before")
    for field, sent in (
        ("photo", encode_multipart(photo=sample_photos.png(), alt="after")),
        ("photo", encode_multipart(photo=f"{photos}/a.png", alt="after")),
        ("original", encode_json({"original": f"{photos}/a.png", "alt": "after"})),
    ):
        response = store.call("POST", UPDATE_PATH.format(video_image["id"]), sent)
        check_error(response, 422, "image_is_video")
        assert list(response.json["error"]["fields"]) == [field]
    assert [image["alt"] for image in store.product_details(product)["images"]] == ["before"]


def test_other_fields_of_a_video_change(image_in_product: ImageInProduct) -> None:
    store = image_in_product.store
    video_image = store.attach_video(image_in_product.product_id)
    response = store.update(video_image["id"], encode_multipart(alt="after", sort="0", default="1"))
    assert response.status == 201
    assert response.data == video_image | {"alt_seo": "after", "sort": 0, "default": True}
    assert store.image_ids(image_in_product.product_id) == [
        video_image["id"],
        image_in_product.id,
    ]
