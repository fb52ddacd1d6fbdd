"""The images and videos of a product: their order, the default image, the maximum number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fatrina.domain import errors
from fatrina.domain.types import ImageId

MAX_IMAGES: Final = 10  # the contract: "The maximum allowed images are 10"


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """An image or a video in a gallery."""

    id: ImageId
    age: int
    """Sequence number in the gallery: of two images with the same sort, the lower one is first."""
    sort: float
    default: bool
    alt: str | None = None
    video: str | None = None
    """The link of a video as the client sent it; None for an image with a photo."""


@dataclass(frozen=True, slots=True)
class Change:
    """The changes that a request makes to an image; None leaves a value unchanged."""

    default: bool | None = None
    sort: float | None = None
    alt: str | None = None
    """The new alternative text; an empty one removes it."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The images of one product. Unless it is empty, exactly one of them is the default."""

    entries: tuple[GalleryEntry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[GalleryEntry]) -> "Gallery":
        """Create a gallery; the entries are ordered by sort, then by age."""
        return cls(tuple(sorted(entries, key=lambda entry: (entry.sort, entry.age, entry.id))))

    def __getitem__(self, image_id: ImageId) -> GalleryEntry:
        """Return the image with this id; raise KeyError if the gallery does not contain it."""
        for entry in self.entries:
            if entry.id == image_id:
                return entry
        raise KeyError(image_id)

    @property
    def default(self) -> GalleryEntry | None:
        """The default image; None in an empty gallery."""
        return next((entry for entry in self.entries if entry.default), None)

    def check_capacity(self, count: int = 1) -> None:
        """Raise unless `count` more images fit; videos do not count.

        Raises:
            errors.ValidationFailed: the gallery would exceed MAX_IMAGES.
        """
        photos = sum(entry.video is None for entry in self.entries)
        if photos + count > MAX_IMAGES:
            raise errors.ValidationFailed(errors.GalleryFull("product", limit=MAX_IMAGES))

    def attach(self, image_id: ImageId, change: Change, video: str | None = None) -> "Gallery":
        """Return the gallery with a new image or video: last by default, and the default if alone.

        Raises:
            errors.ValidationFailed: the gallery is full, and the new entry is an image.
        """
        if video is None:
            self.check_capacity()
        age = max((entry.age for entry in self.entries), default=0) + 1
        last = max((entry.sort for entry in self.entries), default=0.0)
        sort = _next_sort(last) if self.entries else 1.0
        new_entry = GalleryEntry(image_id, age, sort, default=False, video=video)
        return Gallery.of((*self.entries, new_entry)).revise(image_id, change)

    def revise(self, image_id: ImageId, change: Change) -> "Gallery":
        """Return the gallery with one image changed; a new default replaces the previous one."""
        entry = self[image_id]
        entry = replace(
            entry,
            default=entry.default if change.default is None else change.default,
            sort=entry.sort if change.sort is None else change.sort,
            alt=entry.alt if change.alt is None else change.alt or None,
        )
        others = tuple(other for other in self.entries if other.id != image_id)
        if entry.default:
            others = tuple(replace(other, default=False) for other in others)
        return _with_default(Gallery.of((*others, entry)), avoid=image_id)

    def restore(self, entry: GalleryEntry) -> "Gallery":
        """Return the gallery with a deleted entry at its old position; the default if alone.

        Raises:
            errors.ValidationFailed: the gallery is full, and the entry is an image.
        """
        if entry.video is None:
            self.check_capacity()
        return _with_default(
            Gallery.of((*self.entries, replace(entry, default=False))), avoid=entry.id
        )

    def reorder(self, image_ids: Sequence[ImageId]) -> "Gallery":
        """Return the gallery in the order of `image_ids`, with the sort values 1, 2, 3, ….

        Raises:
            errors.ValidationFailed: `image_ids` are not exactly the images of the gallery.
        """
        if sorted(image_ids) != sorted(entry.id for entry in self.entries):
            expected = ", ".join(str(entry.id) for entry in self.entries)
            raise errors.ValidationFailed(errors.InvalidOrder("images", expected=expected))
        return Gallery(
            tuple(
                replace(self[image_id], sort=float(position))
                for position, image_id in enumerate(image_ids, 1)
            )
        )

    def remove(self, image_id: ImageId) -> "Gallery":
        """Return the gallery without an image; a removed default passes to the first."""
        remaining = (entry for entry in self.entries if entry.id != self[image_id].id)
        return _with_default(Gallery.of(remaining), avoid=image_id)

    def changed_since(self, previous: "Gallery") -> tuple[GalleryEntry, ...]:
        """Return the entries that differ from `previous`; the default one comes last.

        Saved in this order, there are never two defaults.
        """
        changed = (entry for entry in self.entries if entry not in previous.entries)
        return tuple(sorted(changed, key=lambda entry: entry.default))


def _with_default(gallery: Gallery, avoid: int) -> Gallery:
    """Make the first entry the default if no entry is; skip `avoid` unless it is alone."""
    entries = gallery.entries
    if not entries or gallery.default:
        return gallery
    new_default = next((entry for entry in entries if entry.id != avoid), entries[0])
    return Gallery(tuple(replace(entry, default=entry is new_default) for entry in entries))


def _next_sort(last: float) -> float:
    """Return the next whole number after `last`, or `last` if it is too large to increment."""
    return max(last, float(int(last) + 1))
