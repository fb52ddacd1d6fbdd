"""Versions, as rows: what each image shows and showed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from fatrina.adapters.database.schema import images, merchants, products, versions
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import Original
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
    """A version that is shown no more and whose bytes are still kept."""

    id: int
    original: Original


def current_by_image(conn: Connection, *product_ids: int) -> dict[int, Version]:
    """What each image of these products shows now, by image id; a video shows nothing of ours."""
    rows = conn.execute(
        select(_V.image_id, *_VERSION)
        .select_from(_LOCATION)
        .where(images.c.product_id.in_(product_ids), _V.retired_at.is_(None))
    )
    return {image: _version_from_row(rest) for image, *rest in rows}


def current_for(conn: Connection, image_id: int) -> Version | None:
    """What one image shows now; None for a video, and where there is no such image."""
    row = conn.execute(_SELECT_CURRENT, {"image": image_id}).first()
    return None if row is None else _version_from_row(row)


def find_image_id(conn: Connection, original: Original) -> int | None:
    """The image that an original was added to, shown there or not; None when it was not added."""
    return conn.scalar(select(_V.image_id).where(_V.handle == original.handle))


def add(conn: Connection, image_id: int, version: Version, token_id: int | None, now: int) -> None:
    """Make a version the one its image shows; the one before must have been retired."""
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


def retire(conn: Connection, image_id: int, alt: str | None, now: int) -> None:
    """Take down what an image shows, on record with the alternative text it had."""
    conn.execute(_RETIRE, {"image": image_id, "now": now, "text": alt})


def list_retired(conn: Connection, before: int, limit: int) -> list[RetiredVersion]:
    """Up to `limit` versions that were retired before a moment and still have their bytes."""
    rows = conn.execute(
        select(_V.id, *_ORIGINAL)
        .select_from(_LOCATION)
        .where(_V.retired_at < before, _V.purged_at.is_(None))
        .order_by(_V.retired_at)
        .limit(limit)
    )
    return [RetiredVersion(version_id, _original_from_row(rest)) for version_id, *rest in rows]


def count_retired(conn: Connection, before: int) -> int:
    """How many versions were retired before a moment and still have their bytes."""
    query = select(func.count()).where(_V.retired_at < before, _V.purged_at.is_(None))
    return conn.scalar(query) or 0


def purge(conn: Connection, ids: Iterable[int], now: int) -> None:
    """Note that the bytes of these versions are to go; the record of them stays."""
    conn.execute(update(versions).where(_V.id.in_([*ids])).values(purged_at=now))


def find_unpurged(conn: Connection, handles: Iterable[str]) -> list[Original]:
    """The originals among these handles whose bytes must be there."""
    rows = conn.execute(
        select(*_ORIGINAL)
        .select_from(_LOCATION)
        .where(_V.handle.in_([*handles]), _V.purged_at.is_(None))
    )
    return [_original_from_row(row) for row in rows]


def list_unpurged(conn: Connection) -> list[Original]:
    """Every original whose bytes must be there, shown or not."""
    return [*iter_unpurged(conn)]


def iter_unpurged(conn: Connection) -> Iterator[Original]:
    """The same, one by one, while the transaction lasts."""
    rows = conn.execute(
        select(*_ORIGINAL).select_from(_LOCATION).where(_V.purged_at.is_(None)).order_by(_V.id)
    )
    return (_original_from_row(row) for row in rows)


def iter_unpurged_versions(conn: Connection) -> Iterator[Version]:
    """Yield every version whose bytes must be there, shown or not, the newest first."""
    rows = conn.execute(
        select(*_VERSION)
        .select_from(_LOCATION)
        .where(_V.purged_at.is_(None))
        .order_by(_V.id.desc())
        .execution_options(yield_per=1000)
    )
    return map(_version_from_row, rows)


def _version_from_row(row: Sequence[Any]) -> Version:
    frames, size, digest, link, sizes, *rest = row
    file_sizes = tuple(map(int, sizes.split(","))) if sizes else ()
    return Version(_original_from_row(rest), Source(size, digest, link), frames, file_sizes)


def _original_from_row(row: Sequence[Any]) -> Original:
    merchant_code, handle, secret, kind, width, height = row
    return Original(merchant_code, handle, secret, ImageFormat(kind), width, height)
