"""Products and images as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from fatrina.adapters.database import images, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain.gallery import Entry, Gallery
from fatrina.domain.renditions import Original
from fatrina.domain.version import Version


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its place in the gallery, and what it shows; None for a video."""

    entry: Entry
    original: Original | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product and its images, in their order."""

    row: ProductRow
    images: tuple[Image, ...] = ()


def with_images(look: Connection, rows: Sequence[ProductRow]) -> tuple[Product, ...]:
    """Products with all that their galleries hold."""
    wanted = [row.id for row in rows]
    galleries, shown = images.galleries(look, wanted), versions.current(look, *wanted)
    return tuple(Product(row, _images(galleries[row.id], shown)) for row in rows)


def _images(gallery: Gallery, shown: dict[int, Version]) -> tuple[Image, ...]:
    originals = {image: version.original for image, version in shown.items()}
    return tuple(Image(entry, originals.get(entry.id)) for entry in gallery.entries)
