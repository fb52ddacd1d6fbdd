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

from fatrina.actions import Services, cancellation
from fatrina.adapters.decoder import DecoderFaultError
from fatrina.adapters.spool import SpoolFile
from fatrina.domain import errors
from fatrina.domain.link import candidates
from fatrina.domain.photo import ImageInfo
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
class PhotoLink:
    """A link to a photo, and the request's field that holds it, to blame in a refusal."""

    url: str
    field: str = "photo"


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A photo that has arrived: its file, and the link it came by."""

    file: File
    link: str | None = None
    field: str = "photo"

    @property
    def source(self) -> Source:
        """What goes on record of it."""
        return Source(self.file.size, self.file.sha256, self.link)


def download(services: Services, link: PhotoLink, file: File) -> IncomingPhoto:
    """Fetch a linked photo into `file`.

    Raises:
        errors.LinkError, errors.Busy.
        OSError: the file could not be written.
    """
    with services.clock.stage("fetch"), _for_field(link.field):
        services.downloader.fetch(link.url, file.write)
    return IncomingPhoto(file, _without_query(link.url), link.field)


class StorageSection:
    """A section in which the sweep leaves stored files alone; begun by the first that is stored.

    It must last until the transaction that refers to them has ended.
    """

    def __init__(self, services: Services, stack: ExitStack) -> None:
        """Begin later; end with `stack`."""
        self._parts = services
        self._stack = stack
        self._begun = False
        self._lock = Lock()

    def begin(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if not self._begun:
                self._stack.enter_context(self._parts.storage.writing())
                self._begun = True


def render_and_store(
    services: Services, photo: IncomingPhoto, merchant_code: str, storing: StorageSection
) -> Version:
    """Judge and decode a photo once, and store its original and its renditions.

    The bytes are durable when this returns; nothing refers to them yet, and `storing` keeps them
    from the sweep.

    Raises:
        errors.PhotoError: the photo may not come in, or is damaged.
        errors.ServiceUnavailable, errors.StorageFull: not now.
    """
    with ExitStack() as files:
        made = {role: files.enter_context(services.spool.new()) for role in ROLES}
        with _for_field(photo.field):
            facts = _decode(services, photo, made.values())
        original = Original(
            merchant_code=merchant_code,
            handle=random_text(HANDLE),
            secret=random_text(_SECRET),
            format=facts.format.served_as,
            width=facts.width,
            height=facts.height,
        )
        keys = original.keys()
        sizes = tuple(os.fstat(file.descriptor).st_size for file in made.values())
        try:
            with services.clock.stage("store"):
                storing.begin()
                services.storage.put({keys[role]: file.path for role, file in made.items()})
        except OSError:
            discard(services, original)
            raise
    return Version(original, photo.source, facts.frames, sizes)


def is_stored(services: Services, version: Version) -> bool:
    """Whether the four files of a version are there, with the sizes that they had.

    Raises:
        OSError: storage cannot be read.
    """
    found = [services.storage.size(key) for key in version.original.keys().values()]
    return found == [*version.sizes] if version.sizes else all(found)


def discard(services: Services, original: Original) -> None:
    """Delete bytes that no row will ever refer to; what resists is left to the sweep."""
    with suppress(OSError):
        services.storage.delete(original.keys().values())


def commit(
    services: Services,
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
    certain = errors.NotFound, errors.ValidationFailed, errors.InvalidToken, errors.StorageFull
    with services.clock.stage("commit"):
        try:
            with cleanup_on_error(services, fresh, *certain), services.database.writing() as tx:
                return run(tx)
        except errors.DatabaseUnavailable as down:
            if committed is None or not down.connection_lost:
                raise
        with services.database.writing() as tx:
            found = committed(tx)
            return run(tx) if found is None else found


@contextmanager
def cleanup_on_error(
    services: Services, made: Iterable[Version], *certain: type[BaseException]
) -> Iterator[None]:
    """Delete the bytes of what is `made` by then, when no row can have come to refer to them.

    That is so after the faults that are `certain`. After another fault of the database the commit
    may have gone through all the same: the sweep judges.
    """
    try:
        yield
    except certain:
        for version in made:
            discard(services, version.original)
        raise


def _decode(services: Services, photo: IncomingPhoto, files: Iterable[File]) -> ImageInfo:
    """Decode once; once more after a lost decoder, and by libvips alone after a decoder's fault."""
    plain = False
    for tries_left in reversed(range(_TRIES)):
        for file in files:
            file.rewind()  # a decoder that was lost may have begun to write
        try:
            with ExitStack() as lent:
                with services.clock.stage("wait"):
                    decoder = lent.enter_context(services.decoders.acquire())
                cancellation.check_client()
                with services.clock.stage("decode"):
                    facts = decoder.open(
                        photo.file.descriptor, services.decoders.limits, plain=plain
                    )
                    decoder.render([file.descriptor for file in files])
            return facts
        except DecoderFaultError as exc:
            services.decoders.count_fault()
            log.error("decoder_fault", trace=str(exc), plain=plain)  # noqa: TRY400  its own trace
            if not tries_left:
                raise
            plain = True
        except errors.DecoderFailed:
            if not tries_left:
                raise
    raise AssertionError


@contextmanager
def _for_field(field: str) -> Iterator[None]:
    try:
        yield
    except errors.PhotoError as exc:
        exc.field = field
        raise


def _without_query(link: str) -> str:
    """What may be kept of a link: a query often carries a signature."""
    parts = urlsplit(str(candidates(link)[0]))
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
