"""Dump a service to one file and restore it: every row and every stored file.

The file is a tar archive: `fatrina.json` identifies the format, `rows/TABLE.jsonl` has one JSON
object per row, `media/CODE/NAME` are the stored files, and `sha256.json`, the last member, has the
hash of every other member. Rows as text can be restored into any database.
"""

import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from hashlib import sha256
from typing import IO, Any, Final

from sqlalchemy import Connection

from fatrina.actions.archive import CHECKSUMS, ArchiveWriter
from fatrina.adapters.database import Database, tables, versions
from fatrina.adapters.database.schema import REVISION
from fatrina.adapters.database.tables import InvalidRowsError
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import Storage
from fatrina.domain import errors, json_text
from fatrina.domain.access import MERCHANT_CODE
from fatrina.domain.json_text import JsonError
from fatrina.domain.renditions import ROLES

_FORMAT: Final = 1
_MANIFEST: Final = "fatrina.json"
_MEDIA: Final = re.compile(rf"media/({MERCHANT_CODE}/[A-Za-z0-9]{{40}}\.[a-z]{{3,4}})")
_ROWS: Final = re.compile(r"rows/([a-z_]{1,40})\.jsonl")
_MAX_JSON_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 262_144


class DumpError(Exception):
    """A dump is invalid or cannot be created; the message gives the reason."""


def dump(database: Database, storage: Storage, out: IO[bytes], progress: Callable[[], None]) -> int:
    """Write a consistent snapshot of the service to `out`; return the number of versions.

    `progress` is called after each version.

    Raises:
        DumpError: a sweep deleted stored files meanwhile.
        OSError: the archive cannot be written.
    """
    with ExitStack() as files:
        rows, keys = _copy_rows(database, files)
        with ArchiveWriter(out) as archive:
            archive.add(_MANIFEST, json.dumps({"format": _FORMAT, "revision": REVISION}).encode())
            for name, file in rows.items():
                archive.add_file(f"rows/{name}.jsonl", file)
            count = 0
            for line in keys:
                for key in line.decode().split():
                    _add_stored(archive, storage, key)
                progress()
                count += 1
    return count


def _copy_rows(database: Database, files: ExitStack) -> tuple[dict[str, IO[bytes]], IO[bytes]]:
    """Copy the rows of every table, and the keys of each version's files, one version per line.

    They are copied to temporary files in one transaction, which ends before the archive is
    written, because its receiver may be slow.
    """

    def temporary() -> IO[bytes]:
        return files.enter_context(tempfile.TemporaryFile())

    copies, keys = {name: temporary() for name in tables.NAMES}, temporary()
    with database.reading(bulk=True) as conn:
        for name, copy in copies.items():
            for row in tables.iter_rows(conn, name):
                copy.write(json.dumps(row).encode() + b"\n")
        for original in versions.iter_unpurged(conn):
            keys.write(" ".join(original.keys().values()).encode() + b"\n")
    keys.seek(0)
    return copies, keys


def _add_stored(archive: ArchiveWriter, storage: Storage, key: str) -> None:
    try:
        blob = storage.open(key)
    except FileNotFoundError:
        message = (
            f"The stored file {key} is missing: run no sweep during a dump; see `fatrina doctor`."
        )
        raise DumpError(message) from None
    with closing(blob):
        archive.add_chunks(f"media/{key}", blob.size, blob.chunks(0, blob.size))


def restore(  # noqa: PLR0913, PLR0917  the adapters, one by one
    database: Database,
    storage: Storage,
    housekeeping: Housekeeping,
    spool: Spool,
    file: IO[bytes],
    progress: Callable[[], None],
) -> int:
    """Replace all data with a dump, or change nothing; return the number of restored versions.

    The archive is read and checked completely before anything changes. Then the files are stored,
    the rows are replaced in one transaction, and the files of before are deleted.

    Raises:
        DumpError: the file is not a valid dump of this version of Fatrina.
        OSError: the file cannot be read, or the disk is full.
        errors.HousekeepingBusy: a sweep, a seed, a reset or another restore is running.
    """
    with housekeeping.exclusive("restore") as lease, storage.writing():

        def tick() -> None:
            lease.check_held()
            progress()

        return _restore(database, storage, spool, file, tick)


def _restore(
    database: Database,
    storage: Storage,
    spool: Spool,
    file: IO[bytes],
    progress: Callable[[], None],
) -> int:
    restored = _check(file)
    file.seek(0)
    with database.reading(bulk=True) as conn:
        before = {key for each in versions.list_unpurged(conn) for key in each.keys().values()}
    with _cleanup_on_error(storage, restored - before):
        for member, data in _members(file):
            if found := _MEDIA.fullmatch(member.name):
                _store(storage, spool, found[1], data)
                progress()
        file.seek(0)
        with database.writing(bulk=True) as tx:
            _replace_rows(tx, file)
    with suppress(OSError):  # the sweep deletes what cannot be deleted now
        storage.delete(before - restored)
    return len(restored) // len(ROLES)


@contextmanager
def _cleanup_on_error(storage: Storage, new_keys: set[str]) -> Iterator[None]:
    """Delete the files of `new_keys` after an error that rules out that rows refer to them.

    After any other database error the commit may have succeeded: the sweep decides.
    """
    try:
        yield
    except (DumpError, OSError, errors.StorageFull):
        with suppress(OSError):
            storage.delete(new_keys)
        raise


def _check(file: IO[bytes]) -> set[str]:
    """Return the keys of the stored files in a valid archive.

    Raises:
        DumpError: the archive is invalid.
    """
    try:
        return _check_members(file)
    except (tarfile.TarError, EOFError, UnicodeError) as exc:
        raise DumpError(f"This is not a valid tar archive: {exc}.") from exc


def _check_members(file: IO[bytes]) -> set[str]:
    hashes: dict[str, str] = {}
    documents: dict[str, Any] = {}
    for member, data in _members(file):
        if member.name in hashes or CHECKSUMS in documents:
            raise DumpError(f"“{member.name}” occurs twice, or after the last member.")
        if member.name in {_MANIFEST, CHECKSUMS}:
            if member.name == _MANIFEST and member.size > _MAX_JSON_BYTES:
                raise DumpError(f"“{member.name}” is too large.")
            text = data.read()
            documents[member.name] = _parse_object(member.name, text)
            hashes[member.name] = sha256(text).hexdigest()
            continue
        digest = sha256()
        while chunk := data.read(_CHUNK_BYTES):
            digest.update(chunk)
        hashes[member.name] = digest.hexdigest()
    manifest, expected = documents.get(_MANIFEST, {}), documents.get(CHECKSUMS)
    if manifest.get("format") != _FORMAT or expected is None:
        raise DumpError("This is not a dump of Fatrina, or its end is missing.")
    if manifest.get("revision") not in tables.RENAMED:
        raise DumpError(
            f"The dump has database revision {manifest.get('revision')}, and this Fatrina has "
            f"{REVISION}: restore it with the version that created it, then upgrade Fatrina."
        )
    hashes.pop(CHECKSUMS)
    if hashes != expected:
        wrong = sorted(
            name for name in hashes.keys() | expected if hashes.get(name) != expected.get(name)
        )
        raise DumpError(f"“{wrong[0]}” is damaged or missing.")
    found_tables = [name for each in hashes if (name := _table_name(each)) is not None]
    if missing := [name for name in tables.NAMES if found_tables.count(name) != 1]:
        raise DumpError(f"The rows of “{missing[0]}” are missing, or occur twice.")
    return {found[1] for name in hashes if (found := _MEDIA.fullmatch(name))}


def _members(file: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield every member, which must be a regular file with a known name."""
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            name = member.name
            data = archive.extractfile(member) if member.isreg() else None
            if data is None or not _is_known_name(name) or member.issparse():
                raise DumpError(f"“{name[:100]}” is not a member of a dump.")
            yield member, data


def _is_known_name(name: str) -> bool:
    known = name in {_MANIFEST, CHECKSUMS} or _table_name(name) is not None
    return known or _MEDIA.fullmatch(name) is not None


def _table_name(member: str) -> str | None:
    """Return the table whose rows a member contains, by its current name; None otherwise."""
    found = _ROWS.fullmatch(member)
    if found is None:
        return None
    renamed = {old: new for names in tables.RENAMED.values() for old, new in names.items()}
    name = renamed.get(found[1], found[1])
    return name if name in tables.NAMES else None


def _store(storage: Storage, spool: Spool, key: str, data: IO[bytes]) -> None:
    with spool.create_file() as temporary:
        while chunk := data.read(_CHUNK_BYTES):
            temporary.write(chunk)
        _ = temporary.descriptor  # creates the file even if it is empty
        storage.put({key: temporary.path})


def _replace_rows(tx: Connection, file: IO[bytes]) -> None:
    """Replace all rows with those of a dump."""
    try:
        tables.replace_all(
            tx,
            (
                (name, _parse_rows(name, data))
                for member, data in _members(file)
                if (name := _table_name(member.name)) is not None
            ),
        )
    except InvalidRowsError as exc:
        raise DumpError(str(exc)) from exc


def _parse_rows(name: str, lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    while line := lines.readline(_MAX_JSON_BYTES):
        yield _parse_object(name, line)


def _parse_object(name: str, text: bytes) -> dict[str, Any]:
    try:
        value = json_text.parse(text)
    except JsonError:
        value = None
    if not isinstance(value, dict):
        raise DumpError(f"“{name}” contains something other than JSON objects.")
    return value
