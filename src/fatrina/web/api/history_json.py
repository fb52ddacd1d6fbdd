"""JSON of the history of images, which extends the contract."""

from datetime import UTC, datetime

from fatrina.actions.history import DeletedImage
from fatrina.domain.history import Author, ChangeRecord, VersionRecord
from fatrina.domain.types import Millis
from fatrina.wire import Json, Serializer, number


def version(serializer: Serializer, record: VersionRecord, retention_ms: Millis) -> Json:
    """Return a version; its files are kept for `retention_ms` after it was replaced."""
    source, original = record.version.source, record.version.original
    return {
        "number": record.number,
        "image": None if record.is_purged else serializer.renditions(original),
        "alt_seo": record.alt,
        "sort": None if record.sort is None else number(record.sort),
        "default": record.default,
        "created_at": _time(record.created_at),
        "retired_at": _time(record.retired_at),
        "kept_until": _kept_until(record.retired_at, retention_ms),
        "by": _author(record.author),
        "source": _source(record),
        "bytes": source.bytes,
        "sha256": source.sha256,
        "format": original.format.value,
        "reason": record.reason,
    }


def deleted_image(serializer: Serializer, deleted: DeletedImage, retention_ms: Millis) -> Json:
    """Return a deleted image, when it was deleted, and until when it can be restored."""
    return {
        **serializer.image(deleted.image),
        "deleted_at": _time(deleted.deleted_at),
        "kept_until": _kept_until(deleted.deleted_at, retention_ms),
    }


def change(record: ChangeRecord) -> Json:
    """Return a logged change; `image_id` is null if it concerns the order of all images."""
    return {
        "id": record.id,
        "image_id": record.image_id,
        "actions": [*record.actions],
        "created_at": _time(record.created_at),
        "by": _author(record.author),
        "reason": record.reason,
    }


def _source(record: VersionRecord) -> Json:
    if record.restored is not None:
        return {"type": "restore", "number": record.restored}
    link = record.version.source.link
    return {"type": "file"} if link is None else {"type": "link", "url": link}


def _author(author: Author | None) -> Json | None:
    if author is None:
        return None
    return {"token": author.token_id, "hint": author.hint, "app": author.app_name}


def _kept_until(retired_at: Millis | None, retention_ms: Millis) -> str | None:
    return None if retired_at is None else _time(Millis(retired_at + retention_ms))


def _time(timestamp: Millis | None) -> str | None:
    """Return a time in the format of RFC 3339, in UTC, with milliseconds."""
    if timestamp is None:
        return None
    seconds, milliseconds = divmod(timestamp, 1000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError):  # after the year 9999
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"
