"""Update Image: it replaces the photo of an image, from every source, and changes nothing else."""

from collections.abc import Callable
from functools import partial

import pytest
import pyvips

from fatrina.domain import errors
from fatrina.web.http.responses import error_reasons
from fatrina.web.parsing import commands
from fatrina.web.parsing.forms import Form, Value
from tests import sample_photos
from tests.client import (
    Body,
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


def check_image_data(
    image_in_product: ImageInProduct, response: Response, width: int = WIDTH, height: int = HEIGHT
) -> None:
    """Check that the four URLs of the response serve images of the declared sizes."""
    assert response.status == 201, response
    assert response.data["id"] == image_in_product.id
    for role in ROLES:
        declared = response.data["image"][role]
        served = image_in_product.store.service.get(declared["url"])
        assert served.status == 200
        decoded = pyvips.Image.new_from_buffer(served.body, "", fail_on="error").autorot()
        rounded = int(declared["width"] + 0.5), int(declared["height"] + 0.5)
        assert (decoded.width, decoded.height) == rounded
        assert decoded.avg() > 0
    original = response.data["image"]["original"]
    assert (original["width"], original["height"]) == (width, height)


# Photo sources


def test_uploaded_file(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.jpeg(width=1300, height=700)
    )
    check_image_data(image_in_product, response, 1300, 700)
    assert response.data["image"]["standard_resolution"]["width"] == 1000
    assert all(url.endswith(".jpg") for url in image_urls(response))


def test_link_in_multipart(image_in_product: ImageInProduct, photos: str) -> None:
    check_image_data(
        image_in_product,
        image_in_product.store.update(image_in_product.id, photo=f"{photos}/a.png"),
    )


@pytest.mark.parametrize("name", ["photo", "original"])
def test_link_in_json_and_urlencoded(
    image_in_product: ImageInProduct, photos: str, name: str
) -> None:
    by_json = image_in_product.store.update(
        image_in_product.id, encode_json({name: f" {photos}/a.png\n"})
    )
    check_image_data(image_in_product, by_json)
    by_form = image_in_product.store.update(
        image_in_product.id, encode_urlencoded(**{name: f"{photos}/b.jpg", "alt": "نص بديل"})
    )
    check_image_data(image_in_product, by_form)
    assert by_form.data["alt_seo"] == "نص بديل"


def test_link_in_original(image_in_product: ImageInProduct, photos: str) -> None:
    check_image_data(
        image_in_product,
        image_in_product.store.update(image_in_product.id, original=f"{photos}/b.jpg"),
    )


def test_photo_link_takes_precedence_over_original(
    image_in_product: ImageInProduct, photos: str
) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=f"{photos}/b.jpg", original=f"{photos}/missing.png"
    )
    check_image_data(image_in_product, response)


@pytest.mark.parametrize("late", [False, True])
def test_upload_takes_precedence_over_links(
    image_in_product: ImageInProduct, photos: str, *, late: bool
) -> None:
    links = [
        encode_field("photo", f"{photos}/missing.png"),
        encode_field("original", f"{photos}/missing.png"),
    ]
    file = encode_field("photo", FRESH)
    form = join_parts(*links, file) if late else join_parts(file, *links)
    check_image_data(image_in_product, image_in_product.store.update(image_in_product.id, form))


def test_link_without_a_photo_is_rejected(image_in_product: ImageInProduct, photos: str) -> None:
    for path, reason in (("/page.html", "link_is_page"), ("/missing.png", "link_not_found")):
        response = image_in_product.store.update(image_in_product.id, photo=photos + path)
        assert (response.status, response.reasons) == (422, reason)
        assert list(response.json["error"]["fields"]) == ["photo"]
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
def test_texts_that_are_not_links(image_in_product: ImageInProduct, text: str, reason: str) -> None:
    response = image_in_product.store.update(image_in_product.id, photo=text)
    assert (response.status, response.reasons) == (422, reason)
    image_in_product.check_unchanged()


@pytest.mark.parametrize("value", [5, True, False, [], ["http://a.test/b"], {"url": "x"}, "\ud800"])
def test_json_values_that_are_not_links(image_in_product: ImageInProduct, value: object) -> None:
    response = image_in_product.store.update(image_in_product.id, encode_json({"photo": value}))
    assert (response.status, response.reasons) == (422, "link_malformed")
    image_in_product.check_unchanged()


# Format detection


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "avif"])
def test_format_is_detected_from_the_bytes(image_in_product: ImageInProduct, kind: str) -> None:
    photo: bytes = getattr(sample_photos, kind)(seed=12)
    lies = (
        'Content-Disposition: form-data; name="photo"; filename="a.txt"\r\nContent-Type: text/html'
    )
    response = image_in_product.store.update(
        image_in_product.id, join_parts(encode_part(lies, photo))
    )
    check_image_data(image_in_product, response)
    extension = "jpg" if kind == "jpeg" else kind
    assert {url.rpartition(".")[2] for url in image_urls(response)} == {extension}


@pytest.mark.parametrize("kind", sorted(sample_photos.unsupported_files()))
def test_files_that_are_not_photos(image_in_product: ImageInProduct, kind: str) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.unsupported_files()[kind]
    )
    assert response.status == 422
    assert response.reasons in {"photo_not_an_image", "photo_unsupported"}
    image_in_product.check_unchanged()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_truncated_photo(image_in_product: ImageInProduct, share: float) -> None:
    for whole in (
        sample_photos.jpeg(width=300, height=300),
        sample_photos.png(width=300, height=300),
    ):
        response = image_in_product.store.update(
            image_in_product.id, photo=whole[: int(len(whole) * share)]
        )
        assert (response.status, response.reasons) == (422, "photo_damaged")
    image_in_product.check_unchanged()


def test_camera_metadata_is_not_served(image_in_product: ImageInProduct) -> None:
    one_of_each = {kind: photo for kind, photo in marked_photos().values() if SECRET in photo}
    assert len(one_of_each) == 5
    for photo in one_of_each.values():
        response = image_in_product.store.update(image_in_product.id, photo=photo)
        assert response.status == 201, response
        for url in image_urls(response):
            assert SECRET not in image_in_product.store.service.get(url).body


def test_orientation_is_applied(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.jpeg(width=300, height=200, orientation=6)
    )
    check_image_data(image_in_product, response, 200, 300)


# What changes and what does not


def image_urls(response: Response) -> list[str]:
    """Return the four URLs of a response."""
    return [response.data["image"][role]["url"] for role in ROLES]


def test_absent_fields_do_not_change(image_in_product: ImageInProduct) -> None:
    data = image_in_product.store.update(image_in_product.id, photo=FRESH).data
    assert (data["alt_seo"], data["sort"], data["default"]) == ("before", 7, True)


def test_new_bytes_get_new_urls_and_old_urls_still_work(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(image_in_product.id, photo=FRESH)
    assert not set(image_urls(response)) & set(image_in_product.urls().values())
    assert image_in_product.download_files() == image_in_product.initial_files


def test_same_bytes_keep_their_urls(image_in_product: ImageInProduct) -> None:
    again = image_in_product.store.update(
        image_in_product.id, photo=sample_photos.png(seed=9), alt="after"
    )
    assert again.data["image"] == image_in_product.data["image"]
    assert again.data["alt_seo"] == "after"


def test_same_bytes_by_link_keep_their_urls(store: Store, photos: str) -> None:
    image_in_product = ImageInProduct.create(store, photo=sample_photos.png(seed=3))
    assert (
        image_in_product.store.update(image_in_product.id, photo=f"{photos}/a.png").data["image"]
        == image_in_product.data["image"]
    )


def test_product_details_show_the_new_image(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=FRESH, alt="after", sort="2.5"
    )
    details = image_in_product.store.product_details(image_in_product.product_id)
    (image,) = details["images"]
    assert image["url"] == details["main_image"] == image_urls(response)[0]
    assert (details["thumbnail"], image["alt"], image["sort"]) == (
        image_urls(response)[3],
        "after",
        2.5,
    )


def test_photo_with_an_invalid_field_changes_nothing(image_in_product: ImageInProduct) -> None:
    response = image_in_product.store.update(
        image_in_product.id, photo=FRESH, sort="last", alt="after"
    )
    assert (response.status, response.reasons) == (422, "not_number")
    image_in_product.check_unchanged()


def test_no_temporary_file_is_left(image_in_product: ImageInProduct, service: Service) -> None:
    image_in_product.store.update(image_in_product.id, photo=FRESH)
    image_in_product.store.update(image_in_product.id, photo=b"no photo")
    assert service.incoming_files() == []


# Without a photo


@pytest.mark.parametrize(
    "encode", [encode_multipart, encode_urlencoded, lambda **fields: encode_json(fields)]
)
def test_fields_change_alone(store: Store, encode: Callable[..., Body]) -> None:
    product = store.create_product()
    store.attach(product)
    image = store.attach(product)
    for fields, expected in (
        ({"alt": "new"}, {"alt_seo": "new"}),
        ({"sort": "9"}, {"sort": 9}),
        ({"default": "1"}, {"default": True}),
    ):
        image |= expected
        assert store.update(image["id"], encode(**fields)).data == image


@pytest.mark.parametrize("body", [None, encode_multipart(image="x"), encode_json({"a": 1})])
def test_photo_is_required_without_other_fields(
    image_in_product: ImageInProduct, body: Body | None
) -> None:
    response = image_in_product.store.call("POST", image_in_product.path, body)
    assert (response.status, response.reasons) == (422, "required")
    image_in_product.check_unchanged()


def test_alternative_text_has_at_most_70_characters(image_in_product: ImageInProduct) -> None:
    update = partial(image_in_product.store.update, image_in_product.id)
    response = update(alt="ض" * 71)
    assert (response.status, response.reasons) == (422, "text_too_long")
    image_in_product.check_unchanged()
    assert update(alt="ض" * 70).data["alt_seo"] == "ض" * 70


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"alt": "x"}, "required"), ({"sort": "x"}, "not_number, required"), ({}, "required")],
)
def test_photo_can_be_required(fields: dict[str, Value], reason: str) -> None:
    with pytest.raises(errors.ValidationFailed) as caught:
        commands.parse_update_image(Form({**fields}), 70, photo_required=True)
    assert error_reasons(caught.value) == reason


def test_empty_file_does_not_count_as_absent(strict_service: Service) -> None:
    store = Store.create(strict_service)
    image = store.attach(store.create_product())
    response = store.update(image["id"], photo=b"", alt="new")
    assert (response.status, response.reasons) == (422, "photo_empty")


def test_public_url_prefixes_every_image_url(strict_service: Service) -> None:
    store = Store.create(strict_service)
    image = store.attach(store.create_product())
    for role in ROLES:
        url = image["image"][role]["url"]
        assert url.startswith(f"https://cdn.shop.test/pictures/{store.merchant_code}/")
        assert strict_service.get(url).status == 200
