"""Restore an earlier version of an image, or a deleted image; no photo is decoded or stored."""

from sqlalchemy import Connection

from fatrina.actions import Services, committing, galleries, storing
from fatrina.actions.galleries import Precondition, no_precondition
from fatrina.adapters.database import history, images, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery, GalleryEntry
from fatrina.domain.history import Action, VersionRecord, compare
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import IMAGE_CHANGE_EVENTS


def restore_version(  # noqa: PLR0913  the parameters of the request
    services: Services,
    caller: Caller,
    image_id: ImageId,
    number: int,
    *,
    with_texts: bool = False,
    reason: str | None = None,
    precondition: Precondition = no_precondition,
) -> ImageView:
    """Show an earlier version of an image again, as a new version with the same stored files.

    With `with_texts`, its alternative text, sort and default flag of that time are restored too.
    Nothing changes if the image shows that version already.

    Raises:
        errors.NotFound: the merchant has no such image, or the image no such version.
        errors.Gone: the stored files of the version were deleted.
    """

    def run(tx: Connection) -> ImageView:
        product_id, before = galleries.lock_by_image(tx, caller, image_id)
        current = versions.current_for(tx, image_id)
        precondition(ImageView(before[image_id], current.original if current else None))
        record = _lock_version(services, tx, image_id, number)
        change = _former_texts(record) if with_texts and record.retired_at else Change()
        after, now = before.revise(image_id, change), services.clock()
        actions = compare(before[image_id], after[image_id])
        original = record.version.original
        images.save_gallery(tx, product_id, before, after, now)
        if current is None or current.original != original:
            versions.retire(tx, before[image_id], now)
            versions.add(tx, image_id, record.version, caller.token_id, now, reason, number)
            actions = (Action.RESTORED, *actions)
        if actions:
            galleries.record_change(tx, caller, product_id, image_id, actions, now, reason)
            services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
        return ImageView(after[image_id], original)

    return committing.commit(services, run)


def restore_image(
    services: Services, caller: Caller, image_id: ImageId, reason: str | None = None
) -> ImageView:
    """Return a deleted image to its gallery, with its id, position and texts.

    It becomes the default image only if there is no other. Nothing changes if it is not deleted.

    Raises:
        errors.NotFound: the merchant has no such image, or its product is deleted.
        errors.Gone: its stored files were deleted.
        errors.ValidationFailed: the gallery is full.
    """

    def run(tx: Connection) -> ImageView:
        product_id = history.find_image(tx, caller.merchant_id, image_id)
        if product_id is None:
            raise errors.NotFound
        gallery = galleries.lock(tx, caller, product_id)
        entry = images.find_removed(tx, image_id)
        if entry is not None:
            return _undelete(services, tx, caller, product_id, gallery, entry, reason)
        version = versions.current_for(tx, image_id)
        return ImageView(gallery[image_id], version.original if version else None)

    return committing.commit(services, run)


def _undelete(  # noqa: PLR0913, PLR0917  the steps of one transaction
    services: Services,
    tx: Connection,
    caller: Caller,
    product_id: ProductId,
    gallery: Gallery,
    entry: GalleryEntry,
    reason: str | None,
) -> ImageView:
    after, now, original = gallery.restore(entry), services.clock(), None
    if number := history.count_versions(tx, entry.id):
        version = _lock_version(services, tx, entry.id, number).version
        versions.add(tx, entry.id, version, caller.token_id, now, reason, number)
        original = version.original
    images.unremove(tx, entry.id)
    before = Gallery((*gallery.entries, entry))
    images.save_gallery(tx, product_id, before, after, now)
    galleries.record_change(tx, caller, product_id, entry.id, [Action.UNDELETED], now, reason)
    services.outbox.enqueue(tx, caller, product_id, IMAGE_CHANGE_EVENTS)
    return ImageView(after[entry.id], original)


def _lock_version(
    services: Services, tx: Connection, image_id: ImageId, number: int
) -> VersionRecord:
    """Return a version of an image, locked, so that the sweep cannot delete its files.

    Raises:
        errors.NotFound: the image has no such version.
        errors.Gone: its files were deleted.
    """
    record = history.find_version(tx, image_id, number)
    if record is None:
        raise errors.NotFound
    version = record.version
    if not history.lock_version(tx, version.original.handle) or not storing.is_stored(
        services, version
    ):
        raise errors.Gone
    return record


def _former_texts(record: VersionRecord) -> Change:
    return Change(default=record.default, sort=record.sort, alt=record.alt or "")
