"""A pure model of a product's images and their history, written without the service's own rules."""

from dataclasses import dataclass, field
from itertools import count

MAX_IMAGES = 10


@dataclass(slots=True)
class ModelVersion:
    """A version; versions that show the same stored files have the same `files`."""

    files: int
    content: str
    restored: int | None = None
    retired_at: int | None = None
    texts: tuple[str | None, float, bool] | None = None
    """Alternative text, sort and default flag when it was retired."""


@dataclass(slots=True)
class ModelImage:
    """An image, deleted or not."""

    key: int
    age: int
    sort: float
    alt: str | None
    versions: list[ModelVersion]
    is_deleted: bool = False

    @property
    def shown(self) -> ModelVersion:
        return self.versions[-1]


@dataclass(slots=True)
class ModelGallery:
    """All images of a product by their key, which of them is the default, and the change log."""

    images: dict[int, ModelImage] = field(default_factory=dict)
    default: int | None = None
    purged: set[int] = field(default_factory=set)
    """`files` that the sweep has deleted."""
    log: list[tuple[int | None, list[str]]] = field(default_factory=list)
    """The image and the actions of each change, the oldest first."""
    _numbers: "count[int]" = field(default_factory=count)

    def shown(self) -> list[ModelImage]:
        """Return the images that are not deleted, in order."""
        images = (image for image in self.images.values() if not image.is_deleted)
        return sorted(images, key=lambda image: (image.sort, image.age, image.key))

    @property
    def is_full(self) -> bool:
        return len(self.shown()) == MAX_IMAGES

    def attach(
        self, key: int, content: str, alt: str | None, sort: float | None, *, default: bool | None
    ) -> None:
        others = self.shown()
        if sort is None:
            # The first whole number after the last image; the smallest is 1.
            sort = max(float(int(others[-1].sort) + 1), others[-1].sort) if others else 1.0
        age = max((image.age for image in others), default=0) + 1
        version = ModelVersion(next(self._numbers), content)
        self.images[key] = ModelImage(key, age, sort, alt or None, [version])
        if default or not others:
            self.default = key
        self.log.append((key, ["attached"]))

    def update(  # noqa: PLR0917  the fields of an update
        self,
        key: int,
        now: int,
        content: str | None,
        alt: str | None,
        sort: float | None,
        default: bool | None,  # noqa: FBT001
    ) -> None:
        before = self._texts(key)
        self._revise(key, alt, sort, default)
        if content is not None and content != self.images[key].shown.content:
            version = ModelVersion(next(self._numbers), content)
            self._show(key, now, before, version, "replaced")
        else:
            self._log_texts(key, before)

    def restore_version(self, key: int, now: int, number: int, *, with_texts: bool) -> None:
        before, source = self._texts(key), self.images[key].versions[number - 1]
        if with_texts and source.texts is not None:
            alt, sort, default = source.texts
            self._revise(key, alt or "", sort, default)
        if source.files != self.images[key].shown.files:
            version = ModelVersion(source.files, source.content, restored=number)
            self._show(key, now, before, version, "restored")
        else:
            self._log_texts(key, before)

    def delete(self, key: int, now: int) -> None:
        image = self.images[key]
        image.shown.retired_at, image.shown.texts = now, self._texts(key)
        image.is_deleted = True
        if self.default == key:
            others = self.shown()
            self.default = others[0].key if others else None
        self.log.append((key, ["deleted"]))

    def undelete(self, key: int) -> None:
        image = self.images[key]
        if not image.is_deleted:
            return
        is_alone = not self.shown()
        image.is_deleted = False
        last = image.shown
        image.versions.append(ModelVersion(last.files, last.content, len(image.versions)))
        if is_alone:
            self.default = key
        self.log.append((key, ["undeleted"]))

    def reorder(self, keys: list[int]) -> None:
        sorts = {key: float(place) for place, key in enumerate(keys, 1)}
        if any(self.images[key].sort != sort for key, sort in sorts.items()):
            self.log.append((None, ["reordered"]))
        for key, sort in sorts.items():
            self.images[key].sort = sort

    def sweep(self, before: int) -> None:
        """Delete the files that no version has used since `before`."""
        versions = [each for image in self.images.values() for each in image.versions]
        kept = {
            each.files for each in versions if each.retired_at is None or each.retired_at >= before
        }
        self.purged |= {each.files for each in versions} - kept

    def _texts(self, key: int) -> tuple[str | None, float, bool]:
        return self.images[key].alt, self.images[key].sort, self.default == key

    def _revise(
        self,
        key: int,
        alt: str | None,
        sort: float | None,
        default: bool | None,  # noqa: FBT001
    ) -> None:
        image = self.images[key]
        image.alt = image.alt if alt is None else alt or None
        image.sort = image.sort if sort is None else sort
        if default:
            self.default = key
        elif default is not None and self.default == key:
            others = [each.key for each in self.shown() if each.key != key]
            self.default = others[0] if others else key

    def _show(
        self,
        key: int,
        now: int,
        before: tuple[str | None, float, bool],
        version: ModelVersion,
        action: str,
    ) -> None:
        image = self.images[key]
        image.shown.retired_at, image.shown.texts = now, before
        image.versions.append(version)
        self.log.append((key, [action, *self._differences(key, before)]))

    def _log_texts(self, key: int, before: tuple[str | None, float, bool]) -> None:
        if actions := self._differences(key, before):
            self.log.append((key, actions))

    def _differences(self, key: int, before: tuple[str | None, float, bool]) -> list[str]:
        names = {"reordered": 1, "alt": 0, "default": 2}
        after = self._texts(key)
        return [name for name, index in names.items() if before[index] != after[index]]
