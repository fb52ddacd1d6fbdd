"""Attach a video to a product: a gallery entry without stored files."""

from fatrina.actions import Services, galleries
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.types import ProductId
from fatrina.domain.video import Video
from fatrina.domain.views import ImageView


def attach(
    services: Services, caller: Caller, product_id: ProductId, change: Change, video: Video
) -> ImageView:
    """Add a video to a product's gallery; the number of videos is not limited.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    return galleries.attach(services, caller, product_id, change, video)
