"""Videos in a gallery: entries without stored files."""

import pytest

from fatrina.actions import images, products, videos
from fatrina.actions.images import UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.types import MerchantId, Millis, TokenId
from tests.actions.store import VIDEO_URL, Store, digest, photo

STRANGER = Caller(MerchantId(2), "shop2", TokenId(1), frozenset({WRITE}))


def test_video_has_a_place_in_the_gallery(store: Store) -> None:
    first = store.attach(photo(1))
    video_image = store.attach_video(Change(default=True, sort=0.5, alt="a video_image"))
    assert (video_image.original, video_image.entry.video, video_image.entry.default) == (
        None,
        VIDEO_URL,
        True,
    )
    details = products.details(store.services, store.caller, store.product)
    assert [each.entry.id for each in details.images] == [video_image.entry.id, first.entry.id]
    assert details.images[0] == video_image
    assert len(store.version_rows()) == 1
    store.check_consistency()


def test_photo_cannot_replace_a_video(store: Store) -> None:
    video_image = store.attach_video().entry.id
    store.downloader.pages["https://user.example/"] = photo(2)
    with store.upload(photo(1)) as new:
        for source in (new, PhotoLink("https://user.example/", "original")):
            command = UpdateImage(Change(alt="x"), source)
            with pytest.raises(errors.ImageIsVideo) as raised:
                images.update(store.services, store.caller, video_image, command)
            assert raised.value.field == source.field
    (image,) = products.details(store.services, store.caller, store.product).images
    assert image.entry.alt is None
    store.check_consistency()


def test_properties_of_a_video_can_be_changed(store: Store) -> None:
    video_image = store.attach_video().entry.id
    store.attach(photo(1))
    change = Change(default=False, sort=7, alt="new")
    updated = images.update(store.services, store.caller, video_image, UpdateImage(change))
    assert (updated.original, updated.entry.alt, updated.entry.sort) == (None, "new", 7)
    assert [shown.default for shown in store.image_states().values()] == [True]


def test_removing_a_video_moves_the_default(store: Store) -> None:
    video_image, image = store.attach_video().entry.id, store.attach(photo(1)).entry.id
    store.remove(video_image)
    assert store.image_states() == {image: (2, True, None, digest(photo(1)))}
    with pytest.raises(errors.NotFound):
        store.remove(video_image)


def test_gallery_holds_ten_images_and_any_number_of_videos(store: Store) -> None:
    for _ in range(10):
        store.attach(photo(1))
        store.attach_video()
    store.attach_video()
    with pytest.raises(errors.ValidationFailed):
        images.check_capacity(store.services, store.caller, store.product)
    assert len(products.details(store.services, store.caller, store.product).images) == 21


def test_video_for_a_product_of_another_merchant_is_rejected(store: Store) -> None:
    with pytest.raises(errors.NotFound):
        videos.attach(store.services, STRANGER, store.product, Change(), video.parse(VIDEO_URL))


def test_sweep_ignores_videos(store: Store) -> None:
    video_image = store.attach_video().entry.id
    store.attach(photo(1))
    store.remove(video_image)
    sweeper = Sweeper(store.services.database, store.services.storage, store.services.housekeeping)
    assert sweeper.sweep(Millis(store.clock.now + 10), Millis(1)) == SweepResult(0, 0)
    store.check_consistency()
