"""Attach, update and remove the images of a product: each all or nothing."""

from contextlib import ExitStack
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, galleries, ids, ingest
from fatrina.actions.ingest import IncomingPhoto, PhotoLink, StorageSection
from fatrina.adapters.database import images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.version import Version
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import OF_IMAGES

PhotoSource = IncomingPhoto | PhotoLink
"""A photo that has arrived, or a link to one."""


def check_exists(services: Services, caller: Caller, image_id: int) -> None:
    """Pass when the merchant has this image; asked before a body is read.

    Raises:
        errors.NotFound: it has not.
    """
    with services.database.reading() as conn:
        if images.product_of(conn, caller.merchant_id, image_id) is None:
            raise errors.NotFound


def check_capacity(services: Services, caller: Caller, product_id: int) -> None:
    """Pass when the merchant's product can take an image more; asked before a body is read.

    Raises:
        errors.NotFound: there is no such product.
        errors.ValidationFailed: its gallery is full.
    """
    with services.database.reading() as conn:
        if products.find(conn, caller.merchant_id, product_id) is None:
            raise errors.NotFound
        images.gallery(conn, product_id).check_capacity()


def update(
    services: Services, caller: Caller, image_id: int, change: Change, offer: PhotoSource | None
) -> ImageView:
    """Change what is mentioned of an image: its picture, alt, sort and default together.

    Bytes that the image shows already change nothing and keep its URLs, unless its stored files
    are missing or have other sizes: then they are stored again, under new URLs.

    Raises:
        errors.NotFound, errors.PhotoError, errors.ServiceUnavailable, errors.StorageFull.
        errors.ImageIsVideo: a photo came for a video.
    """
    with ExitStack() as arrival:
        photo = _receive(services, offer, arrival)
        storing = StorageSection(services, arrival)
        fresh = None
        if photo is not None and not _is_current(services, caller, image_id, photo):
            fresh = ingest.render_and_store(services, photo, caller.merchant_code, storing)
        try:
            return _revise(services, caller, image_id, change, photo, fresh)
        except _ConcurrentUpdateError:
            fresh = ingest.render_and_store(
                services, _require(photo), caller.merchant_code, storing
            )
            return _revise(services, caller, image_id, change, photo, fresh)


def attach(
    services: Services, caller: Caller, product_id: int, change: Change, offer: PhotoSource
) -> ImageView:
    """Add an image to a product's gallery.

    Raises:
        errors.NotFound, errors.ValidationFailed, errors.PhotoError.
        errors.ServiceUnavailable, errors.StorageFull.
    """
    with ExitStack() as arrival:
        photo = _require(_receive(services, offer, arrival))
        fresh = ingest.render_and_store(
            services, photo, caller.merchant_code, StorageSection(services, arrival)
        )
        return _attach(services, caller, product_id, change, fresh)


def _attach(
    services: Services, caller: Caller, product_id: int, change: Change, fresh: Version
) -> ImageView:
    with services.database.reading() as conn:
        image = ids.new_id(partial(images.exists, conn))

    def run(tx: Connection) -> ImageView:
        before = galleries.lock(tx, caller, product_id)
        after, now = before.attach(image, change), services.clock()
        images.save(tx, product_id, before, after, now)
        versions.add(tx, image, fresh, caller.token_id, now)
        services.outbox.enqueue(tx, caller, product_id, OF_IMAGES)
        return ImageView(after[image], fresh.original)

    return ingest.commit(services, run, partial(_save, caller, image, product_id, fresh), [fresh])


def remove(services: Services, caller: Caller, image_id: int) -> None:
    """Take an image out of its gallery; its record and, for a while, its bytes are kept.

    Raises:
        errors.NotFound: the merchant has no such image.
    """
    with services.database.writing() as tx:
        product, before = galleries.lock_by_image(tx, caller, image_id)
        now = services.clock()
        images.save(tx, product, before, before.remove(image_id), now)
        versions.retire(tx, image_id, before[image_id].alt, now)
        services.outbox.enqueue(tx, caller, product, OF_IMAGES)


def _revise(  # noqa: PLR0913, PLR0917  what `update` knows by now
    services: Services,
    caller: Caller,
    image_id: int,
    change: Change,
    photo: IncomingPhoto | None,
    fresh: Version | None,
) -> ImageView:
    """One transaction: the gallery locked, revised by its rules, saved.

    It is run again after a lost connection only if it adds a version, by which it finds out
    whether it was committed: a change of texts could undo what another request did meanwhile.
    """

    def run(tx: Connection) -> ImageView:
        product, before = galleries.lock_by_image(tx, caller, image_id)
        after = before.revise(image_id, change)
        now = services.clock()
        images.save(tx, product, before, after, now)
        shown = versions.current_for(tx, image_id)
        if photo is not None and shown and _needs_replacement(services, shown, photo, fresh):
            if fresh is None:
                raise _ConcurrentUpdateError
            versions.retire(tx, image_id, before[image_id].alt, now)
            versions.add(tx, image_id, fresh, caller.token_id, now)
            services.outbox.enqueue(tx, caller, product, OF_IMAGES)
            return ImageView(after[image_id], fresh.original)
        if after != before:
            services.outbox.enqueue(tx, caller, product, OF_IMAGES)
        return ImageView(after[image_id], shown.original if shown else None)

    if fresh is None:
        return ingest.commit(services, run)
    done = ingest.commit(services, run, partial(_save, caller, image_id, None, fresh), [fresh])
    if done.original != fresh.original:
        ingest.discard(services, fresh.original)
    return done


class _ConcurrentUpdateError(Exception):
    """Between the look and the transaction the image came to show something else."""


def _is_current(services: Services, caller: Caller, image_id: int, photo: IncomingPhoto) -> bool:
    with services.database.reading() as conn:
        shown = versions.current_for(conn, image_id)
        if shown is not None:
            return shown.source.sha256 == photo.source.sha256 and ingest.is_stored(services, shown)
        if images.product_of(conn, caller.merchant_id, image_id) is None:
            raise errors.NotFound
    raise errors.ImageIsVideo(photo.field)


def _needs_replacement(
    services: Services, shown: Version, photo: IncomingPhoto, fresh: Version | None
) -> bool:
    """Whether the image shows other bytes than the photo's, or has lost them."""
    if shown.source.sha256 != photo.source.sha256:
        return True
    return fresh is not None and not ingest.is_stored(services, shown)


def _save(
    caller: Caller, image_id: int, product_id: int | None, fresh: Version, tx: Connection
) -> ImageView | None:
    """The image, if a transaction that added `fresh` to it was committed.

    The product that it is in, or is to be in, is locked first: that waits for the transaction.
    """
    if product_id is None:
        galleries.lock_by_image(tx, caller, image_id)
    else:
        galleries.lock(tx, caller, product_id)
    if versions.image_of(tx, fresh.original) is None:
        return None
    _, gallery = galleries.lock_by_image(tx, caller, image_id)
    return ImageView(gallery[image_id], fresh.original)


def _receive(
    services: Services, offer: PhotoSource | None, arrival: ExitStack
) -> IncomingPhoto | None:
    if not isinstance(offer, PhotoLink):
        return offer
    return ingest.download(services, offer, arrival.enter_context(services.spool.new()))


def _require(photo: IncomingPhoto | None) -> IncomingPhoto:
    if photo is None:
        raise errors.ValidationFailed(errors.Required())
    return photo
