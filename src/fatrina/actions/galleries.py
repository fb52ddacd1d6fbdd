"""Lock a gallery for a change, after checking access; add an image or a video to one."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, access, committing, ids
from fatrina.adapters.database import history, images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery, GalleryEntry
from fatrina.domain.history import Action
from fatrina.domain.types import ImageId, Millis, ProductId
from fatrina.domain.version import Version
from fatrina.domain.video import Video
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import IMAGE_CHANGE_EVENTS

Precondition = Callable[[ImageView], None]
"""Raises errors.PreconditionFailed unless the image is in the state that the client expects."""


OrderPrecondition = Callable[[Gallery], None]
"""Raises errors.PreconditionFailed unless the gallery has the order that the client expects."""


def no_precondition(_: ImageView) -> None:
    """Accept every state."""


def no_order_precondition(_: Gallery) -> None:
    """Accept every order."""


def check_image(
    services: Services,
    caller: Caller,
    image_id: ImageId,
    precondition: Precondition = no_precondition,
) -> None:
    """Raise unless the merchant has this image, in the state that `precondition` expects.

    Called before the body is read; the transaction checks both again.

    Raises:
        errors.NotFound: the merchant has no such image.
        errors.PreconditionFailed: the image is in another state.
    """
    database, is_plain = services.database, precondition is no_precondition
    with database.lookup() if is_plain else database.reading() as conn:
        entry = images.find(conn, caller.merchant_id, image_id)
        if entry is None:
            raise errors.NotFound
        check_precondition(conn, entry, precondition)


def check_order(
    services: Services,
    caller: Caller,
    product_id: ProductId,
    precondition: OrderPrecondition = no_order_precondition,
) -> Gallery:
    """Return a product's gallery if it has the order that `precondition` expects.

    Called before the body is read; the transaction checks it again.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.PreconditionFailed: the order is another one.
    """
    with services.database.reading() as conn:
        if products.find(conn, caller.merchant_id, product_id) is None:
            raise errors.NotFound
        gallery = images.load_gallery(conn, product_id)
    precondition(gallery)
    return gallery


def check_precondition(tx: Connection, entry: GalleryEntry, precondition: Precondition) -> None:
    """Check a precondition of a change to an image whose gallery is locked."""
    if precondition is not no_precondition:
        version = versions.current_for(tx, entry.id)
        precondition(ImageView(entry, version.original if version else None))


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
        record_change(tx, caller, product_id, image_id, [Action.ATTACHED], now)
        services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        return ImageView(after[image_id], original)

    def find_committed(tx: Connection) -> ImageView | None:
        gallery = lock(tx, caller, product_id)
        if not images.exists(tx, image_id):
            return None
        _check_contains(gallery, image_id)  # it may have been removed since
        return ImageView(gallery[image_id], original)

    return committing.commit(services, run, find_committed, [version] if version else [])


def reorder(  # noqa: PLR0913, PLR0917  the parameters of the request
    services: Services,
    caller: Caller,
    product_id: ProductId,
    image_ids: Sequence[ImageId],
    reason: str | None = None,
    precondition: OrderPrecondition = no_order_precondition,
) -> tuple[ImageView, ...]:
    """Set the order of all images and videos of a product; return them in this order.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.PreconditionFailed: the order is not the one that `precondition` expects.
        errors.ValidationFailed: `image_ids` are not exactly the images of the product.
    """
    with services.database.writing() as tx:
        before, now = lock(tx, caller, product_id), services.clock()
        precondition(before)
        after = before.reorder(image_ids)
        if after != before:
            images.save_gallery(tx, product_id, before, after, now)
            record_change(tx, caller, product_id, None, [Action.REORDERED], now, reason)
            services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        current = versions.current_by_image(tx, product_id)
        originals = {image_id: version.original for image_id, version in current.items()}
        views = tuple(ImageView(entry, originals.get(entry.id)) for entry in after.entries)
        return services.recorder.record(tx, views)


def record_change(  # noqa: PLR0913, PLR0917  the columns of the log
    tx: Connection,
    caller: Caller,
    product_id: ProductId,
    image_id: ImageId | None,
    actions: Iterable[Action],
    now: Millis,
    reason: str | None = None,
) -> None:
    """Log what a request did to an image, or to the order of all images of a product."""
    history.add_change(tx, product_id, image_id, actions, caller.token_id, reason, now)


def _check_contains(gallery: Gallery, image_id: ImageId) -> None:
    if all(entry.id != image_id for entry in gallery.entries):
        raise errors.NotFound
