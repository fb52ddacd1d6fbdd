"""Any sequence of changes, restores and sweeps leaves the product in the state of a pure model."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fatrina.actions import galleries, history, products, restoring
from fatrina.actions.sweep import Sweeper
from fatrina.adapters.database import SqliteDatabase
from fatrina.adapters.decoder import DecoderPool
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.history import VersionRecord
from fatrina.domain.pagination import Page
from fatrina.domain.types import ImageId, Millis, ProductId
from fatrina.domain.views import ImageView
from tests.actions.gallery_model import ModelGallery, ModelImage
from tests.actions.store import Store, digest
from tests.crash.world import StubDecoders

KEEP = Millis(1000)
CONTENTS = st.sampled_from(["one", "two", "three"])
ALTS = st.sampled_from([None, "", "a lamp", "مصباح"])
SORTS = st.none() | st.sampled_from([-1.0, 0.5, 1.0, 2.0, 2.5])
FLAGS = st.none() | st.booleans()
PICKS = st.integers(0, 99)


class GalleryMachine(RuleBasedStateMachine):
    """Apply each change to a product in a real store and to the model, and compare them."""

    store: ClassVar[Store]

    def __init__(self) -> None:
        super().__init__()
        self.product = ProductId(self.store.create_product())
        self.model = ModelGallery()

    def teardown(self) -> None:
        products.remove(self.store.services, self.store.caller, self.product)
        self._sweep_after(KEEP + 1)

    @property
    def now(self) -> Millis:
        """The current time; it is later at each change."""
        self.store.clock.now = Millis(self.store.clock.now + 1)
        return self.store.clock.now

    def _pick(self, number: int, *, deleted: bool = False) -> ModelImage:
        images = [each for each in self.model.images.values() if each.is_deleted == deleted]
        return images[number % len(images)]

    def _fails(self, error: type[errors.ServiceError], action: Callable[[], object]) -> None:
        with pytest.raises(error):
            action()

    @rule(content=CONTENTS, alt=ALTS, sort=SORTS, default=FLAGS)
    def attach(
        self,
        content: str,
        alt: str | None,
        sort: float | None,
        default: bool | None,  # noqa: FBT001
    ) -> None:
        change = Change(default, sort, alt)
        if self.model.is_full:
            self._fails(
                errors.ValidationFailed,
                lambda: self.store.attach(content.encode(), change, self.product),
            )
            return
        assert self.now
        image = self.store.attach(content.encode(), change, self.product)
        self.model.attach(image.entry.id, content, alt, sort, default=default)

    def _has_images(self) -> bool:
        return bool(self.model.shown())

    def _has_deleted(self) -> bool:
        return any(image.is_deleted for image in self.model.images.values())

    @precondition(_has_images)
    @rule(number=PICKS, content=st.none() | CONTENTS, alt=ALTS, sort=SORTS, default=FLAGS)
    def update(
        self,
        number: int,
        content: str | None,
        alt: str | None,
        sort: float | None,
        default: bool | None,  # noqa: FBT001
    ) -> None:
        key, now = self._pick(number).key, self.now
        data = None if content is None else content.encode()
        self.store.update(ImageId(key), data, Change(default, sort, alt))
        self.model.update(key, now, content, alt, sort, default)

    @precondition(_has_images)
    @rule(number=PICKS)
    def delete(self, number: int) -> None:
        key, now = self._pick(number).key, self.now
        self.store.remove(ImageId(key))
        self.model.delete(key, now)

    @precondition(_has_images)
    @rule(number=PICKS, version=PICKS, with_texts=st.booleans())
    def restore_version(self, number: int, version: int, *, with_texts: bool) -> None:
        image, now = self._pick(number), self.now
        version = version % (len(image.versions) + 1) + 1

        def restore() -> object:
            return restoring.restore_version(
                *(self.store.services, self.store.caller, ImageId(image.key), version),
                with_texts=with_texts,
            )

        if version > len(image.versions):
            self._fails(errors.NotFound, restore)
        elif image.versions[version - 1].files in self.model.purged:
            self._fails(errors.Gone, restore)
        else:
            restore()
            self.model.restore_version(image.key, now, version, with_texts=with_texts)

    @precondition(_has_deleted)
    @rule(number=PICKS)
    def restore_deleted(self, number: int) -> None:
        image = self._pick(number, deleted=True)
        assert self.now
        services, caller, key = self.store.services, self.store.caller, ImageId(image.key)
        with pytest.raises((errors.NotFound, errors.Gone)):
            restoring.restore_version(services, caller, key, 1)
        if image.shown.files in self.model.purged:
            self._fails(errors.Gone, lambda: restoring.restore_image(services, caller, key))
        elif self.model.is_full:
            self._fails(
                errors.ValidationFailed, lambda: restoring.restore_image(services, caller, key)
            )
        else:
            restoring.restore_image(services, caller, key)
            self.model.undelete(image.key)

    @precondition(_has_images)
    @rule(number=PICKS)
    def restore_present(self, number: int) -> None:
        """Restoring an image that is not deleted changes nothing."""
        key = ImageId(self._pick(number).key)
        restoring.restore_image(self.store.services, self.store.caller, key)

    @precondition(_has_images)
    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        keys = data.draw(st.permutations([image.key for image in self.model.shown()]))
        wrong = data.draw(st.sampled_from(["", "missing", "repeated", "added"]))
        ids = [ImageId(key) for key in keys]
        ids = {"missing": ids[1:], "repeated": [*ids, ids[0]], "added": [*ids, ImageId(7)]}.get(
            wrong, ids
        )

        def reorder() -> tuple[ImageView, ...]:
            return galleries.reorder(self.store.services, self.store.caller, self.product, ids)

        if wrong:
            self._fails(errors.ValidationFailed, reorder)
            return
        assert [view.entry.id for view in reorder()] == keys
        self.model.reorder(keys)

    @rule(wait=st.sampled_from([0, KEEP // 2, KEEP + 1]))
    def sweep(self, wait: int) -> None:
        self._sweep_after(wait)

    def _sweep_after(self, wait: int) -> None:
        self.store.clock.now = Millis(self.store.clock.now + wait)
        services, now = self.store.services, self.store.clock.now
        Sweeper(services.database, services.storage, services.housekeeping).sweep(now, KEEP)
        self.model.sweep(now - KEEP)

    @invariant()
    def gallery_is_that_of_the_model(self) -> None:
        assert [(key, *state) for key, state in self.store.image_states(self.product).items()] == [
            (
                *(image.key, image.sort, self.model.default == image.key, image.alt),
                digest(image.shown.content.encode()),
            )
            for image in self.model.shown()
        ]

    @invariant()
    def versions_are_those_of_the_model(self) -> None:
        services, caller = self.store.services, self.store.caller
        files: dict[int, object] = {}
        for image in self.model.images.values():
            page = history.list_versions(services, caller, ImageId(image.key), Page(1, 500))
            assert [_comparable(record) for record in reversed(page.records)] == [
                (
                    *(number, digest(each.content.encode()), each.restored),
                    *(each.texts or (image.alt, image.sort, self.model.default == image.key)),
                    *(each.retired_at, each.files in self.model.purged),
                )
                for number, each in enumerate(image.versions, 1)
            ]
            for record, version in zip(page.records, reversed(image.versions), strict=True):
                original = record.version.original
                # Restored versions keep the URLs of the original; others never share them.
                assert files.setdefault(version.files, original) == original
        assert len(set(files.values())) == len(files)

    @invariant()
    def log_is_that_of_the_model(self) -> None:
        services, caller = self.store.services, self.store.caller
        page = history.list_changes(services, caller, self.product, Page(1, 500))
        assert [
            (record.image_id, [*record.actions]) for record in reversed(page.records)
        ] == self.model.log

    @invariant()
    def exactly_the_referenced_files_are_stored(self) -> None:
        self.store.check_consistency()


def _comparable(record: VersionRecord) -> tuple[Any, ...]:
    return (
        *(record.number, record.version.source.sha256, record.restored, record.alt, record.sort),
        *(record.default, record.retired_at, record.is_purged),
    )


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder in memory if possible: the test flushes thousands of files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def test_gallery_behaves_as_the_model(sqlite_template: Path, memory_folder: Path) -> None:
    database = SqliteDatabase(Path(shutil.copy(sqlite_template, memory_folder / "db.sqlite3")))
    decoders = cast("DecoderPool", StubDecoders())
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(database, memory_folder, decoders))
        GalleryMachine.store = store
        run_state_machine_as_test(
            GalleryMachine,
            settings=settings(
                max_examples=15,
                stateful_step_count=30,
                suppress_health_check=[*HealthCheck],
            ),
        )
