"""A whole service in one file, and back: every row, and the bytes of every picture.

The file is a tar archive: `fatrina.json` says what it is, `rows/TABLE.jsonl` has a JSON object a
row, `media/CODE/NAME` the stored files, `sha256.json` comes last and has the hash of each member.
Rows as text fit any database.
"""

import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from hashlib import sha256
from typing import IO, Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from fatrina.actions.archive import CHECKSUMS, ArchiveWriter
from fatrina.adapters.database import Database, versions
from fatrina.adapters.database.column_checks import find_invalid_column
from fatrina.adapters.database.schema import REVISION, metadata
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
_ROWS: Final = re.compile(r"rows/([a-z]{1,40})\.jsonl")
_LARGEST_TEXT: Final = 1_000_000
_PIECE: Final = 262_144
_BATCH: Final = 500
_TABLES: Final = {table.name: table for table in metadata.sorted_tables}


class DumpError(Exception):
    """The file is no sound dump, or cannot be made; the message says why."""


def dump(database: Database, storage: Storage, out: IO[bytes], progress: Callable[[], None]) -> int:
    """Write all there is to `out`, as of one moment; how many pictures that were.

    Raises:
        DumpError: a sweep took pictures away meanwhile.
        OSError: it cannot be written.
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
    """The rows of every table as of one moment, and the keys of each picture, a line each.

    They are copied into files without a name, so that no transaction is open while the archive is
    written: what takes it may be slow.
    """

    def temporary() -> IO[bytes]:
        return files.enter_context(tempfile.TemporaryFile())

    copies, keys = {name: temporary() for name in _TABLES}, temporary()
    with database.reading() as conn:
        for name, table in _TABLES.items():
            for row in conn.execute(select(table)).mappings():
                copies[name].write(json.dumps(dict(row)).encode() + b"\n")
        for original in versions.iter_unpurged(conn):
            keys.write(" ".join(original.keys().values()).encode() + b"\n")
    keys.seek(0)
    return copies, keys


def _add_stored(archive: ArchiveWriter, storage: Storage, key: str) -> None:
    try:
        blob = storage.open(key)
    except FileNotFoundError:
        message = f"The stored file {key} is gone: let no sweep run meanwhile; see the doctor."
        raise DumpError(message) from None
    with closing(blob):
        archive.add_chunks(f"media/{key}", blob.size, blob.chunks(0, blob.size))


def restore(  # noqa: PLR0913, PLR0917  what it touches, one by one
    database: Database,
    storage: Storage,
    housekeeping: Housekeeping,
    spool: Spool,
    file: IO[bytes],
    progress: Callable[[], None],
) -> int:
    """Put a dump in the place of all there is, or change nothing; how many pictures that were.

    All is read and checked before anything changes; then the bytes, then the rows in one
    transaction, then what was there before goes.

    Raises:
        DumpError: the file is no sound dump of this version of Fatrina.
        OSError: it cannot be read, or the disk is full.
        errors.HousekeepingBusy: sweep, seed, reset or another restore is at work.
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
    stored = _checked(file)
    file.seek(0)
    with database.reading() as conn:
        before = {key for each in versions.list_unpurged(conn) for key in each.keys().values()}
    with _left_as_it_was(storage, stored - before):
        for member, data in _members(file):
            if found := _MEDIA.fullmatch(member.name):
                _store(storage, spool, found[1], data)
                progress()
        file.seek(0)
        with database.writing() as tx:
            _replace(tx, file)
    with suppress(OSError):  # what resists is left to the sweep
        storage.delete(before - stored)
    return len(stored) // len(ROLES)


@contextmanager
def _left_as_it_was(storage: Storage, fresh: set[str]) -> Iterator[None]:
    """Delete `fresh` bytes when it is certain that no row came to refer to them.

    After another fault of the database the commit may have gone through: the sweep judges.
    """
    try:
        yield
    except (DumpError, OSError, errors.StorageFull):
        with suppress(OSError):
            storage.delete(fresh)
        raise


def _checked(file: IO[bytes]) -> set[str]:
    """The keys of the stored files in an archive that is sound as a whole."""
    try:
        return _validated(file)
    except (tarfile.TarError, EOFError, UnicodeError) as broken:
        raise DumpError(f"This is no sound tar archive: {broken}.") from broken


def _validated(file: IO[bytes]) -> set[str]:
    sums: dict[str, str] = {}
    told: dict[str, Any] = {}
    for member, data in _members(file):
        if member.name in sums or CHECKSUMS in told:
            raise DumpError(f"“{member.name}” comes twice, or after the end.")
        if member.name in {_MANIFEST, CHECKSUMS}:
            if member.name == _MANIFEST and member.size > _LARGEST_TEXT:
                raise DumpError(f"“{member.name}” is too large.")
            text = data.read()
            told[member.name] = _json(member.name, text)
            sums[member.name] = sha256(text).hexdigest()
            continue
        digest = sha256()
        while piece := data.read(_PIECE):
            digest.update(piece)
        sums[member.name] = digest.hexdigest()
    about, expected = told.get(_MANIFEST, {}), told.get(CHECKSUMS)
    if about.get("format") != _FORMAT or expected is None:
        raise DumpError("This is no dump of Fatrina, or its end is missing.")
    if about.get("revision") != REVISION:
        raise DumpError(
            f"The dump has tables of revision {about.get('revision')}, and this Fatrina has "
            f"{REVISION}: restore it with the version that made it, and let this one upgrade that."
        )
    sums.pop(CHECKSUMS)
    if sums != expected:
        wrong = sorted(
            name for name in sums.keys() | expected if sums.get(name) != expected.get(name)
        )
        raise DumpError(f"“{wrong[0]}” is damaged or missing.")
    if missing := [name for name in _TABLES if f"rows/{name}.jsonl" not in sums]:
        raise DumpError(f"The rows of “{missing[0]}” are missing.")
    return {found[1] for name in sums if (found := _MEDIA.fullmatch(name))}


def _members(file: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Every member, which must be a plain file with one of the names there are."""
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            name = member.name
            data = archive.extractfile(member) if member.isreg() else None
            if data is None or not _is_known(name) or member.issparse():
                raise DumpError(f"“{name[:100]}” has no place in a dump.")
            yield member, data


def _is_known(name: str) -> bool:
    rows = _ROWS.fullmatch(name)
    if rows is not None:
        return rows[1] in _TABLES
    return name in {_MANIFEST, CHECKSUMS} or _MEDIA.fullmatch(name) is not None


def _store(storage: Storage, spool: Spool, key: str, data: IO[bytes]) -> None:
    with spool.create_file() as arriving:
        while piece := data.read(_PIECE):
            arriving.write(piece)
        _ = arriving.descriptor  # an empty one comes into being too
        storage.put({key: arriving.path})


def _replace(tx: Connection, file: IO[bytes]) -> None:
    """The rows of a dump in the place of all there are."""
    try:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
        for member, data in _members(file):
            if found := _ROWS.fullmatch(member.name):
                _insert(tx, found[1], data)
    except IntegrityError as broken:
        raise DumpError("The rows do not belong together.") from broken
    except (UnicodeEncodeError, OverflowError) as broken:
        raise DumpError("The rows hold what no database keeps.") from broken


def _insert(tx: Connection, name: str, lines: IO[bytes]) -> None:
    table, batch = _TABLES[name], list[dict[str, Any]]()
    while line := lines.readline(_LARGEST_TEXT):
        row = _json(name, line)
        if set(row) != {column.name for column in table.columns}:
            raise DumpError(f"A row of “{name}” has other columns.")
        if (column := find_invalid_column(table, row)) is not None:
            raise DumpError(f"A row of “{name}” has a value that does not fit into “{column}”.")
        batch.append(row)
        if len(batch) == _BATCH:
            tx.execute(insert(table), batch)
            batch.clear()
    if batch:
        tx.execute(insert(table), batch)


def _json(name: str, text: bytes) -> dict[str, Any]:
    try:
        value = json_text.parse(text)
    except JsonError:
        value = None
    if not isinstance(value, dict):
        raise DumpError(f"“{name}” holds something else than JSON objects.")
    return value
