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
class ImageView:
    """An image: its place in the gallery, and what it shows; None for a video."""

    entry: Entry
    original: Original | None


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product and its images, in their order."""

    row: ProductRow
    images: tuple[ImageView, ...] = ()


def load_views(conn: Connection, rows: Sequence[ProductRow]) -> tuple[ProductView, ...]:
    """Products with all that their galleries hold."""
    wanted = [row.id for row in rows]
    galleries, shown = images.galleries(conn, wanted), versions.all_current(conn, *wanted)
    return tuple(ProductView(row, _image_views(galleries[row.id], shown)) for row in rows)


def _image_views(gallery: Gallery, shown: dict[int, Version]) -> tuple[ImageView, ...]:
    originals = {image: version.original for image, version in shown.items()}
    return tuple(ImageView(entry, originals.get(entry.id)) for entry in gallery.entries)
