"""Lock a gallery for a change, after checking access; add an image or a video to one."""

from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, access, committing, ids
from fatrina.adapters.database import images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.version import Version
from fatrina.domain.video import Video
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import IMAGE_CHANGE_EVENTS


def lock(tx: Connection, caller: Caller, product_id: ProductId) -> Gallery:
    """Return a product's gallery, locked until the transaction ends.

    Raises:
        errors.InvalidToken: the caller's token was revoked or replaced meanwhile.
        errors.NotFound: the merchant has no such product.
    """
    access.check_token(tx, caller)
    if products.find(tx, caller.merchant_id, product_id, lock=True) is None:
        raise errors.NotFound
    return images.load_gallery(tx, product_id)


def lock_by_image(tx: Connection, caller: Caller, image_id: ImageId) -> tuple[ProductId, Gallery]:
    """Return an image's product id and gallery, locked until the transaction ends.

    Raises:
        errors.InvalidToken: the caller's token was revoked or replaced meanwhile.
        errors.NotFound: the merchant has no such image.
    """
    access.check_token(tx, caller)
    product_id = images.find_product_id(tx, caller.merchant_id, image_id, lock=True)
    if product_id is None:
        raise errors.NotFound
    gallery = images.load_gallery(tx, product_id)
    _check_contains(gallery, image_id)
    return product_id, gallery


def attach(
    services: Services,
    caller: Caller,
    product_id: ProductId,
    change: Change,
    content: Version | Video,
) -> ImageView:
    """Add an image or a video to a product's gallery in one transaction, under a new id.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.ValidationFailed: the gallery is full, and `content` is an image.
    """
    video_url = content.url if isinstance(content, Video) else None
    version = content if isinstance(content, Version) else None
    original = version.original if version else None
    with services.database.reading() as conn:
        image_id = ImageId(ids.new_id(partial(images.exists, conn)))

    def run(tx: Connection) -> ImageView:
        before = lock(tx, caller, product_id)
        after, now = before.attach(image_id, change, video_url), services.clock()
        images.save_gallery(tx, product_id, before, after, now)
        if version is not None:
            versions.add(tx, image_id, version, caller.token_id, now)
        services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        return ImageView(after[image_id], original)

    def find_committed(tx: Connection) -> ImageView | None:
        gallery = lock(tx, caller, product_id)
        if not images.exists(tx, image_id):
            return None
        _check_contains(gallery, image_id)  # it may have been removed since
        return ImageView(gallery[image_id], original)

    return committing.commit(services, run, find_committed, [version] if version else [])


def _check_contains(gallery: Gallery, image_id: ImageId) -> None:
    if all(entry.id != image_id for entry in gallery.entries):
        raise errors.NotFound
