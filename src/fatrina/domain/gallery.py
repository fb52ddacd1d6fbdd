"""One product's images and videos: their order, the one default, the ceiling."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from fatrina.domain import errors

MAX_IMAGES: Final = 10  # the contract: "The maximum allowed images are 10"


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """An image as its gallery sees it."""

    id: int
    age: int
    """Counts up in a gallery: of two images with one sort, the older comes first."""
    sort: float
    default: bool
    alt: str | None = None
    video: str | None = None
    """The link of a video, as it was given; None for an image that shows a photo."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a request says of an image; None is what it does not mention, and stays as it was."""

    default: bool | None = None
    sort: float | None = None
    alt: str | None = None
    """A new text; the empty one takes the text away."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The images of one product. While there is one, exactly one is the default."""

    entries: tuple[GalleryEntry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[GalleryEntry]) -> "Gallery":
        """A gallery in its order: by sort, then by age."""
        return cls(tuple(sorted(entries, key=lambda entry: (entry.sort, entry.age))))

    def __getitem__(self, image_id: int) -> GalleryEntry:
        """The image with this id; KeyError when it is not here."""
        for entry in self.entries:
            if entry.id == image_id:
                return entry
        raise KeyError(image_id)

    @property
    def default(self) -> GalleryEntry | None:
        """The main picture; None in an empty gallery."""
        return next((entry for entry in self.entries if entry.default), None)

    def check_capacity(self, count: int = 1) -> None:
        """Pass when so many images more may come in; videos do not count.

        Raises:
            errors.ValidationFailed: the gallery is full, or would be fuller than it may.
        """
        photos = sum(entry.video is None for entry in self.entries)
        if photos + count > MAX_IMAGES:
            raise errors.ValidationFailed(errors.GalleryFull("product", limit=MAX_IMAGES))

    def attach(self, image_id: int, change: Change, video: str | None = None) -> "Gallery":
        """Add an image or a video: last without a sort, the default when it is the only one.

        Raises:
            errors.ValidationFailed: the gallery is full, and an image was to come in.
        """
        if video is None:
            self.check_capacity()
        age = max((entry.age for entry in self.entries), default=0) + 1
        last = max((entry.sort for entry in self.entries), default=0.0)
        sort = _next_sort(last) if self.entries else 1.0
        fresh = GalleryEntry(image_id, age, sort, default=False, video=video)
        return Gallery.of((*self.entries, fresh)).revise(image_id, change)

    def revise(self, image_id: int, change: Change) -> "Gallery":
        """Change what is mentioned of one image; a new default takes it from the previous one."""
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

    def remove(self, image_id: int) -> "Gallery":
        """Take an image out; when it was the default, the first of the others becomes it."""
        left = (entry for entry in self.entries if entry.id != self[image_id].id)
        return _with_default(Gallery.of(left), avoid=image_id)

    def changed_since(self, previous: "Gallery") -> tuple[GalleryEntry, ...]:
        """The entries that differ from `before`, those that give the default up first."""
        rows = (entry for entry in self.entries if entry not in previous.entries)
        return tuple(sorted(rows, key=lambda entry: entry.default))


def _with_default(gallery: Gallery, avoid: int) -> Gallery:
    """Hand the default to the first in order when nobody has it; to `avoid` only if alone."""
    entries = gallery.entries
    if not entries or gallery.default:
        return gallery
    heir = next((entry for entry in entries if entry.id != avoid), entries[0])
    return Gallery(tuple(replace(entry, default=entry is heir) for entry in entries))


def _next_sort(last: float) -> float:
    """The next place behind `last`; behind a number too large to count on from, the same place."""
    return max(last, float(int(last) + 1))
