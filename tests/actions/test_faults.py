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
from tests.actions.store import Shop, digest, photo


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


def with_decoders(shop: Shop, decoders: object) -> Shop:
    return replace(shop, services=replace(shop.services, decoders=cast("DecoderPool", decoders)))


def test_a_decoder_lost_halfway_leaves_nothing_in_what_the_next_one_makes(shop: Shop) -> None:
    image = with_decoders(shop, Forgetful(1)).attach(photo(1))
    for key in image.original.keys().values():
        blob = shop.services.storage.open(key)
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


def test_a_decoder_fault_is_counted_and_libvips_alone_tries_again(shop: Shop) -> None:
    decoders = Broken(always=False)
    with capture_logs() as logs:
        with_decoders(shop, decoders).attach(photo(1))
    assert decoders.internal_errors == 1
    assert [each["trace"] for each in logs if each["event"] == "decoder_fault"] == [
        "ValueError < worker.py:1 handle"
    ]


def test_a_second_decoder_fault_is_an_internal_error(shop: Shop) -> None:
    decoders = Broken(always=True)
    with pytest.raises(DecoderInternalError):
        with_decoders(shop, decoders).attach(photo(1))
    assert decoders.internal_errors == 2
    shop.must_be_clean()


def test_decoders_lost_twice_are_an_outage(shop: Shop) -> None:
    with pytest.raises(errors.DecoderFailed):
        with_decoders(shop, Forgetful(2)).attach(photo(1))
    shop.must_be_clean()


def test_a_file_that_cannot_be_stored_takes_the_others_with_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = shop.attach(photo(1)).entry.id
    before, fsync, calls = shop.shown(), os.fsync, []

    def third_fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, "full")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", third_fails)
    with pytest.raises(OSError, match="full"):
        shop.update(image, photo(2))
    monkeypatch.undo()
    assert shop.shown() == before
    shop.must_be_clean()
    shop.update(image, photo(2))
    assert shop.shown()[image].sha256 == digest(photo(2))


def limit_pages(database: Database, pages: int) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_database_refuses_whole_and_at_once_keeps_no_bytes(shop: Shop) -> None:
    image = shop.attach(photo(1), Change(alt="one")).entry.id
    limit_pages(shop.services.database, 1)
    before = shop.shown()
    with pytest.raises(errors.StorageFull):
        shop.update(image, None, Change(alt="x" * 100_000))
    with pytest.raises(errors.StorageFull):
        shop.update(image, photo(2), Change(alt="x" * 100_000))
    assert shop.shown() == before
    shop.must_be_clean()
    limit_pages(shop.services.database, 1_000_000)
    shop.update(image, photo(2), Change(alt="x" * 100_000))
    shop.must_be_clean()


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


def test_a_commit_of_unknown_outcome_keeps_the_bytes_it_may_need(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    unsure = Unsure(shop.services.database)
    shop = replace(shop, services=replace(shop.services, database=unsure))
    unsure.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        shop.update(image, photo(2))
    unsure.lose = False
    assert shop.shown()[image].sha256 == digest(photo(2))
    shop.must_be_clean()


def test_a_seed_of_unknown_outcome_keeps_the_bytes_it_may_need(shop: Shop) -> None:
    unsure = Unsure(shop.services.database)
    picture = SeedImage("/", Change(), write_photo=lambda file: file.write(photo(1)))
    seed = [SeedMerchant("/", "shop1", products=[SeedProduct("/", "Lamp", images=[picture])])]
    unsure.lose = True
    with pytest.raises(errors.DatabaseUnavailable):
        seeding.seed(replace(shop.services, database=unsure), seed, 1)
    assert len(shop.referenced()) == len(ROLES)
    shop.must_be_clean()


def test_a_commit_that_surely_failed_leaves_bytes_to_the_sweep_alone(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    before = shop.shown()

    def fail(_: Connection) -> None:
        raise errors.DatabaseUnavailable

    event.listen(shop.services.database._writer, "commit", fail)
    with pytest.raises(errors.DatabaseUnavailable):
        shop.update(image, photo(2))
    event.remove(shop.services.database._writer, "commit", fail)
    assert shop.shown() == before
    assert len(shop.stored() - shop.referenced()) == len(ROLES)


def test_a_token_that_ended_meanwhile_leaves_no_bytes(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    before, ended = shop.shown(), replace(shop, caller=replace(shop.caller, token_hash="gone"))
    with pytest.raises(errors.InvalidToken):
        ended.attach(photo(2))
    with pytest.raises(errors.InvalidToken):
        ended.update(image, photo(3))
    assert shop.shown() == before
    shop.must_be_clean()


@pytest.mark.parametrize("act", [Shop.attach, lambda shop, data: shop.update(1, data)])
def test_more_photos_on_their_way_than_there_is_room_for(
    shop: Shop, act: Callable[[Shop, bytes], Any]
) -> None:
    shop.services.spool._limit = len(photo(1)) - 1
    with pytest.raises(errors.Busy):
        act(shop, photo(1))
    shop.must_be_clean()


def test_a_broken_link_leaves_nothing(shop: Shop) -> None:
    def broken(_: str, write: Callable[[bytes], None]) -> None:
        write(photo(1)[:500])
        raise errors.LinkInvalidResponse

    shop.web.fetch = broken  # type: ignore[method-assign,assignment]
    offer = PhotoLink("https://user.example/", "original")
    with pytest.raises(errors.LinkInvalidResponse) as refused:
        images.attach(shop.services, shop.caller, shop.product, AttachImage(Change(), offer))
    assert refused.value.field == "original"
    shop.must_be_clean()
