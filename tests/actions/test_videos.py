"""Videos in a gallery: a place without bytes."""

import pytest

from fatrina.actions import images, products, videos
from fatrina.actions.images import UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from tests.actions.store import FILM, Shop, digest, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))


def test_a_video_stands_among_the_images(shop: Shop) -> None:
    first = shop.attach(photo(1))
    film = shop.attach_video(Change(default=True, sort=0.5, alt="a film"))
    assert (film.original, film.entry.video, film.entry.default) == (None, FILM, True)
    details = products.details(shop.services, shop.caller, shop.product)
    assert [each.entry.id for each in details.images] == [film.entry.id, first.entry.id]
    assert details.images[0] == film
    assert len(shop.record()) == 1
    shop.must_be_clean()


def test_a_photo_cannot_replace_a_video(shop: Shop) -> None:
    film = shop.attach_video().entry.id
    shop.web.pages["https://user.example/"] = photo(2)
    with shop.arrived(photo(1)) as new:
        for offer in (new, PhotoLink("https://user.example/", "original")):
            command = UpdateImage(Change(alt="x"), offer)
            with pytest.raises(errors.ImageIsVideo) as refused:
                images.update(shop.services, shop.caller, film, command)
            assert refused.value.field == offer.field
    (image,) = products.details(shop.services, shop.caller, shop.product).images
    assert image.entry.alt is None
    shop.must_be_clean()


def test_the_rest_of_a_video_can_be_changed(shop: Shop) -> None:
    film = shop.attach_video().entry.id
    shop.attach(photo(1))
    change = Change(default=False, sort=7, alt="new")
    updated = images.update(shop.services, shop.caller, film, UpdateImage(change))
    assert (updated.original, updated.entry.alt, updated.entry.sort) == (None, "new", 7)
    assert [shown.default for shown in shop.shown().values()] == [True]


def test_a_removed_video_hands_the_default_on(shop: Shop) -> None:
    film, image = shop.attach_video().entry.id, shop.attach(photo(1)).entry.id
    shop.remove(film)
    assert shop.shown() == {image: (2, True, None, digest(photo(1)))}
    with pytest.raises(errors.NotFound):
        shop.remove(film)


def test_ten_images_and_any_number_of_videos(shop: Shop) -> None:
    for _ in range(10):
        shop.attach(photo(1))
        shop.attach_video()
    shop.attach_video()
    with pytest.raises(errors.ValidationFailed):
        images.check_capacity(shop.services, shop.caller, shop.product)
    assert len(products.details(shop.services, shop.caller, shop.product).images) == 21


def test_no_video_for_anothers_product(shop: Shop) -> None:
    with pytest.raises(errors.NotFound):
        videos.attach(shop.services, STRANGER, shop.product, Change(), video.parse(FILM))


def test_a_sweep_passes_videos_over(shop: Shop) -> None:
    film = shop.attach_video().entry.id
    shop.attach(photo(1))
    shop.remove(film)
    broom = Sweeper(shop.services.database, shop.services.storage, shop.services.housekeeping)
    assert broom.sweep(shop.clock.now + 10, 1) == SweepResult(0, 0)
    shop.must_be_clean()
