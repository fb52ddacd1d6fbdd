"""Attach a video to a product: it has a place in the gallery, and no bytes here."""

from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Parts, galleries, ids, ingest
from fatrina.actions.announce import announce
from fatrina.actions.shown import Image
from fatrina.adapters.database import images
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.video import Video
from fatrina.domain.webhook import OF_IMAGES


def attach(parts: Parts, caller: Caller, product: int, change: Change, video: Video) -> Image:
    """Add a video to a product's gallery, which takes any number of them.

    Raises:
        errors.Missing: the merchant has no such product.
    """
    with parts.database.reading() as look:
        image = ids.fresh(partial(images.exists, look))

    def run(tx: Connection) -> Image:
        before = galleries.locked(tx, caller, product)
        after = before.attach(image, change, video.url)
        images.save(tx, product, before, after, parts.clock())
        announce(parts, tx, caller, product, OF_IMAGES)
        return Image(after[image], None)

    def committed(tx: Connection) -> Image | None:
        gallery = galleries.locked(tx, caller, product)
        if not images.exists(tx, image):
            return None
        if all(entry.id != image for entry in gallery.entries):
            raise errors.Missing
        return Image(gallery[image], None)

    return ingest.commit(parts, run, committed)
