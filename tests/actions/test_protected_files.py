"""Files stored for an update are deleted if its token is revoked; waits for a sweep are limited."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fatrina.actions import access, products
from fatrina.actions.receiving import PhotoLink
from fatrina.adapters.storage import LocalStorage, local
from fatrina.domain import errors
from fatrina.domain.access import WRITE
from fatrina.domain.gallery import Change
from fatrina.domain.types import ImageId, Millis
from tests.actions.store import NOW, Store, photo


def _update(store: Store, image: int) -> None:
    store.update(ImageId(image), photo(2))


def _attach(store: Store, _: int) -> None:
    store.attach(photo(2))


def _create(store: Store, _: int) -> None:
    link = "https://store.example/a.jpg"
    store.downloader.pages[link] = photo(2)
    products.create(store.services, store.caller, "Cup", None, [(Change(), PhotoLink(link))])


@pytest.mark.parametrize("act", [_update, _attach, _create])
def test_update_with_a_token_revoked_meanwhile_leaves_no_files(
    store: Store, monkeypatch: pytest.MonkeyPatch, act: Callable[[Store, int], None]
) -> None:
    image = store.attach(photo(1)).entry.id
    token = access.issue_token(store.services.database, "shop1", WRITE, Millis(10**9), NOW)
    mine = replace(store, caller=access.authenticate(store.services, token or ""))
    put, before = store.services.storage.put, store.image_states()

    def then_revoke(files: Mapping[str, Path]) -> None:
        put(files)
        access.revoke_token(store.services.database, mine.caller.token_id, NOW)

    monkeypatch.setattr(store.services.storage, "put", then_revoke)
    with pytest.raises(errors.InvalidToken):
        act(mine, image)
    assert store.image_states() == before
    store.check_consistency()


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder like a sweep that was suspended with Ctrl-Z."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("place", [".turnstile", "."])
def test_update_waits_for_a_sweep_only_for_a_limited_time(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(local, "_TIMEOUT_SECONDS", 0.05)
    storage = store.services.storage
    assert isinstance(storage, LocalStorage)
    with lock_folder(storage.root / place), pytest.raises(errors.StorageUnavailable):
        store.attach(photo(1))
    store.attach(photo(1))
    store.check_consistency()


def test_deleted_turnstile_file_is_created_again(store: Store) -> None:
    storage = store.services.storage
    assert isinstance(storage, LocalStorage)
    shutil.rmtree(storage.root / ".turnstile")
    store.attach(photo(1))
    with storage.exclusive(1) as alone:
        assert alone
    store.check_consistency()
