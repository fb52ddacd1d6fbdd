"""Attach a video to a product: it has a place in the gallery, and no bytes here."""

from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, galleries, ids, ingest
from fatrina.adapters.database import images
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.video import Video
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import OF_IMAGES


def attach(
    services: Services, caller: Caller, product_id: int, change: Change, video: Video
) -> ImageView:
    """Add a video to a product's gallery, which takes any number of them.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.reading() as conn:
        image = ids.new_id(partial(images.exists, conn))

    def run(tx: Connection) -> ImageView:
        before = galleries.lock(tx, caller, product_id)
        after = before.attach(image, change, video.url)
        images.save(tx, product_id, before, after, services.clock())
        services.outbox.enqueue(tx, caller, product_id, OF_IMAGES)
        return ImageView(after[image], None)

    def committed(tx: Connection) -> ImageView | None:
        gallery = galleries.lock(tx, caller, product_id)
        if not images.exists(tx, image):
            return None
        if all(entry.id != image for entry in gallery.entries):
            raise errors.NotFound
        return ImageView(gallery[image], None)

    return ingest.commit(services, run, committed)
