"""Queries for versions: the current and earlier photos of each image."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from fatrina.adapters.database.schema import images, merchants, products, versions
from fatrina.domain.gallery import GalleryEntry
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import Original
from fatrina.domain.types import ImageId, MerchantId, Millis, TokenId
from fatrina.domain.version import Source, Version

_V = versions.c
_ORIGINAL = (merchants.c.code, _V.handle, _V.secret, _V.kind, _V.width, _V.height)
VERSION_COLUMNS = (_V.frames, _V.bytes, _V.sha256, _V.link, _V.sizes, *_ORIGINAL)
_LOCATION = versions.join(images).join(products).join(merchants)

# Built once, as in `images`.
_SELECT_CURRENT = (
    select(*VERSION_COLUMNS)
    .select_from(_LOCATION)
    .where(_V.image_id == bindparam("image"), _V.retired_at.is_(None))
)
_RETIRE = (
    update(versions)
    .where(_V.image_id == bindparam("image"), _V.retired_at.is_(None))
    .values(
        retired_at=bindparam("now"),
        alt=bindparam("text"),
        sort=bindparam("position"),
        is_default=bindparam("main"),
    )
)
_INSERT = insert(versions)
_STORED = (_V.purged_at.is_(None), _V.restored.is_(None))
"""Conditions for one version of each stored original: versions that share one are purged
together."""


def current_by_image(conn: Connection, *product_ids: int) -> dict[int, Version]:
    """Return the current versions of these products' images by image id; videos have none."""
    rows = conn.execute(
        select(_V.image_id, *VERSION_COLUMNS)
        .select_from(_LOCATION)
        .where(images.c.product_id.in_(product_ids), _V.retired_at.is_(None))
    )
    return {image: version_from_row(rest) for image, *rest in rows}


def current_for(conn: Connection, image_id: ImageId) -> Version | None:
    """Return the current version of an image; None for a video or an unknown id."""
    row = conn.execute(_SELECT_CURRENT, {"image": image_id}).first()
    return None if row is None else version_from_row(row)


def find_image_id(conn: Connection, original: Original) -> ImageId | None:
    """Return the id of the image with a version of this original; None without one."""
    return conn.scalar(select(_V.image_id).where(_V.handle == original.handle))


def add(  # noqa: PLR0913, PLR0917  the columns
    conn: Connection,
    image_id: ImageId,
    version: Version,
    token_id: TokenId | None,
    now: Millis,
    reason: str | None = None,
    restored: int | None = None,
) -> None:
    """Insert an image's current version; the previous one must have been retired.

    `restored` is the number of an earlier version of the image with the same stored files.
    """
    original, source = version.original, version.source
    row = {
        "image_id": image_id,
        "handle": original.handle,
        "secret": original.secret,
        "kind": original.format.value,
        "width": original.width,
        "height": original.height,
        "frames": version.frames,
        "bytes": source.bytes,
        "sha256": source.sha256,
        "link": source.link,
        "sizes": ",".join(map(str, version.sizes)) or None,
        "token_id": token_id,
        "created_at": now,
        "reason": reason,
        "restored": restored,
    }
    conn.execute(_INSERT, row)


def retire(conn: Connection, entry: GalleryEntry, now: Millis) -> None:
    """Retire an image's current version and store the texts and the position that it had."""
    properties = {"text": entry.alt, "position": entry.sort, "main": entry.default}
    conn.execute(_RETIRE, {"image": entry.id, "now": now, **properties})


def list_due(conn: Connection, before: Millis, limit: int) -> list[Original]:
    """Return up to `limit` originals whose bytes are due: no version used them since `before`."""
    rows = conn.execute(
        select(*_ORIGINAL)
        .select_from(_LOCATION)
        .where(*_due(before))
        .order_by(_V.retired_at)
        .limit(limit)
        .with_for_update(of=versions, key_share=True)
    )
    return [*dict.fromkeys(_original_from_row(row) for row in rows)]


def count_due(conn: Connection, before: Millis) -> int:
    """Return how many originals have bytes that no version used since `before`."""
    return conn.scalar(select(func.count(_V.handle.distinct())).where(*_due(before))) or 0


def purge(
    conn: Connection, originals: Collection[Original], before: Millis, now: Millis
) -> list[Original]:
    """Mark the versions of `originals` as purged, before the bytes are deleted; the rows stay.

    Return the originals that were purged. An original that a restore has used since `list_due`
    returned it is not purged: this statement sees every transaction that held its lock.
    """
    handles = [each.handle for each in originals]
    due = set(conn.scalars(select(_V.handle).where(_V.handle.in_(handles), *_due(before))))
    conn.execute(update(versions).where(_V.handle.in_(due)).values(purged_at=now))
    return [each for each in originals if each.handle in due]


def _due(before: Millis) -> tuple[ColumnElement[bool], ...]:
    """Return conditions for versions whose stored files no version used since `before`."""
    other = versions.alias("other")
    is_used = exists().where(
        other.c.handle == _V.handle,
        or_(other.c.retired_at.is_(None), other.c.retired_at >= before),
    )
    return _V.retired_at < before, _V.purged_at.is_(None), ~is_used


def find_unpurged(conn: Connection, handles: Iterable[str]) -> list[Original]:
    """Return the originals with these handles whose bytes must exist."""
    rows = conn.execute(
        select(*_ORIGINAL)
        .select_from(_LOCATION)
        .where(_V.handle.in_([*handles]), _V.purged_at.is_(None))
    )
    return [_original_from_row(row) for row in rows]


def list_unpurged(conn: Connection, merchant_id: MerchantId | None = None) -> list[Original]:
    """Return all originals whose bytes must exist, current or retired, or those of a merchant."""
    return [*iter_unpurged(conn, merchant_id)]


def iter_unpurged(conn: Connection, merchant_id: MerchantId | None = None) -> Iterator[Original]:
    """Yield what `list_unpurged` returns, within the transaction."""
    query = select(*_ORIGINAL).select_from(_LOCATION).where(*_STORED).order_by(_V.id)
    if merchant_id is not None:
        query = query.where(merchants.c.id == merchant_id)
    rows = conn.execute(query.execution_options(yield_per=1000))
    return (_original_from_row(row) for row in rows)


def list_unpurged_versions(
    conn: Connection, before: int | None, limit: int
) -> tuple[list[Version], int | None]:
    """Return versions whose bytes must exist, the newest first, and the `before` of the next page.

    `before` is None for the first page, and after the last one.
    """
    query = (
        select(_V.id, *VERSION_COLUMNS)
        .select_from(_LOCATION)
        .where(*_STORED)
        .order_by(_V.id.desc())
        .limit(limit)
    )
    rows = conn.execute(query if before is None else query.where(_V.id < before)).all()
    found = [version_from_row(rest) for _, *rest in rows]
    return found, rows[-1].id if len(rows) == limit else None


def count_unpurged(conn: Connection) -> int:
    """Return the number of versions whose bytes must exist."""
    return conn.scalar(select(func.count()).where(*_STORED)) or 0


def version_from_row(row: Sequence[Any]) -> Version:
    """Return the version with these values of `VERSION_COLUMNS`."""
    frames, size, digest, link, sizes, *rest = row
    file_sizes = tuple(map(int, sizes.split(","))) if sizes else ()
    return Version(_original_from_row(rest), Source(size, digest, link), frames, file_sizes)


def _original_from_row(row: Sequence[Any]) -> Original:
    merchant_code, handle, secret, kind, width, height = row
    return Original(merchant_code, handle, secret, ImageFormat(kind), width, height)
