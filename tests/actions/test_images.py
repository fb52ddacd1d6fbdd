"""Attach, update and remove images; each action happens completely or not at all."""

import pytest
import pyvips

from fatrina.actions import galleries, images, rendering
from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.adapters.storage import LocalStorage
from fatrina.domain import errors
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import ROLES
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId, TokenId
from tests import sample_photos
from tests.actions.store import NOW, Store, digest, photo

STRANGER = Caller(MerchantId(2), "shop2", TokenId(1), frozenset({WRITE}))
NOBODY = ImageId(12_345_678)


def test_first_image_is_the_default_and_has_all_files(store: Store) -> None:
    image = store.attach(photo(1), Change(alt="a lamp"))
    assert (image.entry.sort, image.entry.default, image.entry.alt) == (1, True, "a lamp")
    assert store.stored_keys() == set(image.original.keys().values())
    store.check_consistency()


def test_update_replaces_the_photo_and_the_given_properties(store: Store) -> None:
    first, second = store.attach(photo(1)), store.attach(photo(2), Change(alt="two"))
    image = second.entry.id
    updated = store.update(image, photo(3), Change(default=True, sort=0.5))
    assert updated.original != second.original
    assert [*store.image_states().values()] == [
        (0.5, True, "two", digest(photo(3))),
        (1.0, False, None, digest(photo(1))),
    ]
    assert [*store.image_states()] == [image, first.entry.id]
    store.check_consistency()


def test_update_keeps_the_files_of_the_replaced_version(store: Store) -> None:
    before = store.attach(photo(1))
    after = store.update(before.entry.id, photo(2))
    for original in (before.original, after.original):
        assert set(original.keys().values()) <= store.stored_keys()


def test_all_sizes_show_the_new_photo(store: Store) -> None:
    wide = sample_photos.jpeg(width=1200, height=300)
    image = store.update(store.attach(photo(1)).entry.id, wide)
    sizes = {}
    for role, key in image.original.keys().items():
        blob = store.services.storage.open(key)
        sizes[role] = pyvips.Image.new_from_buffer(b"".join(blob.chunks(0, blob.size)), "")
        blob.close()
    assert {role: (size.width, size.height) for role, size in sizes.items()} == {
        role: size.pixels() for role, size in image.original.sizes().items()
    }


def test_versions_are_recorded(store: Store) -> None:
    image = store.attach(photo(1), Change(alt="one")).entry.id
    store.clock.now = Millis(store.clock.now + 5)
    link = "https://user.example/a/photo.jpg?signature=secret#part"
    store.downloader.pages[link] = photo(2)
    command = UpdateImage(Change(alt="two"), PhotoLink(link))
    images.update(store.services, store.caller, image, command)
    first, second = store.version_rows(image)
    assert (first["retired_at"], first["alt"], first["link"]) == (NOW + 5, "one", None)
    assert (second["retired_at"], second["alt"]) == (None, None)
    assert second["link"] == "https://user.example/a/photo.jpg"
    assert (second["bytes"], second["sha256"]) == (len(photo(2)), digest(photo(2)))
    assert {first["token_id"], second["token_id"]} == {store.caller.token_id}
    assert (first["created_at"], second["created_at"]) == (NOW, NOW + 5)
    store.check_consistency()


def test_update_without_a_photo_keeps_the_photo(store: Store) -> None:
    before = store.attach(photo(1), Change(alt="one"))
    after = store.update(before.entry.id, None, Change(alt="", sort=7))
    assert after.original == before.original
    assert (after.entry.alt, after.entry.sort) == (None, 7)
    assert len(store.version_rows()) == 1


def test_unchanged_photo_keeps_the_urls_and_is_not_decoded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.attach(photo(1))
    monkeypatch.setattr(rendering, "render", None)
    after = store.update(before.entry.id, photo(1), Change(alt="new"))
    assert after.original == before.original
    assert after.entry.alt == "new"
    assert len(store.version_rows()) == 1


@pytest.mark.parametrize("bad", [b"", b"no photo", sample_photos.jpeg()[:900], sample_photos.SVG])
def test_rejected_photo_changes_nothing(store: Store, bad: bytes) -> None:
    image = store.attach(photo(1), Change(alt="one")).entry.id
    before = store.image_states()
    with pytest.raises(errors.PhotoError):
        store.update(image, bad, Change(alt="two", sort=5))
    with pytest.raises(errors.PhotoError):
        store.attach(bad)
    assert store.image_states() == before
    store.check_consistency()


def test_images_of_another_merchant_are_not_found(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    before = store.image_states()
    with store.upload(photo(2)) as new, pytest.raises(errors.NotFound):
        images.update(store.services, STRANGER, image, UpdateImage(Change(), new))
    with pytest.raises(errors.NotFound):
        images.update(store.services, STRANGER, image, UpdateImage(Change(alt="x")))
    with store.upload(photo(2)) as new, pytest.raises(errors.NotFound):
        images.attach(store.services, STRANGER, store.product, AttachImage(Change(), new))
    with pytest.raises(errors.NotFound):
        images.remove(store.services, STRANGER, image)
    with pytest.raises(errors.NotFound):
        galleries.check_image(store.services, STRANGER, image)
    with pytest.raises(errors.NotFound):
        images.check_capacity(store.services, STRANGER, store.product)
    assert store.image_states() == before
    store.check_consistency()


def test_unknown_ids_are_not_found(store: Store) -> None:
    with pytest.raises(errors.NotFound):
        store.update(NOBODY, photo(1))
    with pytest.raises(errors.NotFound):
        store.attach(photo(1), product=ProductId(NOBODY))
    with pytest.raises(errors.NotFound):
        store.remove(NOBODY)
    store.check_consistency()


def test_removed_image_is_not_found_and_its_files_are_kept(store: Store) -> None:
    first, second = store.attach(photo(1), Change(alt="one")), store.attach(photo(2))
    store.clock.now = Millis(store.clock.now + 9)
    store.remove(first.entry.id)
    assert [(image, shown.default) for image, shown in store.image_states().items()] == [
        (second.entry.id, True)
    ]
    (version,) = store.version_rows(first.entry.id)
    assert (version["retired_at"], version["alt"]) == (NOW + 9, "one")
    assert set(first.original.keys().values()) <= store.stored_keys()
    for again in (store.remove, lambda image: store.update(image, photo(3))):
        with pytest.raises(errors.NotFound):
            again(first.entry.id)
    store.check_consistency()


def test_eleventh_image_is_rejected_before_and_after_the_upload(store: Store) -> None:
    for _ in range(10):
        images.check_capacity(store.services, store.caller, store.product)
        store.attach(photo(1))
    with pytest.raises(errors.ValidationFailed):
        images.check_capacity(store.services, store.caller, store.product)
    with pytest.raises(errors.ValidationFailed):
        store.attach(photo(1))
    assert len(store.stored_keys()) == 10 * len(ROLES)
    store.check_consistency()
    store.remove(ImageId(next(iter(store.image_states()))))
    store.attach(photo(1))
    assert sum(shown.default for shown in store.image_states().values()) == 1


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
@pytest.mark.parametrize("role", ROLES)
def test_same_photo_repairs_an_image_with_damaged_files(
    store: Store, damage: str, role: str
) -> None:
    image = store.attach(photo(5))
    assert isinstance(store.services.storage, LocalStorage)
    path = store.services.storage._path(image.original.key(role))
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case _:
            path.write_bytes(path.read_bytes()[:-1])
    again = store.update(image.entry.id, photo(5))
    assert again.original != image.original
    assert set(again.original.keys().values()) <= store.stored_keys()
    assert store.update(image.entry.id, photo(5)) == again
