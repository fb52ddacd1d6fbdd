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
from tests.actions.store import PhotoImage, Store, digest, photo

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


def test_two_updates_of_one_image_end_as_one_of_them_whole(store: Store) -> None:
    image = store.attach(photo(1), Change(alt="before")).entry.id
    changes = {seed: Change(alt=f"alt {seed}", sort=seed) for seed in (2, 3)}
    for _ in range(5):
        at_once(*(partial(store.update, image, photo(s), changes[s]) for s in changes))
        shown = store.image_states()[image]
        assert shown in [(s, True, f"alt {s}", digest(photo(s))) for s in changes]
    store.check_consistency()


def test_the_same_bytes_as_before_win_over_what_came_in_between(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1), Change(alt="one")).entry.id
    after_the_look(monkeypatch, lambda: store.update(image, photo(2), Change(alt="two")))
    store.update(image, photo(1), Change(sort=5))
    assert store.image_states()[image] == (5, True, "two", digest(photo(1)))
    record = [(row["sha256"], row["alt"]) for row in store.version_rows(image)]
    assert record == [
        (digest(photo(1)), "one"),
        (digest(photo(2)), "two"),
        (digest(photo(1)), None),
    ]
    store.check_consistency()


def test_the_same_new_bytes_twice_at_once_are_stored_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    between: list[PhotoImage] = []
    after_the_look(monkeypatch, lambda: between.append(store.update(image, photo(2))))
    mine = store.update(image, photo(2), Change(alt="mine"))
    assert mine.original == between[0].original
    assert len(store.version_rows(image)) == 2
    store.check_consistency()


def test_bytes_that_cannot_be_discarded_do_not_turn_a_success_into_a_failure(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise OSError(5, "broken")

    image = store.attach(photo(1)).entry.id
    after_the_look(monkeypatch, lambda: store.update(image, photo(2)))
    monkeypatch.setattr(store.services.storage, "delete", broken)
    assert store.update(image, photo(2), Change(alt="mine")).entry.alt == "mine"


def test_an_update_of_an_image_removed_meanwhile_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    after_the_look(monkeypatch, lambda: store.remove(image))
    with pytest.raises(errors.NotFound):
        store.update(image, photo(2))
    assert not store.image_states()
    store.check_consistency()


def test_an_attachment_to_a_gallery_filled_meanwhile_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(9):
        store.attach(photo(1))
    original_store, tenth = storing.store, [photo(2)]

    def and_then(
        services: Services, rendered: RenderedPhoto, merchant_code: str, section: StorageSection
    ) -> Any:
        version = original_store(services, rendered, merchant_code, section)
        if tenth:
            store.attach(tenth.pop())
        return version

    monkeypatch.setattr(storing, "store", and_then)
    with pytest.raises(errors.ValidationFailed):
        store.attach(photo(3))
    assert digest(photo(3)) not in {shown.sha256 for shown in store.image_states().values()}
    store.check_consistency()


def test_two_attachments_for_the_last_place(store: Store) -> None:
    for _ in range(9):
        store.attach(photo(1))
    told = at_once(*[lambda: store.attach(photo(2), Change(default=True))] * 2)
    assert sorted(type(each).__name__ for each in told) == ["PhotoImage", "ValidationFailed"]
    assert len(store.image_states()) == 10
    store.check_consistency()


def test_an_update_and_a_removal_at_once(store: Store) -> None:
    for _ in range(4):
        other, image = store.attach(photo(1)).entry.id, store.attach(photo(2)).entry.id
        told = at_once(
            partial(store.update, image, photo(3), Change(default=True)),
            partial(store.remove, image),
        )
        assert not isinstance(told[1], errors.ServiceError)
        assert [*store.image_states()] == [other]
        store.remove(other)
    store.check_consistency()


@contextmanager
def watched(store: Store, judge: Callable[[dict[int, Any]], None]) -> Iterator[None]:
    """Look at the gallery again and again while something goes on."""
    over = threading.Event()

    def watch() -> int:
        looks = 0
        while not over.is_set():
            judge(store.image_states())
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(watch)
        try:
            yield
        finally:
            over.set()
        assert looks.result()


def test_sixteen_writers_of_one_image_come_one_after_the_other(store: Store) -> None:
    image = store.attach(photo(99), Change(alt="99", sort=99)).entry.id
    orders = {str(s): (float(s), True, str(s), digest(photo(s))) for s in (99, *range(1, MANY + 1))}

    def whole(shown: dict[int, Any]) -> None:
        assert shown[image] == orders[shown[image].alt]

    with watched(store, whole):
        told = at_once(
            *(
                partial(store.update, image, photo(s), Change(alt=str(s), sort=s))
                for s in range(1, MANY + 1)
            )
        )
    assert all(isinstance(each, PhotoImage) for each in told)
    whole(store.image_states())
    *replaced, current = store.version_rows(image)
    # Each was replaced while its own text stood beside it: so they came whole, in this order.
    assert [row["sha256"] for row in replaced] == [orders[row["alt"]][3] for row in replaced]
    assert len(replaced) == MANY
    assert current["sha256"] == store.image_states()[image].sha256
    store.check_consistency()


def test_one_default_a_product_at_any_time(store: Store) -> None:
    ids = [store.attach(photo(seed)).entry.id for seed in range(4)]

    def one_default(shown: dict[int, Any]) -> None:
        assert sum(each.default for each in shown.values()) == 1

    def busy(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            change = Change(default=chance.choice((True, False)), sort=chance.random())
            data = photo(chance.randrange(3)) if chance.random() < 0.3 else None
            store.update(chance.choice(ids), data, change)
            if chance.random() < 0.2:
                store.remove(store.attach(photo(5), Change(default=True)).entry.id)

    with watched(store, one_default):
        told = at_once(*(partial(busy, seed) for seed in range(6)))
    assert told == [None] * 6
    one_default(store.image_states())
    store.check_consistency()
