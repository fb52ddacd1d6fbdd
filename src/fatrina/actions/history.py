"""The history of images: show an image, list its versions, deleted images and logged changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from fatrina.actions import Services
from fatrina.adapters.database import history, images, products, versions
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.history import ChangeRecord, VersionRecord
from fatrina.domain.pagination import Page
from fatrina.domain.types import ImageId, Millis, ProductId
from fatrina.domain.views import ImageView

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordPage(Generic[T]):
    """A page of a list of records."""

    records: Sequence[T]
    page: Page
    total: int
    """The number of records on all pages."""


@dataclass(frozen=True, slots=True)
class DeletedImage:
    """A deleted image that can be restored, with the photo that it showed last."""

    image: ImageView
    deleted_at: Millis


def show_image(services: Services, caller: Caller, image_id: ImageId) -> ImageView:
    """Return an image.

    Raises:
        errors.NotFound: the merchant has no such image.
    """
    with services.database.reading() as conn:
        entry = images.find(conn, caller.merchant_id, image_id)
        if entry is None:
            raise errors.NotFound
        version = versions.current_for(conn, image_id)
        return ImageView(entry, version.original if version else None)


def list_versions(
    services: Services, caller: Caller, image_id: ImageId, page: Page
) -> RecordPage[VersionRecord]:
    """Return a page of the versions of an image, deleted or not, the newest first.

    Raises:
        errors.NotFound: the merchant has no such image.
    """
    with services.database.reading() as conn:
        if history.find_image(conn, caller.merchant_id, image_id) is None:
            raise errors.NotFound
        records = history.list_versions(conn, image_id, page.size, page.offset)
        return RecordPage(records, page, history.count_versions(conn, image_id))


def list_changes(
    services: Services, caller: Caller, product_id: ProductId, page: Page
) -> RecordPage[ChangeRecord]:
    """Return a page of the logged changes of a product's images, the newest first.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.reading() as conn:
        _check_product(conn, caller, product_id)
        records = history.list_changes(conn, product_id, page.size, page.offset)
        return RecordPage(records, page, history.count_changes(conn, product_id))


def list_deleted(
    services: Services, caller: Caller, product_id: ProductId, retention_ms: Millis
) -> list[DeletedImage]:
    """Return the deleted images of a product that can be restored, the latest first.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    since = Millis(services.clock() - retention_ms)
    with services.database.reading() as conn:
        _check_product(conn, caller, product_id)
        deleted = []
        for entry, removed_at in images.list_removed(conn, product_id, since):
            records = history.list_versions(conn, entry.id, 1, 0)
            if entry.video is not None:
                deleted.append(DeletedImage(ImageView(entry, None), removed_at))
            elif records and not records[0].is_purged:
                image = ImageView(entry, records[0].version.original)
                deleted.append(DeletedImage(image, removed_at))
        return deleted


def _check_product(conn: Connection, caller: Caller, product_id: ProductId) -> None:
    if products.find(conn, caller.merchant_id, product_id) is None:
        raise errors.NotFound
