"""Actions at once: they end as if one had come after the other."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from fatrina.actions import Services, images, storing
from fatrina.actions.receiving import IncomingPhoto
from fatrina.actions.rendering import RenderedPhoto
from fatrina.actions.storing import StorageSection
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from tests.actions.store import Pictured, Shop, digest, photo

MANY = 16


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Begin all at one moment; what each answers or raises."""
    barrier = threading.Barrier(len(acts))

    def begun(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except errors.ServiceError as exc:
            return exc

    with ThreadPoolExecutor(len(acts)) as pool:
        return [*pool.map(begun, acts)]


def after_the_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once, between an update's look at the picture and its transaction."""
    look, acts = images._is_current, [act]

    def and_then(services: Services, caller: Caller, image: int, offered: IncomingPhoto) -> bool:
        shown = look(services, caller, image, offered)
        if acts:
            acts.pop()()
        return shown

    monkeypatch.setattr(images, "_is_current", and_then)


def test_two_updates_of_one_image_end_as_one_of_them_whole(shop: Shop) -> None:
    image = shop.attach(photo(1), Change(alt="before")).entry.id
    changes = {seed: Change(alt=f"alt {seed}", sort=seed) for seed in (2, 3)}
    for _ in range(5):
        at_once(*(partial(shop.update, image, photo(s), changes[s]) for s in changes))
        shown = shop.shown()[image]
        assert shown in [(s, True, f"alt {s}", digest(photo(s))) for s in changes]
    shop.must_be_clean()


def test_the_same_bytes_as_before_win_over_what_came_in_between(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = shop.attach(photo(1), Change(alt="one")).entry.id
    after_the_look(monkeypatch, lambda: shop.update(image, photo(2), Change(alt="two")))
    shop.update(image, photo(1), Change(sort=5))
    assert shop.shown()[image] == (5, True, "two", digest(photo(1)))
    record = [(row["sha256"], row["alt"]) for row in shop.record(image)]
    assert record == [
        (digest(photo(1)), "one"),
        (digest(photo(2)), "two"),
        (digest(photo(1)), None),
    ]
    shop.must_be_clean()


def test_the_same_new_bytes_twice_at_once_are_stored_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = shop.attach(photo(1)).entry.id
    between: list[Pictured] = []
    after_the_look(monkeypatch, lambda: between.append(shop.update(image, photo(2))))
    mine = shop.update(image, photo(2), Change(alt="mine"))
    assert mine.original == between[0].original
    assert len(shop.record(image)) == 2
    shop.must_be_clean()


def test_bytes_that_cannot_be_discarded_do_not_turn_a_success_into_a_failure(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise OSError(5, "broken")

    image = shop.attach(photo(1)).entry.id
    after_the_look(monkeypatch, lambda: shop.update(image, photo(2)))
    monkeypatch.setattr(shop.services.storage, "delete", broken)
    assert shop.update(image, photo(2), Change(alt="mine")).entry.alt == "mine"


def test_an_update_of_an_image_removed_meanwhile_leaves_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = shop.attach(photo(1)).entry.id
    after_the_look(monkeypatch, lambda: shop.remove(image))
    with pytest.raises(errors.NotFound):
        shop.update(image, photo(2))
    assert not shop.shown()
    shop.must_be_clean()


def test_an_attachment_to_a_gallery_filled_meanwhile_leaves_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(9):
        shop.attach(photo(1))
    store, tenth = storing.store, [photo(2)]

    def and_then(
        services: Services, rendered: RenderedPhoto, merchant_code: str, section: StorageSection
    ) -> Any:
        version = store(services, rendered, merchant_code, section)
        if tenth:
            shop.attach(tenth.pop())
        return version

    monkeypatch.setattr(storing, "store", and_then)
    with pytest.raises(errors.ValidationFailed):
        shop.attach(photo(3))
    assert digest(photo(3)) not in {shown.sha256 for shown in shop.shown().values()}
    shop.must_be_clean()


def test_two_attachments_for_the_last_place(shop: Shop) -> None:
    for _ in range(9):
        shop.attach(photo(1))
    told = at_once(*[lambda: shop.attach(photo(2), Change(default=True))] * 2)
    assert sorted(type(each).__name__ for each in told) == ["Pictured", "ValidationFailed"]
    assert len(shop.shown()) == 10
    shop.must_be_clean()


def test_an_update_and_a_removal_at_once(shop: Shop) -> None:
    for _ in range(4):
        other, image = shop.attach(photo(1)).entry.id, shop.attach(photo(2)).entry.id
        told = at_once(
            partial(shop.update, image, photo(3), Change(default=True)),
            partial(shop.remove, image),
        )
        assert not isinstance(told[1], errors.ServiceError)
        assert [*shop.shown()] == [other]
        shop.remove(other)
    shop.must_be_clean()


@contextmanager
def watched(shop: Shop, judge: Callable[[dict[int, Any]], None]) -> Iterator[None]:
    """Look at the gallery again and again while something goes on."""
    over = threading.Event()

    def watch() -> int:
        looks = 0
        while not over.is_set():
            judge(shop.shown())
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(watch)
        try:
            yield
        finally:
            over.set()
        assert looks.result()


def test_sixteen_writers_of_one_image_come_one_after_the_other(shop: Shop) -> None:
    image = shop.attach(photo(99), Change(alt="99", sort=99)).entry.id
    orders = {str(s): (float(s), True, str(s), digest(photo(s))) for s in (99, *range(1, MANY + 1))}

    def whole(shown: dict[int, Any]) -> None:
        assert shown[image] == orders[shown[image].alt]

    with watched(shop, whole):
        told = at_once(
            *(
                partial(shop.update, image, photo(s), Change(alt=str(s), sort=s))
                for s in range(1, MANY + 1)
            )
        )
    assert all(isinstance(each, Pictured) for each in told)
    whole(shop.shown())
    *replaced, current = shop.record(image)
    # Each was replaced while its own text stood beside it: so they came whole, in this order.
    assert [row["sha256"] for row in replaced] == [orders[row["alt"]][3] for row in replaced]
    assert len(replaced) == MANY
    assert current["sha256"] == shop.shown()[image].sha256
    shop.must_be_clean()


def test_one_default_a_product_at_any_time(shop: Shop) -> None:
    ids = [shop.attach(photo(seed)).entry.id for seed in range(4)]

    def one_default(shown: dict[int, Any]) -> None:
        assert sum(each.default for each in shown.values()) == 1

    def busy(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            change = Change(default=chance.choice((True, False)), sort=chance.random())
            data = photo(chance.randrange(3)) if chance.random() < 0.3 else None
            shop.update(chance.choice(ids), data, change)
            if chance.random() < 0.2:
                shop.remove(shop.attach(photo(5), Change(default=True)).entry.id)

    with watched(shop, one_default):
        told = at_once(*(partial(busy, seed) for seed in range(6)))
    assert told == [None] * 6
    one_default(shop.shown())
    shop.must_be_clean()
