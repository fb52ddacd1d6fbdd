"""Nothing is left behind by a crash, a failed restore or a rejected request."""

import fcntl
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from fatrina.actions import access
from fatrina.adapters import housekeeping
from fatrina.adapters.database import postgres_housekeeping
from fatrina.adapters.housekeeping import FileHousekeeping
from fatrina.adapters.storage import LocalStorage
from fatrina.domain import errors
from fatrina.domain.access import WRITE
from fatrina.domain.gallery import Change
from fatrina.domain.types import Millis, ProductId
from fatrina.emulator import seeding
from fatrina.emulator.resetting import reset
from fatrina.emulator.seed_records import Seed, SeedImage, SeedMerchant, SeedProduct
from tests.actions.store import Store, photo
from tests.actions.test_seed_and_backup import create_dump, run_restore
from tests.stores import run_service
from tests.test_cli import Run, merchant, run
from tests.waiting import wait_until

__all__ = ["merchant", "run"]


def test_start_deletes_unfinished_uploads_of_an_earlier_process(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "0123456789abcdef").write_bytes(b"half a photo")
    with run_service(tmp_path):
        assert not (incoming / "0123456789abcdef").exists()


def test_dump_is_flushed_before_it_is_renamed(
    run: Run, merchant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert merchant
    file = tmp_path / "all.tar"
    flushed: list[tuple[str, int, bool]] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        flushed.append((name, os.fstat(descriptor).st_size, file.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    assert run("dump", str(file)).exit_code == 0
    assert ("all.tar.unfinished", file.stat().st_size, False) in flushed


def test_restore_that_fails_while_storing_leaves_no_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.attach(photo(1))
    dump = create_dump(store)
    reset(
        store.services.database,
        store.services.storage,
        store.services.housekeeping,
        keep_merchants=True,
    )
    kept = store.attach(photo(2), product=ProductId(store.create_product()))
    put, calls = store.services.storage.put, 0

    def fail_at_the_third(files: Mapping[str, Path]) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError
        put(files)

    monkeypatch.setattr(store.services.storage, "put", fail_at_the_third)
    with pytest.raises(OSError, match=r"^$"):
        run_restore(store, dump)
    assert store.stored_keys() == {*kept.original.keys().values()}


def test_sweep_checks_no_files_during_a_restore(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.attach(photo(1))
    dump = create_dump(store)
    storage = store.services.storage
    put, alone = storage.put, list[bool]()

    def look(files: Mapping[str, Path]) -> None:
        put(files)
        with storage.exclusive(0.01) as nobody_else:
            alone.append(nobody_else)

    monkeypatch.setattr(storage, "put", look)
    run_restore(store, dump)
    assert alone
    assert not any(alone)


def test_request_with_a_replaced_token_leaves_no_files(store: Store) -> None:
    replaced = replace(store.caller, token_hash="0" * 64, token_created_at=1)
    image = store.attach(photo(1))
    before = store.stored_keys()
    with pytest.raises(errors.InvalidToken):
        replace(store, caller=replaced).attach(photo(2))
    with pytest.raises(errors.InvalidToken):
        replace(store, caller=replaced).update(image.entry.id, photo(3))
    assert store.stored_keys() == before


def test_reset_is_exclusive_with_other_housekeeping(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.attach(photo(1))
    before = store.stored_keys()
    monkeypatch.setattr(housekeeping, "_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(postgres_housekeeping, "_TIMEOUT_SECONDS", 0.05)
    services = store.services
    with services.housekeeping.exclusive("restore"), pytest.raises(errors.HousekeepingBusy):
        reset(services.database, services.storage, services.housekeeping)
    assert store.stored_keys() == before
    assert store.image_states()


@pytest.mark.parametrize("operation", ["seed", "restore"])
def test_operation_that_loses_its_lock_changes_no_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    image = store.attach(photo(1)).entry.id
    dump = create_dump(store)
    store.update(image, photo(2))
    before = store.version_rows()
    put = store.services.storage.put

    def lose_the_lock(files: Mapping[str, Path]) -> None:
        put(files)
        store.lose_housekeeping_lock()

    monkeypatch.setattr(store.services.storage, "put", lose_the_lock)
    picture = SeedImage("a", Change(), write_photo=lambda file: file.write(photo(3)))
    product = SeedProduct("p", "Cup", images=[picture])
    seed = Seed([SeedMerchant("m", "shop9", products=[product])])
    operations: dict[str, Callable[[], object]] = {
        "seed": lambda: seeding.seed(store.services, seed, 1),
        "restore": lambda: run_restore(store, dump),
    }
    with pytest.raises(errors.HousekeepingBusy):
        operations[operation]()
    assert store.version_rows() == before


def test_new_writers_do_not_starve_a_waiting_sweep(store: Store) -> None:
    storage = cast("LocalStorage", store.services.storage)
    order: list[str] = []

    def sweep() -> None:
        with storage.exclusive(30) as nobody_else:
            order.append(f"alone: {nobody_else}")

    def write() -> None:
        with storage.writing():
            order.append("writer")

    def is_waiting() -> bool:
        turnstile = os.open(storage._turnstile, os.O_RDONLY)
        try:
            fcntl.flock(turnstile, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(turnstile)
        return False

    with ThreadPoolExecutor(2) as threads:
        with storage.writing():
            first = threads.submit(sweep)
            wait_until(is_waiting)
            second = threads.submit(write)
            wait([second], timeout=0.2)  # a writer that is let in too early gets the time for it
        first.result()
        second.result()
    assert order == ["alone: True", "writer"]


def test_request_fails_if_its_token_is_revoked_meanwhile(store: Store) -> None:
    token = access.issue_token(
        store.services.database, "shop1", WRITE, Millis(10**9), store.clock.now
    )
    assert token is not None
    caller = access.authenticate(store.services, token)
    mine = replace(store, caller=caller)
    image = mine.attach(photo(1)).entry.id
    before = store.image_states()
    assert access.revoke_token(store.services.database, caller.token_id, store.clock.now)
    with pytest.raises(errors.InvalidToken):
        mine.update(image, photo(2))
    assert store.image_states() == before


def test_lock_on_a_deleted_file_is_not_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, path, deleted = fcntl.flock, tmp_path / "housekeeping", list[bool]()

    def delete_first(descriptor: int, how: int) -> None:
        if not deleted:
            deleted.append(True)
            path.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", delete_first)
    with FileHousekeeping(tmp_path).exclusive("sweep") as lease:
        lease.check_held()
    assert deleted
