"""Load the current state of products and their images from the database."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fatrina.adapters.database import images, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain.gallery import Gallery
from fatrina.domain.version import Version
from fatrina.domain.views import ImageView, ProductView


def load_views(conn: Connection, rows: Sequence[ProductRow]) -> tuple[ProductView, ...]:
    """Return the products with all images of their galleries, in the order of `rows`."""
    product_ids = [row.id for row in rows]
    galleries = images.load_galleries(conn, product_ids)
    current = versions.current_by_image(conn, *product_ids)
    return tuple(ProductView(*row, _image_views(galleries[row.id], current)) for row in rows)


def _image_views(gallery: Gallery, current: dict[int, Version]) -> tuple[ImageView, ...]:
    originals = {image_id: version.original for image_id, version in current.items()}
    return tuple(ImageView(entry, originals.get(entry.id)) for entry in gallery.entries)
