"""Images and products as clients see them: gallery entries with the originals that they show."""

from dataclasses import dataclass, field

from fatrina.domain import product
from fatrina.domain.gallery import GalleryEntry
from fatrina.domain.product import HIDDEN, Details
from fatrina.domain.renditions import Original
from fatrina.domain.types import Millis, ProductId

_NEVER = Millis(0)


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
    details: Details = field(default_factory=dict)
    """Its other fields, as far as they were sent."""
    created_at: Millis = _NEVER
    updated_at: Millis = _NEVER
    store_url: str = ""
    """URL of the merchant's store, without a trailing slash."""

    @property
    def status(self) -> str:
        """The status: a product without an image is hidden, as documented."""
        return product.intended_status(self.details) if self.images else HIDDEN

    @property
    def main_image(self) -> ImageView | None:
        """The default image."""
        return next((image for image in self.images if image.entry.default), None)
