"""Attach, update and remove the images of a product: each all or nothing."""

from contextlib import ExitStack
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Parts, galleries, ids, ingest
from fatrina.actions.announce import announce
from fatrina.actions.ingest import Linked, Photo, Storing
from fatrina.actions.shown import Image
from fatrina.adapters.database import images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.version import Version
from fatrina.domain.webhook import OF_IMAGES

Offer = Photo | Linked
"""A photo that has arrived, or a link to one."""


def must_exist(parts: Parts, caller: Caller, image: int) -> None:
    """Pass when the merchant has this image; asked before a body is read.

    Raises:
        errors.Missing: it has not.
    """
    with parts.database.reading() as look:
        if images.product_of(look, caller.merchant_id, image) is None:
            raise errors.Missing


def must_have_room(parts: Parts, caller: Caller, product: int) -> None:
    """Pass when the merchant's product can take an image more; asked before a body is read.

    Raises:
        errors.Missing: there is no such product.
        errors.Invalid: its gallery is full.
    """
    with parts.database.reading() as look:
        if products.find(look, caller.merchant_id, product) is None:
            raise errors.Missing
        images.gallery(look, product).must_have_room()


def update(parts: Parts, caller: Caller, image: int, change: Change, offer: Offer | None) -> Image:
    """Change what is mentioned of an image: its picture, alt, sort and default together.

    Bytes that the image shows already change nothing and keep its URLs, unless its stored files
    are missing or have other sizes: then they are stored again, under new URLs.

    Raises:
        errors.Missing, errors.PhotoRefused, errors.Unavailable, errors.StorageFull.
        errors.PhotoOfVideo: a photo came for a video.
    """
    with ExitStack() as arrival:
        photo = _arrived(parts, offer, arrival)
        storing = Storing(parts, arrival)
        fresh = None
        if photo is not None and not _is_shown(parts, caller, image, photo):
            fresh = ingest.develop(parts, photo, caller.merchant, storing)
        try:
            return _revise(parts, caller, image, change, photo, fresh)
        except _OvertakenError:
            fresh = ingest.develop(parts, _must(photo), caller.merchant, storing)
            return _revise(parts, caller, image, change, photo, fresh)


def attach(parts: Parts, caller: Caller, product: int, change: Change, offer: Offer) -> Image:
    """Add an image to a product's gallery.

    Raises:
        errors.Missing, errors.Invalid, errors.PhotoRefused, errors.Unavailable, errors.StorageFull.
    """
    with ExitStack() as arrival:
        photo = _must(_arrived(parts, offer, arrival))
        fresh = ingest.develop(parts, photo, caller.merchant, Storing(parts, arrival))
        return _attach(parts, caller, product, change, fresh)


def _attach(parts: Parts, caller: Caller, product: int, change: Change, fresh: Version) -> Image:
    with parts.database.reading() as look:
        image = ids.fresh(partial(images.exists, look))

    def run(tx: Connection) -> Image:
        before = galleries.locked(tx, caller, product)
        after, now = before.attach(image, change), parts.clock()
        images.save(tx, product, before, after, now)
        versions.add(tx, image, fresh, caller.token_id, now)
        announce(parts, tx, caller, product, OF_IMAGES)
        return Image(after[image], fresh.original)

    return ingest.commit(parts, run, partial(_committed, caller, image, product, fresh), [fresh])


def remove(parts: Parts, caller: Caller, image: int) -> None:
    """Take an image out of its gallery; its record and, for a while, its bytes are kept.

    Raises:
        errors.Missing: the merchant has no such image.
    """
    with parts.database.writing() as tx:
        product, before = galleries.locked_of(tx, caller, image)
        now = parts.clock()
        images.save(tx, product, before, before.remove(image), now)
        versions.retire(tx, image, before[image].alt, now)
        announce(parts, tx, caller, product, OF_IMAGES)


def _revise(  # noqa: PLR0913, PLR0917  what `update` knows by now
    parts: Parts,
    caller: Caller,
    image: int,
    change: Change,
    photo: Photo | None,
    fresh: Version | None,
) -> Image:
    """One transaction: the gallery locked, revised by its rules, saved.

    It is run again after a lost connection only if it adds a version, by which it finds out
    whether it was committed: a change of texts could undo what another request did meanwhile.
    """

    def run(tx: Connection) -> Image:
        product, before = galleries.locked_of(tx, caller, image)
        after = before.revise(image, change)
        now = parts.clock()
        images.save(tx, product, before, after, now)
        shown = versions.shown(tx, image)
        if photo is not None and shown and _must_replace(parts, shown, photo, fresh):
            if fresh is None:
                raise _OvertakenError
            versions.retire(tx, image, before[image].alt, now)
            versions.add(tx, image, fresh, caller.token_id, now)
            announce(parts, tx, caller, product, OF_IMAGES)
            return Image(after[image], fresh.original)
        if after != before:
            announce(parts, tx, caller, product, OF_IMAGES)
        return Image(after[image], shown.original if shown else None)

    if fresh is None:
        return ingest.commit(parts, run)
    done = ingest.commit(parts, run, partial(_committed, caller, image, None, fresh), [fresh])
    if done.original != fresh.original:
        ingest.discard(parts, fresh.original)
    return done


class _OvertakenError(Exception):
    """Between the look and the transaction the image came to show something else."""


def _is_shown(parts: Parts, caller: Caller, image: int, photo: Photo) -> bool:
    with parts.database.reading() as look:
        shown = versions.shown(look, image)
        if shown is not None:
            return shown.source.sha256 == photo.source.sha256 and ingest.is_stored(parts, shown)
        if images.product_of(look, caller.merchant_id, image) is None:
            raise errors.Missing
    raise errors.PhotoOfVideo(photo.field)


def _must_replace(parts: Parts, shown: Version, photo: Photo, fresh: Version | None) -> bool:
    """Whether the image shows other bytes than the photo's, or has lost them."""
    if shown.source.sha256 != photo.source.sha256:
        return True
    return fresh is not None and not ingest.is_stored(parts, shown)


def _committed(
    caller: Caller, image: int, product: int | None, fresh: Version, tx: Connection
) -> Image | None:
    """The image, if a transaction that added `fresh` to it was committed.

    The product that it is in, or is to be in, is locked first: that waits for the transaction.
    """
    if product is None:
        galleries.locked_of(tx, caller, image)
    else:
        galleries.locked(tx, caller, product)
    if versions.image_of(tx, fresh.original) is None:
        return None
    _, gallery = galleries.locked_of(tx, caller, image)
    return Image(gallery[image], fresh.original)


def _arrived(parts: Parts, offer: Offer | None, arrival: ExitStack) -> Photo | None:
    if not isinstance(offer, Linked):
        return offer
    return ingest.fetch(parts, offer, arrival.enter_context(parts.spool.new()))


def _must(photo: Photo | None) -> Photo:
    if photo is None:
        raise errors.Invalid(errors.Required())
    return photo
