"""Concurrent actions have the same result as sequential ones."""

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
from fatrina.domain.types import ImageId
from tests.actions.store import PhotoImage, Store, digest, photo

MANY = 16


def run_concurrently(*actions: Callable[[], object]) -> list[object]:
    """Start all at the same moment; return the result or the service error of each."""
    barrier = threading.Barrier(len(actions))

    def start(action: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return action()
        except errors.ServiceError as exc:
            return exc

    with ThreadPoolExecutor(len(actions)) as pool:
        return [*pool.map(start, actions)]


def before_the_transaction(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Run `action` once between an update's unchanged-photo check and its transaction."""
    is_current, actions = images._is_current, [action]

    def with_action(services: Services, caller: Caller, image: int, photo: IncomingPhoto) -> bool:
        result = is_current(services, caller, ImageId(image), photo)
        if actions:
            actions.pop()()
        return result

    monkeypatch.setattr(images, "_is_current", with_action)


def test_concurrent_updates_of_an_image_are_not_mixed(store: Store) -> None:
    image = store.attach(photo(1), Change(alt="before")).entry.id
    changes = {seed: Change(alt=f"alt {seed}", sort=seed) for seed in (2, 3)}
    for _ in range(5):
        run_concurrently(*(partial(store.update, image, photo(s), changes[s]) for s in changes))
        shown = store.image_states()[image]
        assert shown in [(s, True, f"alt {s}", digest(photo(s))) for s in changes]
    store.check_consistency()


def test_unchanged_photo_replaces_a_concurrent_update(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1), Change(alt="one")).entry.id
    before_the_transaction(monkeypatch, lambda: store.update(image, photo(2), Change(alt="two")))
    store.update(image, photo(1), Change(sort=5))
    assert store.image_states()[image] == (5, True, "two", digest(photo(1)))
    record = [(row["sha256"], row["alt"]) for row in store.version_rows(image)]
    assert record == [
        (digest(photo(1)), "one"),
        (digest(photo(2)), "two"),
        (digest(photo(1)), None),
    ]
    store.check_consistency()


def test_same_new_photo_sent_twice_concurrently_is_stored_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    between: list[PhotoImage] = []
    before_the_transaction(monkeypatch, lambda: between.append(store.update(image, photo(2))))
    mine = store.update(image, photo(2), Change(alt="mine"))
    assert mine.original == between[0].original
    assert len(store.version_rows(image)) == 2
    store.check_consistency()


def test_failed_cleanup_does_not_fail_a_successful_update(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise OSError(5, "broken")

    image = store.attach(photo(1)).entry.id
    before_the_transaction(monkeypatch, lambda: store.update(image, photo(2)))
    monkeypatch.setattr(store.services.storage, "delete", broken)
    assert store.update(image, photo(2), Change(alt="mine")).entry.alt == "mine"


def test_update_of_an_image_removed_meanwhile_leaves_no_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    before_the_transaction(monkeypatch, lambda: store.remove(image))
    with pytest.raises(errors.NotFound):
        store.update(image, photo(2))
    assert not store.image_states()
    store.check_consistency()


def test_attaching_to_a_gallery_filled_meanwhile_leaves_no_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(9):
        store.attach(photo(1))
    original_store, tenth = storing.store, [photo(2)]

    def with_action(
        services: Services, rendered: RenderedPhoto, merchant_code: str, section: StorageSection
    ) -> Any:
        version = original_store(services, rendered, merchant_code, section)
        if tenth:
            store.attach(tenth.pop())
        return version

    monkeypatch.setattr(storing, "store", with_action)
    with pytest.raises(errors.ValidationFailed):
        store.attach(photo(3))
    assert digest(photo(3)) not in {shown.sha256 for shown in store.image_states().values()}
    store.check_consistency()


def test_two_images_for_the_last_place(store: Store) -> None:
    for _ in range(9):
        store.attach(photo(1))
    results = run_concurrently(*[lambda: store.attach(photo(2), Change(default=True))] * 2)
    assert sorted(type(each).__name__ for each in results) == ["PhotoImage", "ValidationFailed"]
    assert len(store.image_states()) == 10
    store.check_consistency()


def test_concurrent_update_and_removal(store: Store) -> None:
    for _ in range(4):
        other, image = store.attach(photo(1)).entry.id, store.attach(photo(2)).entry.id
        results = run_concurrently(
            partial(store.update, image, photo(3), Change(default=True)),
            partial(store.remove, image),
        )
        assert not isinstance(results[1], errors.ServiceError)
        assert [*store.image_states()] == [other]
        store.remove(other)
    store.check_consistency()


@contextmanager
def watch_gallery(store: Store, check: Callable[[dict[int, Any]], None]) -> Iterator[None]:
    """Check the gallery repeatedly while the block runs."""
    over = threading.Event()

    def watch() -> int:
        checks = 0
        while not over.is_set():
            check(store.image_states())
            checks += 1
        return checks

    with ThreadPoolExecutor(1) as pool:
        checks = pool.submit(watch)
        try:
            yield
        finally:
            over.set()
        assert checks.result()


def test_sixteen_concurrent_updates_are_serialized(store: Store) -> None:
    image = store.attach(photo(99), Change(alt="99", sort=99)).entry.id
    orders = {str(s): (float(s), True, str(s), digest(photo(s))) for s in (99, *range(1, MANY + 1))}

    def is_consistent(shown: dict[int, Any]) -> None:
        assert shown[image] == orders[shown[image].alt]

    with watch_gallery(store, is_consistent):
        results = run_concurrently(
            *(
                partial(store.update, image, photo(s), Change(alt=str(s), sort=s))
                for s in range(1, MANY + 1)
            )
        )
    assert all(isinstance(each, PhotoImage) for each in results)
    is_consistent(store.image_states())
    *replaced, current = store.version_rows(image)
    # Each version was retired with the alt text of its own update: no two updates were mixed.
    assert [row["sha256"] for row in replaced] == [orders[row["alt"]][3] for row in replaced]
    assert len(replaced) == MANY
    assert current["sha256"] == store.image_states()[image].sha256
    store.check_consistency()


def test_product_always_has_exactly_one_default(store: Store) -> None:
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

    with watch_gallery(store, one_default):
        results = run_concurrently(*(partial(busy, seed) for seed in range(6)))
    assert results == [None] * 6
    one_default(store.image_states())
    store.check_consistency()
