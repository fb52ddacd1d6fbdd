"""Restored versions share stored files: no race, sweep or failed request deletes these."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from fatrina.actions import backup, committing, galleries, history, restoring
from fatrina.actions.galleries import Precondition
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.history import Action, VersionRecord
from fatrina.domain.pagination import Page
from fatrina.domain.types import ImageId, Millis
from fatrina.domain.views import ImageView
from tests.actions.store import PhotoImage, Store, digest, photo
from tests.actions.test_races import run_concurrently

KEEP = Millis(1000)


def sweep(store: Store) -> SweepResult:
    services = store.services
    return Sweeper(services.database, services.storage, services.housekeeping).sweep(
        store.clock.now, KEEP
    )


def wait(store: Store, milliseconds: int) -> None:
    store.clock.now = Millis(store.clock.now + milliseconds)


def restore(store: Store, image: ImageId, number: int, **options: Any) -> PhotoImage:
    return PhotoImage.of(
        restoring.restore_version(store.services, store.caller, image, number, **options)
    )


def undelete(store: Store, image: ImageId) -> PhotoImage:
    return PhotoImage.of(restoring.restore_image(store.services, store.caller, image))


def list_versions(store: Store, image: ImageId) -> list[VersionRecord]:
    """Return all versions of an image, the newest first."""
    return [*history.list_versions(store.services, store.caller, image, Page(1, 100)).records]


def list_actions(store: Store) -> list[list[Action]]:
    """Return the actions of each logged change, the newest first."""
    page = history.list_changes(store.services, store.caller, store.product, Page(1, 100))
    return [[*record.actions] for record in page.records]


def before_the_transaction(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Run `action` once before the transaction of a restore."""
    commit, actions = committing.commit, [action]

    def with_action(*args: Any, **options: Any) -> Any:
        if actions:
            actions.pop()()
        return commit(*args, **options)

    monkeypatch.setattr(committing, "commit", with_action)


def test_undo_can_be_undone_and_urls_stay(store: Store) -> None:
    first = store.attach(photo(1), Change(alt="one"))
    image = first.entry.id
    second = store.update(image, photo(2), Change(alt="two"))
    stored = store.stored_keys()
    undone = restore(store, image, 1)
    assert (undone.original, undone.entry.alt) == (first.original, "two")
    redone = restore(store, image, 2, reason="redo")
    assert redone.original == second.original
    assert store.stored_keys() == stored
    records = list_versions(store, image)
    assert [(each.number, each.restored, each.reason) for each in records] == [
        *((4, 2, "redo"), (3, 1, None)),
        *((2, None, None), (1, None, None)),
    ]
    store.check_consistency()


def test_everything_of_a_version_can_be_restored(store: Store) -> None:
    other = store.attach(photo(9)).entry.id
    image = store.attach(photo(1), Change(default=True, sort=0.5, alt="one")).entry.id
    store.update(image, photo(2), Change(default=False, sort=7, alt=""))
    assert not store.image_states()[image].default
    entry = restore(store, image, 1, with_texts=True).entry
    assert (entry.default, entry.sort, entry.alt) == (True, 0.5, "one")
    assert not store.image_states()[other].default
    assert list_actions(store)[0] == [
        *(Action.RESTORED, Action.REORDERED, Action.ALT, Action.DEFAULT)
    ]


def test_restoring_the_shown_version_changes_nothing(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    restore(store, image, 1)
    rows, log = store.version_rows(), list_actions(store)
    for number in (1, 3):
        restore(store, image, number)
    undelete(store, image)
    assert (store.version_rows(), list_actions(store)) == (rows, log)


def test_versions_are_purged_together_when_the_last_is_due(store: Store) -> None:
    """The retention period of shared files begins when the last version with them is replaced."""
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    wait(store, KEEP)
    restore(store, image, 1)
    wait(store, KEEP)  # the first version was retired long ago, and is shown again
    assert sweep(store) == SweepResult(0, 0)
    assert store.image_states()[image].sha256 == digest(photo(1))
    restore(store, image, 2)
    wait(store, KEEP)
    assert sweep(store) == SweepResult(0, 0)
    wait(store, 1)
    assert sweep(store) == SweepResult(1, 0)
    assert [each.is_purged for each in list_versions(store, image)] == [False, True, False, True]
    for number in (1, 3):
        with pytest.raises(errors.Gone):
            restore(store, image, number)
    store.check_consistency()


def test_version_swept_before_the_transaction_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    wait(store, KEEP + 1)
    rows = [{**row, "purged_at": None} for row in store.version_rows()]
    before_the_transaction(monkeypatch, partial(sweep, store))
    with pytest.raises(errors.Gone):
        restore(store, image, 1)
    assert [{**row, "purged_at": None} for row in store.version_rows()] == rows
    assert store.image_states()[image].sha256 == digest(photo(2))
    store.check_consistency()


def test_deleted_image_swept_before_the_transaction_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    store.remove(image)
    wait(store, KEEP + 1)
    before_the_transaction(monkeypatch, partial(sweep, store))
    with pytest.raises(errors.Gone):
        undelete(store, image)
    assert not store.image_states()
    store.check_consistency()


def test_image_deleted_again_meanwhile_is_restored_as_it_was_last(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    store.remove(image)

    def change() -> None:
        undelete(store, image)
        store.update(image, photo(2))
        store.remove(image)

    before_the_transaction(monkeypatch, change)
    undelete(store, image)
    assert store.image_states()[image].sha256 == digest(photo(2))
    store.check_consistency()


def test_failed_restore_keeps_the_files(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    stored = store.stored_keys()

    def reject(_: ImageView) -> None:
        raise errors.PreconditionFailed(etag='"1"')

    with pytest.raises(errors.PreconditionFailed):
        restore(store, image, 1, precondition=reject)
    assert store.stored_keys() == stored
    store.remove(image)
    for _ in range(10):
        store.attach(photo(3))
    with pytest.raises(errors.ValidationFailed):
        undelete(store, image)
    assert store.stored_keys() > stored
    store.check_consistency()


def test_version_whose_files_are_missing_is_gone(store: Store) -> None:
    first = store.attach(photo(1))
    store.update(first.entry.id, photo(2))
    store.services.storage.delete([*first.original.keys().values()][:1])
    with pytest.raises(errors.Gone):
        restore(store, first.entry.id, 1)
    assert len(list_versions(store, first.entry.id)) == 2


def test_two_restores_an_update_and_a_sweep_are_serialized(store: Store) -> None:
    """Each has the result that it would have alone, in some order; no needed file is deleted."""
    for _ in range(4):
        image = store.attach(photo(1)).entry.id
        store.update(image, photo(2))
        store.update(image, photo(3))
        wait(store, KEEP + 1)  # the versions 1 and 2 are due
        results = run_concurrently(
            partial(restore, store, image, 1),
            partial(restore, store, image, 2),
            partial(store.update, image, photo(4)),
            partial(sweep, store),
        )
        allowed = (PhotoImage, errors.Gone, SweepResult)
        assert all(isinstance(each, allowed) for each in results), results
        records = [*reversed(list_versions(store, image))]
        assert [each.retired_at is None for each in records] == [False] * (len(records) - 1) + [
            True
        ]
        for each, next_ in pairwise(records):
            assert each.version.original != next_.version.original
        added = [each.restored for each in records[3:]]
        restored = [n for n in (1, 2) if isinstance(results[n - 1], PhotoImage)]
        assert sorted(added, key=lambda number: number or 9) == [*restored, None]
        assert not records[-1].is_purged
        store.check_consistency()
        store.remove(image)


def test_concurrent_restores_of_a_deleted_image_add_one_version(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    store.remove(image)
    results = run_concurrently(*[partial(undelete, store, image)] * 4)
    assert all(isinstance(each, PhotoImage) for each in results), results
    assert len(list_versions(store, image)) == 2
    assert [*store.image_states()] == [image]
    store.check_consistency()


def test_precondition_is_checked_again_in_the_transaction(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    expected = ImageView(*store.update(image, None))

    def check(shown: ImageView) -> None:
        if shown != expected:
            raise errors.PreconditionFailed(etag='"changed"')

    precondition: Precondition = check
    galleries.check_image(store.services, store.caller, image, precondition)
    before_the_transaction(monkeypatch, partial(store.update, image, None, Change(alt="other")))
    with pytest.raises(errors.PreconditionFailed):
        restore(store, image, 1, precondition=precondition)
    assert store.image_states()[image] == (1, True, "other", digest(photo(2)))


def test_dump_contains_shared_files_once_and_the_history(store: Store, tmp_path: Any) -> None:
    image = store.attach(photo(1)).entry.id
    store.update(image, photo(2))
    restore(store, image, 1, reason="سبب")
    store.remove(store.attach(photo(3)).entry.id)
    before = (list_versions(store, image), list_actions(store), store.stored_keys())
    services, dump = store.services, tmp_path / "dump.tar"
    with dump.open("wb") as file:
        backup.dump(services.database, services.storage, file, lambda: None)
    store.update(image, photo(4))
    with dump.open("rb") as file:
        backup.restore(
            *(services.database, services.storage, services.housekeeping, services.spool, file),
            lambda: None,
        )
    assert (list_versions(store, image), list_actions(store), store.stored_keys()) == before
    store.check_consistency()
