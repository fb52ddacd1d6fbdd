"""Queries for the history of images: all versions of an image, and the log of changes."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from fatrina.adapters.database.schema import (
    apps,
    grants,
    image_changes,
    images,
    merchants,
    products,
    tokens,
    versions,
)
from fatrina.adapters.database.versions import VERSION_COLUMNS, version_from_row
from fatrina.domain.history import Action, Author, ChangeRecord, VersionRecord
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId, TokenId

_V = versions.c
_L = image_changes.c
_AUTHOR = (tokens.c.id, tokens.c.hint, apps.c.name)
_AUTHOR_COUNT = len(_AUTHOR)
_NUMBER = func.row_number().over(partition_by=_V.image_id, order_by=_V.id)
_RECORD = (
    *(_V.restored, _V.retired_at, _V.created_at, _V.purged_at, _V.reason),
    # An image that shows a version has its own texts; a replaced version has those of that time.
    *(_V.alt, _V.sort, _V.is_default, images.c.alt, images.c.sort, images.c.is_default),
)
_RECORD_COUNT = len(_RECORD)


def find_image(conn: Connection, merchant_id: MerchantId, image_id: ImageId) -> ProductId | None:
    """Return the product id of a merchant's image, deleted or not; None if there is no such image.

    The images of a deleted product do not count.
    """
    return conn.scalar(
        select(products.c.id)
        .join(images)
        .where(
            images.c.id == image_id,
            products.c.merchant_id == merchant_id,
            products.c.removed_at.is_(None),
        )
    )


def count_versions(conn: Connection, image_id: ImageId) -> int:
    """Return the number of versions of an image."""
    return conn.scalar(select(func.count()).where(_V.image_id == image_id)) or 0


def list_versions(
    conn: Connection, image_id: ImageId, limit: int, offset: int
) -> list[VersionRecord]:
    """Return versions of an image, the newest first."""
    query = _select_records(image_id).order_by(_V.id.desc()).limit(limit).offset(offset)
    return [_record_from_row(row) for row in conn.execute(query)]


def find_version(conn: Connection, image_id: ImageId, number: int) -> VersionRecord | None:
    """Return a version of an image by its number; None if there is no such version."""
    if number < 1:
        return None
    query = _select_records(image_id).order_by(_V.id).limit(1).offset(number - 1)
    row = conn.execute(query).first()
    return None if row is None else _record_from_row(row)


def lock_version(conn: Connection, handle: str) -> bool:
    """Lock the versions with these stored files; return whether the files are kept.

    The sweep locks them too before it deletes the files.
    """
    query = select(_V.purged_at).where(_V.handle == handle).order_by(_V.id)
    rows = conn.scalars(query.with_for_update(key_share=True))
    return any(purged_at is None for purged_at in rows)


def add_change(  # noqa: PLR0913, PLR0917  the columns
    conn: Connection,
    product_id: ProductId,
    image_id: ImageId | None,
    actions: Iterable[Action],
    token_id: TokenId | None,
    reason: str | None,
    now: Millis,
) -> None:
    """Log a change."""
    row = {
        "product_id": product_id,
        "image_id": image_id,
        "actions": " ".join(actions),
        "token_id": token_id,
        "reason": reason,
        "created_at": now,
    }
    conn.execute(insert(image_changes), row)


def count_changes(conn: Connection, product_id: ProductId) -> int:
    """Return the number of logged changes of a product's images."""
    return conn.scalar(select(func.count()).where(_L.product_id == product_id)) or 0


def list_changes(
    conn: Connection, product_id: ProductId, limit: int, offset: int
) -> list[ChangeRecord]:
    """Return logged changes of a product's images, the newest first."""
    rows = conn.execute(
        select(_L.id, _L.image_id, _L.actions, _L.created_at, _L.reason, *_AUTHOR)
        .select_from(
            image_changes.outerjoin(tokens, tokens.c.id == _L.token_id)
            .outerjoin(grants, grants.c.id == tokens.c.grant_id)
            .outerjoin(apps, apps.c.id == grants.c.app_id)
        )
        .where(_L.product_id == product_id)
        .order_by(_L.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        ChangeRecord(
            change_id,
            image_id,
            tuple(Action(action) for action in actions.split()),
            created_at,
            _author_from_row(author),
            reason,
        )
        for change_id, image_id, actions, created_at, reason, *author in rows
    ]


def _select_records(image_id: ImageId) -> Any:
    return (
        select(_NUMBER, *_AUTHOR, *_RECORD, *VERSION_COLUMNS)
        .select_from(
            versions.join(images, images.c.id == _V.image_id)
            .join(products, products.c.id == images.c.product_id)
            .join(merchants, merchants.c.id == products.c.merchant_id)
            .outerjoin(tokens, tokens.c.id == _V.token_id)
            .outerjoin(grants, grants.c.id == tokens.c.grant_id)
            .outerjoin(apps, apps.c.id == grants.c.app_id)
        )
        .where(_V.image_id == image_id)
    )


def _record_from_row(row: Sequence[Any]) -> VersionRecord:
    number, *rest = row
    author, rest = rest[:_AUTHOR_COUNT], rest[_AUTHOR_COUNT:]
    restored, retired_at, created_at, purged_at, reason, *texts = rest[:_RECORD_COUNT]
    alt, sort, default = texts[3:] if retired_at is None else texts[:3]
    return VersionRecord(
        number=number,
        version=version_from_row(rest[_RECORD_COUNT:]),
        restored=restored,
        alt=alt,
        sort=sort,
        default=default,
        created_at=created_at,
        retired_at=retired_at,
        is_purged=purged_at is not None,
        author=_author_from_row(author),
        reason=reason,
    )


def _author_from_row(row: Sequence[Any]) -> Author | None:
    token_id, hint, app_name = row
    return None if token_id is None else Author(token_id, hint, app_name)
