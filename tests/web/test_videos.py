"""Videos over the socket: every form of a link, by every kind of body; their place."""

import pytest

from tests import sample_photos
from tests.client import Body, as_json, call, multipart, urlencoded
from tests.domain.test_video import ID, LINKS, STRANGERS
from tests.stores import BY_SKU, FILM, UPDATE, VIDEO, Hung, Service, Shop
from tests.web.error_responses import must_refuse

THUMBNAIL = f"https://img.youtube.com/vi/{ID}/default.jpg"


@pytest.mark.parametrize("link", LINKS)
def test_links(shop: Shop, link: str) -> None:
    data = shop.attach_video(shop.product(), video_url=link)
    assert (data["type"], data["video_url"]) == ("video", link)
    assert data["image"]["thumbnail"]["url"] == THUMBNAIL


def test_what_is_no_link(shop: Shop) -> None:
    product = shop.product()
    # Blanks around a link are dropped, and nothing is nothing.
    wrong = [link for link in STRANGERS if link.strip() == link and link]
    for value in (*wrong, 5, True, [], {}, 1.5):
        answer = shop.call("POST", VIDEO.format(product), as_json({"video_url": value}))
        must_refuse(answer, 422, "invalid_video_link")
        assert list(answer.json["error"]["fields"]) == ["video_url"]
    assert shop.order(product) == []


@pytest.mark.parametrize(
    "body",
    [
        as_json({}),
        as_json({"video_url": None}),
        as_json({"video_url": ""}),
        as_json({"video_url": " "}),
        as_json({"original": FILM}),
        multipart(video_url=b"a file"),
        Body(b"", "application/json"),
    ],
)
def test_a_link_is_required(shop: Shop, body: Body) -> None:
    must_refuse(shop.call("POST", VIDEO.format(shop.product()), body), 422, "required")


def test_every_kind_of_body(shop: Shop) -> None:
    fields = {"video_url": f" {FILM}\n", "default": "1", "alt": "فيلم", "sort": "7.5"}
    for body in (as_json(fields), urlencoded(**fields), multipart(**fields)):
        product = shop.product()
        shop.attach(product)
        data = shop.call("POST", VIDEO.format(product), body).data
        assert (data["video_url"], data["default"], data["sort"]) == (FILM, True, 7.5)
        assert data["alt_seo"] == "فيلم"


def test_all_faults_at_once(shop: Shop) -> None:
    sent = {"video_url": "x", "default": "maybe", "sort": [], "alt": 5}
    answer = shop.call("POST", VIDEO.format(shop.product()), as_json(sent))
    assert answer.status == 422
    assert list(answer.json["error"]["fields"]) == ["default", "sort", "alt", "video_url"]


def test_who_and_what_come_before_the_body(service: Service, shop: Shop) -> None:
    others = Shop.open(service).product(sku="theirs")
    for path in (VIDEO.format(others), BY_SKU.format("theirs") + "/videos", VIDEO.format("x")):
        with shop.line() as line:
            line.send(shop.head("POST", path, content_length="50000"))
            must_refuse(line.answer(), 404, "not_found")
    must_refuse(call(service.port, "POST", VIDEO.format(others)), 401, "invalid_token")
    with shop.line() as line:
        head = shop.head("POST", VIDEO.format(shop.product()), content_length="9999999")
        line.send(head)
        must_refuse(line.answer(), 413, "payload_too_large")


# Its place


def test_a_product_whose_main_picture_is_a_video(shop: Shop) -> None:
    product = shop.product()
    image, film = shop.attach(product), shop.attach_video(product, default=True, alt="x")
    details = shop.details(product)
    assert (details["status"], details["main_image"]) == ("sale", THUMBNAIL)
    assert details["thumbnail"] == THUMBNAIL
    assert shop.order(product) == [image["id"], film["id"]]
    assert details["images"][1] == {
        "id": film["id"],
        "url": THUMBNAIL,
        "main": True,
        "three_d_image_url": "",
        "alt": "x",
        "video_url": FILM,
        "type": "video",
        "sort": 2,
    }
    assert shop.delete(film["id"]).status == 202
    assert shop.main(product) == [image["id"]]
    assert shop.details(product)["main_image"] == image["image"]["original"]["url"]


def test_a_full_gallery_takes_videos(shop: Shop) -> None:
    product = shop.product(sku="full")
    for _ in range(10):
        shop.attach(product)
    shop.attach_video(product)
    assert shop.call("POST", BY_SKU.format("full") + "/videos", as_json({"video_url": FILM})).data
    with shop.line() as line:
        path = BY_SKU.format("full") + "/images"
        line.send(shop.head("POST", path, content_length="5000000"))
        must_refuse(line.answer(), 422, "gallery_full")
    assert len(shop.order(product)) == 12


# Update


def test_no_photo_replaces_a_video(shop: Shop, photos: str) -> None:
    product = shop.product()
    film = shop.attach_video(product, alt="before")
    for field, sent in (
        ("photo", multipart(photo=sample_photos.png(), alt="after")),
        ("photo", multipart(photo=f"{photos}/a.png", alt="after")),
        ("original", as_json({"original": f"{photos}/a.png", "alt": "after"})),
    ):
        answer = shop.call("POST", UPDATE.format(film["id"]), sent)
        must_refuse(answer, 422, "image_is_video")
        assert list(answer.json["error"]["fields"]) == [field]
    must_refuse(shop.update(film["id"], multipart(alt="after")), 422, "required")
    assert [image["alt"] for image in shop.details(product)["images"]] == ["before"]


def test_the_rest_of_a_video_changes_where_a_photo_is_optional(small: Hung) -> None:
    film = small.shop.attach_video(small.product)
    answer = small.shop.update(film["id"], multipart(alt="after", sort="0", default="1"))
    assert answer.status == 201
    assert answer.data == film | {"alt_seo": "after", "sort": 0, "default": True}
    assert small.shop.order(small.product) == [film["id"], small.id]
