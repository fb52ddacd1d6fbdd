"""Disks, databases and decoders that fail: the old picture stays whole, and nothing else does."""

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
from fatrina.emulator.seeding import SeedImage, SeedMerchant, SeedProduct
from tests.actions.store import Store, digest, photo


class Forgetful:
    """Decoders of which the first few are lost in the middle of their work."""

    limits = Limits()

    def __init__(self, losses: int) -> None:
        self.losses = losses

    @contextmanager
    def acquire(self) -> Iterator["Forgetful"]:
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


def test_a_decoder_lost_halfway_leaves_nothing_in_what_the_next_one_makes(store: Store) -> None:
    image = with_decoders(store, Forgetful(1)).attach(photo(1))
    for key in image.original.keys().values():
        blob = store.services.storage.open(key)
        assert b"".join(blob.chunks(0, 100)) == b"whole"
        blob.close()


class Broken(Forgetful):
    """Decoders that meet an exception, unless libvips alone is used; or then too."""

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


def test_a_decoder_fault_is_counted_and_libvips_alone_tries_again(store: Store) -> None:
    decoders = Broken(always=False)
    with capture_logs() as logs:
        with_decoders(store, decoders).attach(photo(1))
    assert decoders.internal_errors == 1
    assert [each["trace"] for each in logs if each["event"] == "decoder_fault"] == [
        "ValueError < worker.py:1 handle"
    ]


def test_a_second_decoder_fault_is_an_internal_error(store: Store) -> None:
    decoders = Broken(always=True)
    with pytest.raises(DecoderInternalError):
        with_decoders(store, decoders).attach(photo(1))
    assert decoders.internal_errors == 2
    store.check_consistency()


def test_decoders_lost_twice_are_an_outage(store: Store) -> None:
    with pytest.raises(errors.DecoderFailed):
        with_decoders(store, Forgetful(2)).attach(photo(1))
    store.check_consistency()


def test_a_file_that_cannot_be_stored_takes_the_others_with_it(
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


def test_a_full_database_refuses_whole_and_at_once_keeps_no_bytes(store: Store) -> None:
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


class Unsure(Database):
    """A database whose answer to the next commit is lost on its way."""

    def __init__(self, inner: Database) -> None:
        self._writer, self._reader, self._closed = inner._writer, inner._reader, False
        self.lose = False

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
        if self.lose:
            raise errors.DatabaseUnavailable


def test_a_commit_of_unknown_outcome_keeps_the_bytes_it_may_need(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    unsure = Unsure(store.services.database)
    store = replace(store, services=replace(store.services, database=unsure))
    unsure.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        store.update(image, photo(2))
    unsure.lose = False
    assert store.image_states()[image].sha256 == digest(photo(2))
    store.check_consistency()


def test_a_seed_of_unknown_outcome_keeps_the_bytes_it_may_need(store: Store) -> None:
    unsure = Unsure(store.services.database)
    picture = SeedImage("/", Change(), write_photo=lambda file: file.write(photo(1)))
    seed = [SeedMerchant("/", "shop1", products=[SeedProduct("/", "Lamp", images=[picture])])]
    unsure.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        seeding.seed(replace(store.services, database=unsure), seed, 1)
    assert len(store.referenced_keys()) == len(ROLES)
    store.check_consistency()


def test_a_commit_that_surely_failed_leaves_bytes_to_the_sweep_alone(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    before = store.image_states()

    def fail(_: Connection) -> None:
        raise errors.DatabaseUnavailable

    event.listen(store.services.database._writer, "commit", fail)
    with pytest.raises(errors.DatabaseUnavailable):
        store.update(image, photo(2))
    event.remove(store.services.database._writer, "commit", fail)
    assert store.image_states() == before
    assert len(store.stored_keys() - store.referenced_keys()) == len(ROLES)


def test_a_token_that_ended_meanwhile_leaves_no_bytes(store: Store) -> None:
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
def test_more_photos_on_their_way_than_there_is_room_for(
    store: Store, act: Callable[[Store, bytes], Any]
) -> None:
    store.services.spool._limit = len(photo(1)) - 1
    with pytest.raises(errors.Busy):
        act(store, photo(1))
    store.check_consistency()


def test_a_broken_link_leaves_nothing(store: Store) -> None:
    def broken(_: str, write: Callable[[bytes], None]) -> None:
        write(photo(1)[:500])
        raise errors.LinkInvalidResponse

    store.downloader.fetch = broken  # type: ignore[method-assign,assignment]
    offer = PhotoLink("https://user.example/", "original")
    with pytest.raises(errors.LinkInvalidResponse) as refused:
        images.attach(store.services, store.caller, store.product, AttachImage(Change(), offer))
    assert refused.value.field == "original"
    store.check_consistency()
