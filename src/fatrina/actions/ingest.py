"""A photo, uploaded or linked, into a stored original with its renditions."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeVar
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection

from fatrina.actions import Parts, abandoned
from fatrina.adapters.decoder import DecoderFaultError
from fatrina.adapters.spool import SpoolFile
from fatrina.domain import errors
from fatrina.domain.link import candidates
from fatrina.domain.photo import Facts
from fatrina.domain.random_text import random_text
from fatrina.domain.renditions import HANDLE, ROLES, Original
from fatrina.domain.version import Source, Version

File = SpoolFile
"""A photo's file on its way: written, counted and hashed as it comes; gone when it is closed."""

T = TypeVar("T")
_SECRET: Final = 32
_TRIES: Final = 2  # a decoder may be lost through no fault of the photo, once
log = structlog.get_logger("fatrina")


@dataclass(frozen=True, slots=True)
class Linked:
    """A link to a photo, and the request's field that holds it, to blame in a refusal."""

    url: str
    field: str = "photo"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that has arrived: its file, and the link it came by."""

    file: File
    link: str | None = None
    field: str = "photo"

    @property
    def source(self) -> Source:
        """What goes on record of it."""
        return Source(self.file.size, self.file.sha256, self.link)


def fetch(parts: Parts, link: Linked, file: File) -> Photo:
    """Fetch a linked photo into `file`.

    Raises:
        errors.LinkRefused, errors.Busy.
        OSError: the file could not be written.
    """
    with parts.clock.stage("fetch"), _blaming(link.field):
        parts.downloader.fetch(link.url, file.write)
    return Photo(file, _without_query(link.url), link.field)


class Storing:
    """A section in which the sweep leaves stored files alone; begun by the first that is stored.

    It must last until the transaction that refers to them has ended.
    """

    def __init__(self, parts: Parts, stack: ExitStack) -> None:
        """Begin later; end with `stack`."""
        self._parts = parts
        self._stack = stack
        self._begun = False
        self._lock = Lock()

    def begin(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if not self._begun:
                self._stack.enter_context(self._parts.storage.writing())
                self._begun = True


def develop(parts: Parts, photo: Photo, merchant: str, storing: Storing) -> Version:
    """Judge and decode a photo once, and store its original and its renditions.

    The bytes are durable when this returns; nothing refers to them yet, and `storing` keeps them
    from the sweep.

    Raises:
        errors.PhotoRefused: the photo may not come in, or is damaged.
        errors.Unavailable, errors.StorageFull: not now.
    """
    with ExitStack() as files:
        made = {role: files.enter_context(parts.spool.new()) for role in ROLES}
        with _blaming(photo.field):
            facts = _decode(parts, photo, made.values())
        original = Original(
            merchant=merchant,
            handle=random_text(HANDLE),
            secret=random_text(_SECRET),
            kind=facts.kind.served_as,
            width=facts.width,
            height=facts.height,
        )
        keys = original.keys()
        sizes = tuple(os.fstat(file.descriptor).st_size for file in made.values())
        try:
            with parts.clock.stage("store"):
                storing.begin()
                parts.storage.put({keys[role]: file.path for role, file in made.items()})
        except OSError:
            discard(parts, original)
            raise
    return Version(original, photo.source, facts.frames, sizes)


def is_stored(parts: Parts, version: Version) -> bool:
    """Whether the four files of a version are there, with the sizes that they had.

    Raises:
        OSError: storage cannot be read.
    """
    found = [parts.storage.size(key) for key in version.original.keys().values()]
    return found == [*version.sizes] if version.sizes else all(found)


def discard(parts: Parts, original: Original) -> None:
    """Delete bytes that no row will ever refer to; what resists is left to the sweep."""
    with suppress(OSError):
        parts.storage.delete(original.keys().values())


def commit(
    parts: Parts,
    run: Callable[[Connection], T],
    committed: Callable[[Connection], T | None] | None = None,
    fresh: Collection[Version] = (),
) -> T:
    """The result of `run`, called in one transaction, after which `fresh` versions are shown.

    Their bytes are deleted at once when a rule refuses, or the disk is full.

    When the connection is lost, the commit may have succeeded. If `committed` is given, a second
    transaction calls it: it returns the result that it finds committed, or None, and then `run`
    is called again. To find it, `committed` must first take the lock that `run` takes: that lock
    is granted only when the lost transaction has ended. From then on no bytes are deleted here,
    since rows may refer to them: the sweep decides.
    """
    certain = errors.Missing, errors.Invalid, errors.TokenInvalid, errors.StorageFull
    with parts.clock.stage("commit"):
        try:
            with discarding(parts, fresh, *certain), parts.database.writing() as tx:
                return run(tx)
        except errors.DatabaseDown as down:
            if committed is None or not down.connection_lost:
                raise
        with parts.database.writing() as tx:
            found = committed(tx)
            return run(tx) if found is None else found


@contextmanager
def discarding(
    parts: Parts, made: Iterable[Version], *certain: type[BaseException]
) -> Iterator[None]:
    """Delete the bytes of what is `made` by then, when no row can have come to refer to them.

    That is so after the faults that are `certain`. After another fault of the database the commit
    may have gone through all the same: the sweep judges.
    """
    try:
        yield
    except certain:
        for version in made:
            discard(parts, version.original)
        raise


def _decode(parts: Parts, photo: Photo, files: Iterable[File]) -> Facts:
    """Decode once; once more after a lost decoder, and by libvips alone after a decoder's fault."""
    plain = False
    for tries_left in reversed(range(_TRIES)):
        for file in files:
            file.rewind()  # a decoder that was lost may have begun to write
        try:
            with ExitStack() as lent:
                with parts.clock.stage("wait"):
                    decoder = lent.enter_context(parts.decoders.lend())
                abandoned.check()
                with parts.clock.stage("decode"):
                    facts = decoder.open(photo.file.descriptor, parts.decoders.limits, plain=plain)
                    decoder.make([file.descriptor for file in files])
            return facts
        except DecoderFaultError as fault:
            parts.decoders.count_fault()
            log.error("decoder_fault", trace=str(fault), plain=plain)  # noqa: TRY400  its own trace
            if not tries_left:
                raise
            plain = True
        except errors.DecoderLost:
            if not tries_left:
                raise
    raise AssertionError


@contextmanager
def _blaming(field: str) -> Iterator[None]:
    try:
        yield
    except errors.PhotoRefused as refusal:
        refusal.field = field
        raise


def _without_query(link: str) -> str:
    """What may be kept of a link: a query often carries a signature."""
    parts = urlsplit(str(candidates(link)[0]))
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
