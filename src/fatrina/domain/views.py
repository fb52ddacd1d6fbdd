"""Images and products as clients see them: gallery entries with the originals that they show."""

from dataclasses import dataclass

from fatrina.domain.gallery import GalleryEntry
from fatrina.domain.renditions import Original
from fatrina.domain.types import ProductId


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image's gallery entry and the original that it shows; None for a video."""

    entry: GalleryEntry
    original: Original | None


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product and its images, in gallery order."""

    id: ProductId
    name: str
    sku: str | None
    images: tuple[ImageView, ...] = ()
