"""Errors of disks, databases and decoders leave the old image unchanged and no other files."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event
from structlog.testing import capture_logs

from fatrina.actions import images
from fatrina.actions.images import AttachImage
from fatrina.actions.receiving import PhotoLink
from fatrina.adapters.database import Database
from fatrina.adapters.decoder import DecoderInternalError, DecoderPool
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits
from fatrina.domain.renditions import ROLES
from fatrina.emulator import seeding
from fatrina.emulator.seed_records import Seed, SeedImage, SeedMerchant, SeedProduct
from tests.actions.store import Store, digest, photo


class LossyDecoders:
    """Decoders of which the first `losses` are lost while they write."""

    limits = Limits()

    def __init__(self, losses: int) -> None:
        self.losses = losses

    @contextmanager
    def acquire(self) -> Iterator["LossyDecoders"]:
        yield self

    def open(self, photo: int, _: Limits, *, libvips_only: bool = False) -> ImageInfo:
        return ImageInfo(ImageFormat.JPEG, 40, 30)

    def render(self, files: list[int]) -> None:
        for file in files:
            os.write(file, b"half" if self.losses else b"whole")
            if self.losses and file == files[1]:
                self.losses -= 1
                raise errors.DecoderFailed(retry=1)


def with_decoders(store: Store, decoders: object) -> Store:
    return replace(store, services=replace(store.services, decoders=cast("DecoderPool", decoders)))


def test_output_of_a_lost_decoder_is_discarded(store: Store) -> None:
    image = with_decoders(store, LossyDecoders(1)).attach(photo(1))
    for key in image.original.keys().values():
        blob = store.services.storage.open(key)
        assert b"".join(blob.chunks(0, 100)) == b"whole"
        blob.close()


class RaisingDecoders(LossyDecoders):
    """Decoders that raise an exception, always or unless only libvips is used."""

    def __init__(self, *, always: bool) -> None:
        super().__init__(0)
        self.always = always
        self.internal_errors = 0

    def open(self, photo: int, _: Limits, *, libvips_only: bool = False) -> ImageInfo:
        if self.always or not libvips_only:
            raise DecoderInternalError("ValueError < worker.py:1 handle")
        return ImageInfo(ImageFormat.JPEG, 40, 30)

    def count_internal_error(self) -> None:
        self.internal_errors += 1


def test_decoder_exception_is_counted_and_retried_with_libvips_only(store: Store) -> None:
    decoders = RaisingDecoders(always=False)
    with capture_logs() as logs:
        with_decoders(store, decoders).attach(photo(1))
    assert decoders.internal_errors == 1
    assert [each["trace"] for each in logs if each["event"] == "decoder_fault"] == [
        "ValueError < worker.py:1 handle"
    ]


def test_second_decoder_exception_is_an_internal_error(store: Store) -> None:
    decoders = RaisingDecoders(always=True)
    with pytest.raises(DecoderInternalError):
        with_decoders(store, decoders).attach(photo(1))
    assert decoders.internal_errors == 2
    store.check_consistency()


def test_two_lost_decoders_make_the_service_unavailable(store: Store) -> None:
    with pytest.raises(errors.DecoderFailed):
        with_decoders(store, LossyDecoders(2)).attach(photo(1))
    store.check_consistency()


def test_failed_write_deletes_the_other_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.attach(photo(1)).entry.id
    before, fsync, calls = store.image_states(), os.fsync, []

    def third_fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, "full")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", third_fails)
    with pytest.raises(OSError, match="full"):
        store.update(image, photo(2))
    monkeypatch.undo()
    assert store.image_states() == before
    store.check_consistency()
    store.update(image, photo(2))
    assert store.image_states()[image].sha256 == digest(photo(2))


def limit_pages(database: Database, pages: int) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_full_database_rejects_the_update_and_deletes_its_files(store: Store) -> None:
    image = store.attach(photo(1), Change(alt="one")).entry.id
    limit_pages(store.services.database, 1)
    before = store.image_states()
    with pytest.raises(errors.StorageFull):
        store.update(image, None, Change(alt="x" * 100_000))
    with pytest.raises(errors.StorageFull):
        store.update(image, photo(2), Change(alt="x" * 100_000))
    assert store.image_states() == before
    store.check_consistency()
    limit_pages(store.services.database, 1_000_000)
    store.update(image, photo(2), Change(alt="x" * 100_000))
    store.check_consistency()


class UncertainDatabase:
    """A database that reports a lost connection after the next successful commit."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.lose = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def writing(self, *, bulk: bool = False) -> Iterator[Connection]:
        with self._inner.writing(bulk=bulk) as connection:
            yield connection
        if self.lose:
            raise errors.DatabaseUnavailable


def test_commit_of_unknown_outcome_keeps_the_files(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    uncertain = UncertainDatabase(store.services.database)
    store = replace(store, services=replace(store.services, database=cast("Database", uncertain)))
    uncertain.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        store.update(image, photo(2))
    uncertain.lose = False
    assert store.image_states()[image].sha256 == digest(photo(2))
    store.check_consistency()


def test_seed_of_unknown_outcome_keeps_the_files(store: Store) -> None:
    uncertain = UncertainDatabase(store.services.database)
    picture = SeedImage("/", Change(), write_photo=lambda file: file.write(photo(1)))
    lamp = SeedProduct("/", "Lamp", images=[picture])
    seed = Seed([SeedMerchant("/", "shop1", products=[lamp])])
    uncertain.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        seeding.seed(replace(store.services, database=cast("Database", uncertain)), seed, 1)
    assert len(store.referenced_keys()) == len(ROLES)
    store.check_consistency()


def test_failed_commit_leaves_the_files_to_the_sweep(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    before = store.image_states()

    def fail(_: Connection) -> None:
        raise errors.DatabaseUnavailable

    event.listen(store.services.database.engines[-1], "commit", fail)
    with pytest.raises(errors.DatabaseUnavailable):
        store.update(image, photo(2))
    event.remove(store.services.database.engines[-1], "commit", fail)
    assert store.image_states() == before
    assert len(store.stored_keys() - store.referenced_keys()) == len(ROLES)


def test_token_revoked_meanwhile_leaves_no_files(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    before, ended = (
        store.image_states(),
        replace(store, caller=replace(store.caller, token_hash="gone")),
    )
    with pytest.raises(errors.InvalidToken):
        ended.attach(photo(2))
    with pytest.raises(errors.InvalidToken):
        ended.update(image, photo(3))
    assert store.image_states() == before
    store.check_consistency()


@pytest.mark.parametrize("act", [Store.attach, lambda store, data: store.update(1, data)])
def test_full_spool_rejects_photos_as_busy(
    store: Store, act: Callable[[Store, bytes], Any]
) -> None:
    store.services.spool._limit = len(photo(1)) - 1
    with pytest.raises(errors.Busy):
        act(store, photo(1))
    store.check_consistency()


def test_failed_download_leaves_no_files(store: Store) -> None:
    def broken(_: str, write: Callable[[bytes], None]) -> None:
        write(photo(1)[:500])
        raise errors.LinkInvalidResponse

    store.downloader.fetch = broken  # type: ignore[method-assign,assignment]
    source = PhotoLink("https://user.example/", "original")
    with pytest.raises(errors.LinkInvalidResponse) as raised:
        images.attach(store.services, store.caller, store.product, AttachImage(Change(), source))
    assert raised.value.field == "original"
    store.check_consistency()
