"""What is stored for an update: deleted when its token ended, and never waited for without end."""

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
from tests.actions.store import NOW, Shop, photo


def _update(shop: Shop, image: int) -> None:
    shop.update(image, photo(2))


def _attach(shop: Shop, _: int) -> None:
    shop.attach(photo(2))


def _create(shop: Shop, _: int) -> None:
    link = "https://shop.example/a.jpg"
    shop.web.pages[link] = photo(2)
    products.create(shop.services, shop.caller, "Cup", None, [(Change(), PhotoLink(link))])


@pytest.mark.parametrize("act", [_update, _attach, _create])
def test_an_update_whose_token_ended_leaves_no_files(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, act: Callable[[Shop, int], None]
) -> None:
    image = shop.attach(photo(1)).entry.id
    token = access.issue_token(shop.services.database, "shop1", WRITE, 10**9, NOW)
    mine = replace(shop, caller=access.authenticate(shop.services, token or ""))
    put, before = shop.services.storage.put, shop.shown()

    def then_revoke(files: Mapping[str, Path]) -> None:
        put(files)
        access.revoke_token(shop.services.database, mine.caller.token_id, NOW)

    monkeypatch.setattr(shop.services.storage, "put", then_revoke)
    with pytest.raises(errors.InvalidToken):
        act(mine, image)
    assert shop.shown() == before
    shop.must_be_clean()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Lock a folder as a sweep does that was suspended with Ctrl-Z."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("place", [".turnstile", "."])
def test_an_update_does_not_wait_without_end_for_a_sweep(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(local, "_TIMEOUT_SECONDS", 0.05)
    storage = shop.services.storage
    assert isinstance(storage, LocalStorage)
    with held(storage.root / place), pytest.raises(errors.StorageUnavailable):
        shop.attach(photo(1))
    shop.attach(photo(1))
    shop.must_be_clean()


def test_a_turnstile_that_was_deleted_is_made_again(shop: Shop) -> None:
    storage = shop.services.storage
    assert isinstance(storage, LocalStorage)
    shutil.rmtree(storage.root / ".turnstile")
    shop.attach(photo(1))
    with storage.exclusive(1) as alone:
        assert alone
    shop.must_be_clean()
