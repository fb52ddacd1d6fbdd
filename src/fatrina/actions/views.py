"""Load the current state of products and their images from the database."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fatrina.adapters.database import images, products, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain.gallery import Gallery
from fatrina.domain.merchant import Profile
from fatrina.domain.version import Version
from fatrina.domain.views import ImageView, ProductView


def load_views(conn: Connection, rows: Sequence[ProductRow]) -> tuple[ProductView, ...]:
    """Return products of one merchant with all images, in the order of `rows`."""
    if not rows:
        return ()
    product_ids = [row.id for row in rows]
    galleries = images.load_galleries(conn, product_ids)
    current = versions.current_by_image(conn, *product_ids)
    code, domain = products.find_store(conn, product_ids[0])
    store_url = Profile(domain=domain).with_defaults(code).domain.rstrip("/")
    return tuple(
        ProductView(
            *row[:3],
            images=_image_views(galleries[row.id], current),
            details=row.details,
            created_at=row.created_at,
            updated_at=row.updated_at or row.created_at,
            store_url=store_url,
        )
        for row in rows
    )


def _image_views(gallery: Gallery, current: dict[int, Version]) -> tuple[ImageView, ...]:
    originals = {image_id: version.original for image_id, version in current.items()}
    return tuple(ImageView(entry, originals.get(entry.id)) for entry in gallery.entries)
