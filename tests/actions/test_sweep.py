"""The sweep deletes exactly the due versions and the orphaned files, also during other actions."""

import errno
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fatrina.actions import media
from fatrina.actions import sweep as sweeping
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.adapters import housekeeping
from fatrina.adapters.database import postgres_housekeeping
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import ORIGINAL, Original
from fatrina.domain.types import ImageId, Millis
from tests.actions.store import Store, photo

KEEP = Millis(1000)
DAY = 86_400_000


def sweep(store: Store, keep: int = KEEP, *, dry_run: bool = False) -> SweepResult:
    services = store.services
    sweeper = Sweeper(services.database, services.storage, services.housekeeping, dry_run)
    return sweeper.sweep(store.clock.now, Millis(keep))


def store_orphan(store: Store, handle: str) -> str:
    """Store an orphaned file."""
    key = Original("shop1", handle, "secret", ImageFormat.PNG, 1, 1).key(ORIGINAL)
    with store.services.spool.create_file() as file:
        file.write(b"orphan")
        store.services.storage.put({key: file.path})
    return key


def test_replaced_version_is_purged_after_the_retention_period(store: Store) -> None:
    image = store.attach(photo(1))
    name = image.original.key(ORIGINAL).partition("/")[2]
    store.update(image.entry.id, photo(2))
    store.clock.now = Millis(store.clock.now + KEEP)
    assert sweep(store) == SweepResult(0, 0)
    media.open_image(store.services, "shop1", name).close()
    store.clock.now = Millis(store.clock.now + 1)
    assert sweep(store) == SweepResult(1, 0)
    with pytest.raises(errors.NotFound):
        media.open_image(store.services, "shop1", name)
    first, second = store.version_rows(image.entry.id)
    assert (first["purged_at"], second["purged_at"]) == (store.clock.now, None)
    assert sweep(store) == SweepResult(0, 0)
    store.check_consistency()


def test_removed_image_is_purged_after_the_retention_period(store: Store) -> None:
    store.remove(store.attach(photo(1)).entry.id)
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    assert sweep(store) == SweepResult(1, 0)
    assert not store.stored_keys()


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_orphans_are_deleted_but_not_files_of_a_running_update(
    store: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Between storing and commit, a file without a row is needed, whatever the clock says."""
    monkeypatch.setattr(sweeping, "_LOCK_TIMEOUT_SECONDS", 0.01)
    store.clock.now = Millis(store.clock.now + hours * 3_600_000)
    put, found = store.services.storage.put, []

    def then_sweep(files: Mapping[str, Path]) -> None:
        put(files)
        found.append(sweep(store))

    store_orphan(store, "aaaaaaaaaaaa")
    with monkeypatch.context() as during:
        during.setattr(store.services.storage, "put", then_sweep)
        store.attach(photo(1))
    assert found == [SweepResult(0, 0, skipped=5)]
    assert sweep(store) == SweepResult(0, 1)
    store.check_consistency()


def test_clock_that_jumped_ahead_deletes_nothing(store: Store) -> None:
    store.update(store.attach(photo(1)).entry.id, photo(2))
    held, clock = store.stored_keys(), store.clock
    clock.now = Millis(clock.now + 8 * DAY + 1)
    for dry_run in (True, False):
        with pytest.raises(errors.ClockUncertain) as refusal:
            sweep(store, dry_run=dry_run)
        assert refusal.value.params == {"count": 1, "days": 8}
    assert store.stored_keys() == held
    clock.now = Millis(clock.now - 1)
    assert sweep(store) == SweepResult(1, 0)


def test_trust_clock_allows_the_purge(store: Store) -> None:
    store.update(store.attach(photo(1)).entry.id, photo(2))
    store.clock.now = Millis(store.clock.now + 400 * DAY)
    services = store.services
    sweeper = Sweeper(services.database, services.storage, services.housekeeping, trust_clock=True)
    assert sweeper.sweep(store.clock.now, KEEP) == SweepResult(1, 0)


def test_weekly_sweeps_of_a_store_without_updates_work(store: Store) -> None:
    store.update(store.attach(photo(1)).entry.id, photo(2))
    keep = 30 * DAY
    for _ in range(4):
        store.clock.now = Millis(store.clock.now + 7 * DAY)
        assert sweep(store, keep) == SweepResult(0, 0)
    store.clock.now = Millis(store.clock.now + 7 * DAY)
    assert sweep(store, keep) == SweepResult(1, 0)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("content", [b"", b"none", b"\xff"])
def test_damaged_record_of_the_last_sweep_is_ignored(store: Store, content: bytes) -> None:
    assert sweep(store) == SweepResult(0, 0)
    path = store.folder / "last-sweep"
    assert int(path.read_bytes()) == store.clock.now
    path.write_bytes(content)
    assert store.services.housekeeping.last_sweep() == 0
    assert sweep(store) == SweepResult(0, 0)


def test_rows_are_purged_before_files_are_deleted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If files cannot be deleted, or the process ends, their rows are already purged."""
    store.remove(store.attach(photo(1)).entry.id)
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    seen = []

    def delete(keys: Iterable[str]) -> None:
        assert [*keys]
        seen.append([row["purged_at"] for row in store.version_rows()])
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as during:
        during.setattr(store.services.storage, "delete", delete)
        with pytest.raises(OSError, match="broken"):
            sweep(store)
    assert seen == [[store.clock.now]]
    assert sweep(store) == SweepResult(0, 4)


@pytest.mark.parametrize("operation", ["seed", "restore", "reset", "sweep"])
def test_other_housekeeping_excludes_a_sweep(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr(housekeeping, "_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(postgres_housekeeping, "_TIMEOUT_SECONDS", 0.05)
    other = store.services.housekeeping
    with other.exclusive(operation), pytest.raises(errors.HousekeepingBusy) as refusal:
        sweep(store)
    assert refusal.value.params["operation"] == operation
    assert sweep(store) == SweepResult(0, 0)


def test_lost_lock_is_detected_between_batches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.services.housekeeping.exclusive("seed") as lease:
        lease.check_held()
        store.lose_housekeeping_lock()
        with pytest.raises(errors.HousekeepingBusy):
            lease.check_held()

    def batches(_: object) -> list[list[object]]:
        store.lose_housekeeping_lock()
        return [[]]

    monkeypatch.setattr(sweeping, "_batches", batches)
    with pytest.raises(errors.HousekeepingBusy):
        sweep(store)


def test_file_with_the_handle_but_not_the_key_of_a_version_is_an_orphan(store: Store) -> None:
    original = store.attach(photo(1)).original
    store_orphan(store, original.handle)
    assert sweep(store) == SweepResult(0, 1)
    store.check_consistency()


def test_dry_run_returns_the_same_result_and_deletes_nothing(store: Store) -> None:
    store.remove(store.attach(photo(1)).entry.id)
    store_orphan(store, "aaaaaaaaaaaa")
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    stored = store.stored_keys()
    assert sweep(store, dry_run=True) == SweepResult(1, 1)
    assert store.stored_keys() == stored
    assert sweep(store) == SweepResult(1, 1)


def test_sweep_reports_its_progress(store: Store) -> None:
    store.attach(photo(1))
    seen: list[int] = []
    services = store.services
    sweeper = Sweeper(
        services.database, services.storage, services.housekeeping, progress=seen.append
    )
    sweeper.sweep(Millis(0), Millis(0))
    assert sum(seen) == 4


def test_open_file_can_be_read_to_the_end_during_a_sweep(store: Store) -> None:
    image = store.attach(photo(1))
    name = image.original.key(ORIGINAL).partition("/")[2]
    picture = media.open_image(store.services, "shop1", name)
    whole = b"".join(picture.chunks(0, picture.size))
    store.remove(image.entry.id)
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    assert sweep(store) == SweepResult(1, 0)
    assert b"".join(picture.chunks(0, picture.size)) == whole
    picture.close()


@settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(st.sampled_from(["update", "same", "attach", "remove", "strew"]), max_size=6))
def test_sweep_leaves_exactly_the_current_files_after_any_actions(
    store: Store, acts: list[str]
) -> None:
    for step, act in enumerate(acts):
        ids = [*store.image_states()]
        if act == "strew":
            store_orphan(store, f"{step:0>12}")
        elif act == "attach" or not ids:
            store.attach(photo(step)) if len(ids) < 10 else store.remove(ImageId(ids[0]))
        elif act == "remove":
            store.remove(ImageId(ids[-1]))
        else:
            store.update(ImageId(ids[0]), photo(step if act == "update" else 0))
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    sweep(store)
    assert len(store.stored_keys()) == 4 * len(store.image_states())
    store.check_consistency()


def test_sweeps_during_updates_delete_no_needed_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_BATCH_SIZE", 3)
    ids, over = [store.attach(photo(0)).entry.id for _ in range(3)], threading.Event()

    def keep_sweeping() -> None:
        while not over.is_set():
            store.clock.now = Millis(store.clock.now + KEEP + 1)
            sweep(store)

    def keep_updating(image: int) -> None:
        for seed in range(6):
            updated = store.update(ImageId(image), photo(seed))
            for key in updated.original.keys().values():
                store.services.storage.open(key).close()

    with ThreadPoolExecutor(4) as pool:
        sweeper = pool.submit(keep_sweeping)
        updaters = [pool.submit(keep_updating, image) for image in ids]
        for updater in updaters:
            updater.result()
        over.set()
        sweeper.result()
    store.clock.now = Millis(store.clock.now + KEEP + 1)
    sweep(store)
    assert len(store.stored_keys()) == 4 * len(ids)
    store.check_consistency()
