"""Attach, update and remove the images of a product; each action happens completely or not at all.

An update or an attachment has four steps: receive the photo, render it, store its files, commit
the rows. Everything that is slow or may fail happens before the transaction.
"""

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, committing, galleries, receiving, rendering, storing
from fatrina.actions.galleries import Precondition, no_precondition
from fatrina.actions.receiving import IncomingPhoto, PhotoSource
from fatrina.actions.storing import StorageSection
from fatrina.adapters.database import images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change
from fatrina.domain.history import Action, compare
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.version import Version
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import IMAGE_CHANGE_EVENTS


@dataclass(frozen=True, slots=True)
class UpdateImage:
    """What an update changes of an image; without a photo the image keeps showing the same one."""

    change: Change
    photo: PhotoSource | None = None
    reason: str | None = None
    """Why the image is changed; stored with the version and in the log."""
    precondition: Precondition = no_precondition


@dataclass(frozen=True, slots=True)
class AttachImage:
    """A photo to attach as a new image, and its place in the gallery."""

    change: Change
    photo: PhotoSource


def check_capacity(services: Services, caller: Caller, product_id: ProductId) -> None:
    """Raise unless the product has room for another image; called before the body is read.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.ValidationFailed: the gallery is full.
    """
    with services.database.reading() as conn:
        if products.find(conn, caller.merchant_id, product_id) is None:
            raise errors.NotFound
        images.load_gallery(conn, product_id).check_capacity()


def update(
    services: Services, caller: Caller, image_id: ImageId, command: UpdateImage
) -> ImageView:
    """Change the given properties of an image: its photo, alt text, sort and default together.

    A photo that the image shows already is not rendered again and keeps its URLs, unless its
    stored files are missing or have other sizes: then they are stored again, under new URLs.

    Raises:
        errors.NotFound, errors.PhotoError, errors.ServiceUnavailable, errors.StorageFull.
        errors.ImageIsVideo: the command has a photo, and the image is a video.
    """
    if command.photo is None:
        return _commit(services, caller, image_id, command)
    with ExitStack() as stack:
        photo = receiving.receive(services, command.photo, stack)
        if _is_current(services, caller, image_id, photo):
            with suppress(_ConcurrentUpdateError):
                return _commit(services, caller, image_id, command, photo)
        section = StorageSection(services, stack)
        with rendering.render(services, photo) as rendered:
            version = storing.store(services, rendered, caller.merchant_code, section)
        return _commit(services, caller, image_id, command, photo, version)


def attach(
    services: Services, caller: Caller, product_id: ProductId, command: AttachImage
) -> ImageView:
    """Add an image to a product's gallery.

    Raises:
        errors.NotFound, errors.ValidationFailed, errors.PhotoError.
        errors.ServiceUnavailable, errors.StorageFull.
    """
    with ExitStack() as stack:
        photo = receiving.receive(services, command.photo, stack)
        section = StorageSection(services, stack)
        with rendering.render(services, photo) as rendered:
            version = storing.store(services, rendered, caller.merchant_code, section)
        return galleries.attach(services, caller, product_id, command.change, version)


def remove(
    services: Services,
    caller: Caller,
    image_id: ImageId,
    reason: str | None = None,
    precondition: Precondition = no_precondition,
) -> None:
    """Remove an image from its gallery; its row is kept, its files until the sweep deletes them.

    Raises:
        errors.NotFound: the merchant has no such image.
    """
    with services.database.writing() as tx:
        product_id, before = galleries.lock_by_image(tx, caller, image_id)
        galleries.check_precondition(tx, before[image_id], precondition)
        now = services.clock()
        images.save_gallery(tx, product_id, before, before.remove(image_id), now)
        versions.retire(tx, before[image_id], now)
        galleries.record_change(tx, caller, product_id, image_id, [Action.DELETED], now, reason)
        services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        services.recorder.record(tx, None)


def _commit(  # noqa: PLR0913, PLR0917  the results of the steps before
    services: Services,
    caller: Caller,
    image_id: ImageId,
    command: UpdateImage,
    photo: IncomingPhoto | None = None,
    version: Version | None = None,
) -> ImageView:
    """Lock the gallery, revise it by its rules and save it, in one transaction.

    `version` is the stored photo; None without a photo, or if the image showed it already.
    The transaction is repeated after a lost connection only if it adds a version, which shows
    whether it was committed: repeating a change of texts could undo another request's change.

    Raises:
        _ConcurrentUpdateError: `version` is needed, because the image shows another photo now.
    """

    def run(tx: Connection) -> ImageView:
        product_id, before = galleries.lock_by_image(tx, caller, image_id)
        current = versions.current_for(tx, image_id)
        original = current.original if current else None
        command.precondition(ImageView(before[image_id], original))
        after = before.revise(image_id, command.change)
        now = services.clock()
        images.save_gallery(tx, product_id, before, after, now)
        actions = compare(before[image_id], after[image_id])
        if photo is not None and current and _is_outdated(services, current, photo, version):
            if version is None:
                raise _ConcurrentUpdateError
            versions.retire(tx, before[image_id], now)
            versions.add(tx, image_id, version, caller.token_id, now, command.reason)
            actions, original = (Action.REPLACED, *actions), version.original
        if actions:
            galleries.record_change(tx, caller, product_id, image_id, actions, now, command.reason)
            services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        return ImageView(after[image_id], original)

    if version is None:
        return committing.commit(services, run)
    find_committed = partial(_find_committed, caller, image_id, version)
    image = committing.commit(services, run, find_committed, [version])
    if image.original != version.original:
        storing.discard(services, version.original)
    return image


def _find_committed(
    caller: Caller, image_id: ImageId, version: Version, tx: Connection
) -> ImageView | None:
    """Return the image if a transaction that added `version` to it was committed.

    The lock on its gallery is granted only when that transaction has ended.
    """
    _, gallery = galleries.lock_by_image(tx, caller, image_id)
    if versions.find_image_id(tx, version.original) is None:
        return None
    return ImageView(gallery[image_id], version.original)


class _ConcurrentUpdateError(Exception):
    """Another request replaced the photo after the unchanged-photo check."""


def _is_current(
    services: Services, caller: Caller, image_id: ImageId, photo: IncomingPhoto
) -> bool:
    """Return whether the image shows this photo and its files are stored.

    Raises:
        errors.NotFound: the merchant has no such image.
        errors.ImageIsVideo: the image is a video.
    """
    with services.database.lookup() as conn:
        current = versions.current_for(conn, image_id)
    if current is not None:
        is_same = current.source.sha256 == photo.source.sha256
        return is_same and storing.is_stored(services, current)
    with services.database.lookup() as conn:
        if images.find_product_id(conn, caller.merchant_id, image_id) is None:
            raise errors.NotFound
    raise errors.ImageIsVideo(photo.field)


def _is_outdated(
    services: Services, current: Version, photo: IncomingPhoto, version: Version | None
) -> bool:
    """Return whether the image shows another photo, or has lost files that `version` can replace.

    The files are checked only if there is a `version`.
    """
    if current.source.sha256 != photo.source.sha256:
        return True
    return version is not None and not storing.is_stored(services, current)
