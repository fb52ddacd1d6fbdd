"""Videos in a gallery: a place without bytes."""

import pytest

from fatrina.actions import images, products, videos
from fatrina.actions.images import UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from tests.actions.store import VIDEO_URL, Store, digest, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))


def test_a_video_stands_among_the_images(store: Store) -> None:
    first = store.attach(photo(1))
    film = store.attach_video(Change(default=True, sort=0.5, alt="a film"))
    assert (film.original, film.entry.video, film.entry.default) == (None, VIDEO_URL, True)
    details = products.details(store.services, store.caller, store.product)
    assert [each.entry.id for each in details.images] == [film.entry.id, first.entry.id]
    assert details.images[0] == film
    assert len(store.version_rows()) == 1
    store.check_consistency()


def test_a_photo_cannot_replace_a_video(store: Store) -> None:
    film = store.attach_video().entry.id
    store.downloader.pages["https://user.example/"] = photo(2)
    with store.upload(photo(1)) as new:
        for offer in (new, PhotoLink("https://user.example/", "original")):
            command = UpdateImage(Change(alt="x"), offer)
            with pytest.raises(errors.ImageIsVideo) as refused:
                images.update(store.services, store.caller, film, command)
            assert refused.value.field == offer.field
    (image,) = products.details(store.services, store.caller, store.product).images
    assert image.entry.alt is None
    store.check_consistency()


def test_the_rest_of_a_video_can_be_changed(store: Store) -> None:
    film = store.attach_video().entry.id
    store.attach(photo(1))
    change = Change(default=False, sort=7, alt="new")
    updated = images.update(store.services, store.caller, film, UpdateImage(change))
    assert (updated.original, updated.entry.alt, updated.entry.sort) == (None, "new", 7)
    assert [shown.default for shown in store.image_states().values()] == [True]


def test_a_removed_video_hands_the_default_on(store: Store) -> None:
    film, image = store.attach_video().entry.id, store.attach(photo(1)).entry.id
    store.remove(film)
    assert store.image_states() == {image: (2, True, None, digest(photo(1)))}
    with pytest.raises(errors.NotFound):
        store.remove(film)


def test_ten_images_and_any_number_of_videos(store: Store) -> None:
    for _ in range(10):
        store.attach(photo(1))
        store.attach_video()
    store.attach_video()
    with pytest.raises(errors.ValidationFailed):
        images.check_capacity(store.services, store.caller, store.product)
    assert len(products.details(store.services, store.caller, store.product).images) == 21


def test_no_video_for_anothers_product(store: Store) -> None:
    with pytest.raises(errors.NotFound):
        videos.attach(store.services, STRANGER, store.product, Change(), video.parse(VIDEO_URL))


def test_a_sweep_passes_videos_over(store: Store) -> None:
    film = store.attach_video().entry.id
    store.attach(photo(1))
    store.remove(film)
    broom = Sweeper(store.services.database, store.services.storage, store.services.housekeeping)
    assert broom.sweep(store.clock.now + 10, 1) == SweepResult(0, 0)
    store.check_consistency()
