"""Attach a video to a product: it has a place in the gallery, and no bytes here."""

from functools import partial

from fatrina.actions import Parts, ids
from fatrina.actions.announce import announce
from fatrina.actions.shown import Image
from fatrina.adapters.database import images, products
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
    with parts.clock.stage("commit"), parts.database.writing() as tx:
        if products.find(tx, caller.merchant_id, product, lock=True) is None:
            raise errors.Missing
        before = images.gallery(tx, product)
        image = ids.fresh(partial(images.exists, tx))
        after = before.attach(image, change, video.url)
        images.save(tx, product, before, after, parts.clock())
        announce(parts, tx, caller, product, OF_IMAGES)
    return Image(after[image], None)
