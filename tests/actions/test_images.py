"""Attaching, updating and removing images: all or nothing, one after the other."""

import pytest
import pyvips

from fatrina.actions import images, rendering
from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.adapters.storage import LocalStorage
from fatrina.domain import errors
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import ROLES
from tests import sample_photos
from tests.actions.store import NOW, Shop, digest, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))
NOBODY = 12_345_678


def test_a_first_image_is_the_default_and_has_all_its_files(shop: Shop) -> None:
    image = shop.attach(photo(1), Change(alt="a lamp"))
    assert (image.entry.sort, image.entry.default, image.entry.alt) == (1, True, "a lamp")
    assert shop.stored() == set(image.original.keys().values())
    shop.must_be_clean()


def test_an_update_swaps_the_picture_and_changes_what_is_mentioned_together(shop: Shop) -> None:
    first, second = shop.attach(photo(1)), shop.attach(photo(2), Change(alt="two"))
    image = second.entry.id
    updated = shop.update(image, photo(3), Change(default=True, sort=0.5))
    assert updated.original != second.original
    assert [*shop.shown().values()] == [
        (0.5, True, "two", digest(photo(3))),
        (1.0, False, None, digest(photo(1))),
    ]
    assert [*shop.shown()] == [image, first.entry.id]
    shop.must_be_clean()


def test_an_update_keeps_the_files_of_the_picture_before(shop: Shop) -> None:
    before = shop.attach(photo(1))
    after = shop.update(before.entry.id, photo(2))
    for original in (before.original, after.original):
        assert set(original.keys().values()) <= shop.stored()


def test_every_size_is_of_the_new_picture(shop: Shop) -> None:
    wide = sample_photos.jpeg(width=1200, height=300)
    image = shop.update(shop.attach(photo(1)).entry.id, wide)
    sizes = {}
    for role, key in image.original.keys().items():
        blob = shop.services.storage.open(key)
        sizes[role] = pyvips.Image.new_from_buffer(b"".join(blob.chunks(0, blob.size)), "")
        blob.close()
    assert {role: (size.width, size.height) for role, size in sizes.items()} == {
        role: size.pixels() for role, size in image.original.sizes().items()
    }


def test_versions_are_on_record(shop: Shop) -> None:
    image = shop.attach(photo(1), Change(alt="one")).entry.id
    shop.clock.now += 5
    link = "https://user.example/a/photo.jpg?signature=secret#part"
    shop.web.pages[link] = photo(2)
    command = UpdateImage(Change(alt="two"), PhotoLink(link))
    images.update(shop.services, shop.caller, image, command)
    first, second = shop.record(image)
    assert (first["retired_at"], first["alt"], first["link"]) == (NOW + 5, "one", None)
    assert (second["retired_at"], second["alt"]) == (None, None)
    assert second["link"] == "https://user.example/a/photo.jpg"
    assert (second["bytes"], second["sha256"]) == (len(photo(2)), digest(photo(2)))
    assert {first["token_id"], second["token_id"]} == {shop.caller.token_id}
    assert (first["created_at"], second["created_at"]) == (NOW, NOW + 5)
    shop.must_be_clean()


def test_without_a_photo_only_the_rest_changes(shop: Shop) -> None:
    before = shop.attach(photo(1), Change(alt="one"))
    after = shop.update(before.entry.id, None, Change(alt="", sort=7))
    assert after.original == before.original
    assert (after.entry.alt, after.entry.sort) == (None, 7)
    assert len(shop.record()) == 1


def test_the_same_bytes_again_keep_the_urls_and_cost_no_decoding(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.attach(photo(1))
    monkeypatch.setattr(rendering, "render", None)
    after = shop.update(before.entry.id, photo(1), Change(alt="new"))
    assert after.original == before.original
    assert after.entry.alt == "new"
    assert len(shop.record()) == 1


@pytest.mark.parametrize("bad", [b"", b"no photo", sample_photos.jpeg()[:900], sample_photos.SVG])
def test_a_refused_photo_changes_nothing(shop: Shop, bad: bytes) -> None:
    image = shop.attach(photo(1), Change(alt="one")).entry.id
    before = shop.shown()
    with pytest.raises(errors.PhotoError):
        shop.update(image, bad, Change(alt="two", sort=5))
    with pytest.raises(errors.PhotoError):
        shop.attach(bad)
    assert shop.shown() == before
    shop.must_be_clean()


def test_what_another_merchant_has_is_not_there(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    before = shop.shown()
    with shop.arrived(photo(2)) as new, pytest.raises(errors.NotFound):
        images.update(shop.services, STRANGER, image, UpdateImage(Change(), new))
    with pytest.raises(errors.NotFound):
        images.update(shop.services, STRANGER, image, UpdateImage(Change(alt="x")))
    with shop.arrived(photo(2)) as new, pytest.raises(errors.NotFound):
        images.attach(shop.services, STRANGER, shop.product, AttachImage(Change(), new))
    with pytest.raises(errors.NotFound):
        images.remove(shop.services, STRANGER, image)
    with pytest.raises(errors.NotFound):
        images.check_exists(shop.services, STRANGER, image)
    with pytest.raises(errors.NotFound):
        images.check_capacity(shop.services, STRANGER, shop.product)
    assert shop.shown() == before
    shop.must_be_clean()


def test_what_never_was_is_not_there(shop: Shop) -> None:
    with pytest.raises(errors.NotFound):
        shop.update(NOBODY, photo(1))
    with pytest.raises(errors.NotFound):
        shop.attach(photo(1), product=NOBODY)
    with pytest.raises(errors.NotFound):
        shop.remove(NOBODY)
    shop.must_be_clean()


def test_a_removed_image_is_gone_but_its_bytes_are_kept(shop: Shop) -> None:
    first, second = shop.attach(photo(1), Change(alt="one")), shop.attach(photo(2))
    shop.clock.now += 9
    shop.remove(first.entry.id)
    assert [(image, shown.default) for image, shown in shop.shown().items()] == [
        (second.entry.id, True)
    ]
    (version,) = shop.record(first.entry.id)
    assert (version["retired_at"], version["alt"]) == (NOW + 9, "one")
    assert set(first.original.keys().values()) <= shop.stored()
    for again in (shop.remove, lambda image: shop.update(image, photo(3))):
        with pytest.raises(errors.NotFound):
            again(first.entry.id)
    shop.must_be_clean()


def test_an_eleventh_image_is_refused_before_and_after_its_bytes(shop: Shop) -> None:
    for _ in range(10):
        images.check_capacity(shop.services, shop.caller, shop.product)
        shop.attach(photo(1))
    with pytest.raises(errors.ValidationFailed):
        images.check_capacity(shop.services, shop.caller, shop.product)
    with pytest.raises(errors.ValidationFailed):
        shop.attach(photo(1))
    assert len(shop.stored()) == 10 * len(ROLES)
    shop.must_be_clean()
    shop.remove(next(iter(shop.shown())))
    shop.attach(photo(1))
    assert sum(shown.default for shown in shop.shown().values()) == 1


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
@pytest.mark.parametrize("role", ROLES)
def test_the_same_photo_repairs_an_image_whose_files_are_damaged(
    shop: Shop, damage: str, role: str
) -> None:
    image = shop.attach(photo(5))
    assert isinstance(shop.services.storage, LocalStorage)
    path = shop.services.storage._path(image.original.key(role))
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case _:
            path.write_bytes(path.read_bytes()[:-1])
    again = shop.update(image.entry.id, photo(5))
    assert again.original != image.original
    assert set(again.original.keys().values()) <= shop.stored()
    assert shop.update(image.entry.id, photo(5)) == again
