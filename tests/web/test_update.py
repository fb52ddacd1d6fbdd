"""Update Image: it replaces the photo of an image, from every source, and changes nothing else."""

import pytest
import pyvips

from tests import sample_photos
from tests.client import (
    Response,
    encode_field,
    encode_json,
    encode_multipart,
    encode_part,
    encode_urlencoded,
    join_parts,
)
from tests.metadata_markers import SECRET, marked_photos
from tests.sample_photos import HEIGHT, WIDTH
from tests.stores import ROLES, ImageInProduct, Service, Store

FRESH = sample_photos.png(seed=11)


def must_show(
    image_in_product: ImageInProduct, answer: Response, width: int = WIDTH, height: int = HEIGHT
) -> None:
    """Check that the four URLs of the response serve images of the declared sizes."""
    assert answer.status == 201, answer
    assert answer.data["id"] == image_in_product.id
    for role in ROLES:
        declared = answer.data["image"][role]
        served = image_in_product.store.service.get(declared["url"])
        assert served.status == 200
        decoded = pyvips.Image.new_from_buffer(served.body, "", fail_on="error").autorot()
        rounded = int(declared["width"] + 0.5), int(declared["height"] + 0.5)
        assert (decoded.width, decoded.height) == rounded
        assert decoded.avg() > 0
    original = answer.data["image"]["original"]
    assert (original["width"], original["height"]) == (width, height)


# Photo sources


def test_a_file(image_in_product: ImageInProduct) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.jpeg(width=1300, height=700)
    )
    must_show(image_in_product, answer, 1300, 700)
    assert answer.data["image"]["standard_resolution"]["width"] == 1000
    assert all(url.endswith(".jpg") for url in shown(answer))


def test_a_link_as_text(image_in_product: ImageInProduct, photos: str) -> None:
    must_show(
        image_in_product,
        image_in_product.store.update(image_in_product.id, photo=f"{photos}/a.png"),
    )


@pytest.mark.parametrize("name", ["photo", "original"])
def test_a_link_in_json_and_urlencoded(
    image_in_product: ImageInProduct, photos: str, name: str
) -> None:
    by_json = image_in_product.store.update(
        image_in_product.id, encode_json({name: f" {photos}/a.png\n"})
    )
    must_show(image_in_product, by_json)
    by_form = image_in_product.store.update(
        image_in_product.id, encode_urlencoded(**{name: f"{photos}/b.jpg", "alt": "نص بديل"})
    )
    must_show(image_in_product, by_form)
    assert by_form.data["alt_seo"] == "نص بديل"


def test_original_as_text(image_in_product: ImageInProduct, photos: str) -> None:
    must_show(
        image_in_product,
        image_in_product.store.update(image_in_product.id, original=f"{photos}/b.jpg"),
    )


def test_photo_wins_over_original_when_both_are_links(
    image_in_product: ImageInProduct, photos: str
) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=f"{photos}/b.jpg", original=f"{photos}/missing.png"
    )
    must_show(image_in_product, answer)


@pytest.mark.parametrize("late", [False, True])
def test_bytes_win_over_links(image_in_product: ImageInProduct, photos: str, *, late: bool) -> None:
    links = [
        encode_field("photo", f"{photos}/missing.png"),
        encode_field("original", f"{photos}/missing.png"),
    ]
    file = encode_field("photo", FRESH)
    form = join_parts(*links, file) if late else join_parts(file, *links)
    must_show(image_in_product, image_in_product.store.update(image_in_product.id, form))


def test_a_link_that_leads_to_no_photo(image_in_product: ImageInProduct, photos: str) -> None:
    for path, reason in (("/page.html", "link_is_page"), ("/missing.png", "link_not_found")):
        answer = image_in_product.store.update(image_in_product.id, photo=photos + path)
        assert (answer.status, answer.reasons) == (422, reason)
        assert list(answer.json["error"]["fields"]) == ["photo"]
    image_in_product.check_unchanged()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@/Users/Images/profile.png", "link_malformed"),
        ("photo.png", "link_malformed"),
        ("///127.0.0.1/a.png", "link_malformed"),
        ("file:///etc/passwd", "link_malformed"),
        ("data:image/png;base64,AAAA", "link_malformed"),
        ("http://", "link_malformed"),
        ("http://user:word@127.0.0.1/a.png", "link_credentials"),
        ("http://127.0.0.2/a.png", "link_address_not_allowed"),
        ("http://2130706433/a.png", "link_address_not_allowed"),
        ("http://[::1]/a.png", "link_address_not_allowed"),
        ("http://169.254.169.254/latest/meta-data", "link_address_not_allowed"),
        ("http://127.0.0.2:22/", "link_port_not_allowed"),
    ],
)
def test_texts_that_are_no_link(image_in_product: ImageInProduct, text: str, reason: str) -> None:
    answer = image_in_product.store.update(image_in_product.id, photo=text)
    assert (answer.status, answer.reasons) == (422, reason)
    image_in_product.check_unchanged()


@pytest.mark.parametrize("value", [5, True, False, [], ["http://a.test/b"], {"url": "x"}, "\ud800"])
def test_json_values_that_are_no_link(image_in_product: ImageInProduct, value: object) -> None:
    answer = image_in_product.store.update(image_in_product.id, encode_json({"photo": value}))
    assert (answer.status, answer.reasons) == (422, "link_malformed")
    image_in_product.check_unchanged()


# Format detection


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "avif"])
def test_bytes_decide_and_neither_name_nor_type(
    image_in_product: ImageInProduct, kind: str
) -> None:
    photo: bytes = getattr(sample_photos, kind)(seed=12)
    lies = (
        'Content-Disposition: form-data; name="photo"; filename="a.txt"\r\nContent-Type: text/html'
    )
    answer = image_in_product.store.update(
        image_in_product.id, join_parts(encode_part(lies, photo))
    )
    must_show(image_in_product, answer)
    extension = "jpg" if kind == "jpeg" else kind
    assert {url.rpartition(".")[2] for url in shown(answer)} == {extension}


@pytest.mark.parametrize("kind", sorted(sample_photos.unsupported_files()))
def test_what_is_no_photo(image_in_product: ImageInProduct, kind: str) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.unsupported_files()[kind]
    )
    assert answer.status == 422
    assert answer.reasons in {"photo_not_an_image", "photo_unsupported"}
    image_in_product.check_unchanged()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_half_a_photo(image_in_product: ImageInProduct, share: float) -> None:
    for whole in (
        sample_photos.jpeg(width=300, height=300),
        sample_photos.png(width=300, height=300),
    ):
        answer = image_in_product.store.update(
            image_in_product.id, photo=whole[: int(len(whole) * share)]
        )
        assert (answer.status, answer.reasons) == (422, "photo_damaged")
    image_in_product.check_unchanged()


def test_no_marker_of_the_camera_is_served(image_in_product: ImageInProduct) -> None:
    one_of_each = {kind: photo for kind, photo in marked_photos().values() if SECRET in photo}
    assert len(one_of_each) == 5
    for photo in one_of_each.values():
        answer = image_in_product.store.update(image_in_product.id, photo=photo)
        assert answer.status == 201, answer
        for url in shown(answer):
            assert SECRET not in image_in_product.store.service.get(url).body


def test_the_orientation_is_applied(image_in_product: ImageInProduct) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.jpeg(width=300, height=200, orientation=6)
    )
    must_show(image_in_product, answer, 200, 300)


# What changes and what does not


def shown(answer: Response) -> list[str]:
    """Return the four URLs of a response."""
    return [answer.data["image"][role]["url"] for role in ROLES]


def test_what_is_not_mentioned_stays(image_in_product: ImageInProduct) -> None:
    data = image_in_product.store.update(image_in_product.id, photo=FRESH).data
    assert (data["alt_seo"], data["sort"], data["default"]) == ("before", 7, True)


def test_new_bytes_have_new_urls_and_the_old_ones_go_on(image_in_product: ImageInProduct) -> None:
    answer = image_in_product.store.update(image_in_product.id, photo=FRESH)
    assert not set(shown(answer)) & set(image_in_product.urls().values())
    assert image_in_product.download_files() == image_in_product.initial_files


def test_the_same_bytes_keep_their_urls(image_in_product: ImageInProduct) -> None:
    again = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.png(seed=9), alt="after"
    )
    assert again.data["image"] == image_in_product.data["image"]
    assert again.data["alt_seo"] == "after"


def test_the_same_bytes_by_link_keep_their_urls(store: Store, photos: str) -> None:
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png(seed=3))
    assert (
        image_in_product.store.update(image_in_product.id, photo=f"{photos}/a.png").data["image"]
        == image_in_product.data["image"]
    )


def test_details_show_the_new_picture(image_in_product: ImageInProduct) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=FRESH, alt="after", sort="2.5"
    )
    details = image_in_product.store.product_details(image_in_product.product_id)
    (image,) = details["images"]
    assert image["url"] == details["main_image"] == shown(answer)[0]
    assert (details["thumbnail"], image["alt"], image["sort"]) == (shown(answer)[3], "after", 2.5)


def test_a_photo_beside_a_wrong_field_changes_nothing(image_in_product: ImageInProduct) -> None:
    answer = image_in_product.store.update(
        image_in_product.id, photo=FRESH, sort="last", alt="after"
    )
    assert (answer.status, answer.reasons) == (422, "not_number")
    image_in_product.check_unchanged()


def test_nothing_is_left_on_its_way(image_in_product: ImageInProduct, service: Service) -> None:
    image_in_product.store.update(image_in_product.id, photo=FRESH)
    image_in_product.store.update(image_in_product.id, photo=b"no photo")
    assert service.incoming_files() == []


# FATRINA_PHOTO_OPTIONAL


def test_a_photo_may_be_left_out_where_the_settings_say_so(strict_service: Service) -> None:
    store = Store.create(strict_service)
    product = store.create_product()
    image = store.attach(product)
    for body in (
        encode_multipart(alt="new"),
        encode_json({"alt": "new"}),
        encode_urlencoded(alt="new"),
    ):
        data = store.update(image["id"], body).data
        assert data == {**image, "alt_seo": "new"}
    empty = store.call("POST", f"/admin/v2/products/images/{image['id']}")
    assert (empty.status, empty.data["alt_seo"]) == (201, "new")


def test_an_empty_file_is_never_taken_for_none(strict_service: Service) -> None:
    store = Store.create(strict_service)
    image = store.attach(store.create_product())
    answer = store.update(image["id"], photo=b"", alt="new")
    assert (answer.status, answer.reasons) == (422, "photo_empty")


def test_the_public_address_begins_every_url(strict_service: Service) -> None:
    store = Store.create(strict_service)
    image = store.attach(store.create_product())
    for role in ROLES:
        url = image["image"][role]["url"]
        assert url.startswith(f"https://cdn.shop.test/pictures/{store.merchant_code}/")
        assert strict_service.get(url).status == 200
