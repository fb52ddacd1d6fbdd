"""Queries for versions: the current and earlier photos of each image."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from fatrina.adapters.database.schema import images, merchants, products, versions
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import Original
from fatrina.domain.types import ImageId, MerchantId, Millis, TokenId
from fatrina.domain.version import Source, Version

_V = versions.c
_ORIGINAL = (merchants.c.code, _V.handle, _V.secret, _V.kind, _V.width, _V.height)
_VERSION = (_V.frames, _V.bytes, _V.sha256, _V.link, _V.sizes, *_ORIGINAL)
_LOCATION = versions.join(images).join(products).join(merchants)

# Built once, as in `images`.
_SELECT_CURRENT = (
    select(*_VERSION)
    .select_from(_LOCATION)
    .where(_V.image_id == bindparam("image"), _V.retired_at.is_(None))
)
_RETIRE = (
    update(versions)
    .where(_V.image_id == bindparam("image"), _V.retired_at.is_(None))
    .values(retired_at=bindparam("now"), alt=bindparam("text"))
)
_INSERT = insert(versions)


class RetiredVersion(NamedTuple):
    """A version that was replaced or removed and whose bytes are still stored."""

    id: int
    original: Original


def current_by_image(conn: Connection, *product_ids: int) -> dict[int, Version]:
    """Return the current versions of these products' images by image id; videos have none."""
    rows = conn.execute(
        select(_V.image_id, *_VERSION)
        .select_from(_LOCATION)
        .where(images.c.product_id.in_(product_ids), _V.retired_at.is_(None))
    )
    return {image: _version_from_row(rest) for image, *rest in rows}


def current_for(conn: Connection, image_id: ImageId) -> Version | None:
    """Return the current version of an image; None for a video or an unknown id."""
    row = conn.execute(_SELECT_CURRENT, {"image": image_id}).first()
    return None if row is None else _version_from_row(row)


def find_image_id(conn: Connection, original: Original) -> ImageId | None:
    """Return the id of the image with a version of this original; None without one."""
    return conn.scalar(select(_V.image_id).where(_V.handle == original.handle))


def add(
    conn: Connection, image_id: ImageId, version: Version, token_id: TokenId | None, now: Millis
) -> None:
    """Insert an image's current version; the previous one must have been retired."""
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
    }
    conn.execute(_INSERT, row)


def retire(conn: Connection, image_id: ImageId, alt: str | None, now: Millis) -> None:
    """Retire an image's current version and store the alternative text that it had."""
    conn.execute(_RETIRE, {"image": image_id, "now": now, "text": alt})


def list_retired(conn: Connection, before: Millis, limit: int) -> list[RetiredVersion]:
    """Return up to `limit` versions retired before `before` whose bytes are still stored."""
    rows = conn.execute(
        select(_V.id, *_ORIGINAL)
        .select_from(_LOCATION)
        .where(_V.retired_at < before, _V.purged_at.is_(None))
        .order_by(_V.retired_at)
        .limit(limit)
    )
    return [RetiredVersion(version_id, _original_from_row(rest)) for version_id, *rest in rows]


def count_retired(conn: Connection, before: Millis) -> int:
    """Return how many versions were retired before `before` and still have their bytes."""
    query = select(func.count()).where(_V.retired_at < before, _V.purged_at.is_(None))
    return conn.scalar(query) or 0


def purge(conn: Connection, ids: Iterable[int], now: Millis) -> None:
    """Mark versions as purged, before their bytes are deleted; the rows stay."""
    conn.execute(update(versions).where(_V.id.in_([*ids])).values(purged_at=now))


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
    query = select(*_ORIGINAL).select_from(_LOCATION).where(_V.purged_at.is_(None)).order_by(_V.id)
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
        select(_V.id, *_VERSION)
        .select_from(_LOCATION)
        .where(_V.purged_at.is_(None))
        .order_by(_V.id.desc())
        .limit(limit)
    )
    rows = conn.execute(query if before is None else query.where(_V.id < before)).all()
    found = [_version_from_row(rest) for _, *rest in rows]
    return found, rows[-1].id if len(rows) == limit else None


def count_unpurged(conn: Connection) -> int:
    """Return the number of versions whose bytes must exist."""
    return conn.scalar(select(func.count()).where(_V.purged_at.is_(None))) or 0


def _version_from_row(row: Sequence[Any]) -> Version:
    frames, size, digest, link, sizes, *rest = row
    file_sizes = tuple(map(int, sizes.split(","))) if sizes else ()
    return Version(_original_from_row(rest), Source(size, digest, link), frames, file_sizes)


def _original_from_row(row: Sequence[Any]) -> Original:
    merchant_code, handle, secret, kind, width, height = row
    return Original(merchant_code, handle, secret, ImageFormat(kind), width, height)
