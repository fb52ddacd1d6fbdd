"""Receive a photo: as an uploaded file, or as a link that is downloaded."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from fatrina.actions import Services
from fatrina.adapters.spool import SpoolFile
from fatrina.domain import errors
from fatrina.domain.link import parse_candidates
from fatrina.domain.version import Source

File = SpoolFile
"""A temporary file: counted and hashed while it is written, deleted when it is closed."""


@dataclass(frozen=True, slots=True)
class PhotoLink:
    """A link to a photo, and the name of its request field for error messages."""

    url: str
    field: str = "photo"


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A received photo: its file, the link that it was downloaded from, and its request field."""

    file: File
    link: str | None = None
    field: str = "photo"

    @property
    def source(self) -> Source:
        """The size, the hash and the link, as stored with a version."""
        return Source(self.file.size, self.file.sha256, self.link)


PhotoSource = IncomingPhoto | PhotoLink
"""An uploaded photo, or a link to one."""


def receive(services: Services, source: PhotoSource, stack: ExitStack) -> IncomingPhoto:
    """Return an uploaded photo as it is, a linked one downloaded into a file of `stack`.

    Raises:
        errors.LinkError, errors.Busy.
        OSError: the file could not be written.
    """
    if isinstance(source, IncomingPhoto):
        return source
    return download(services, source, stack.enter_context(services.spool.create_file()))


def download(services: Services, link: PhotoLink, file: File) -> IncomingPhoto:
    """Download a linked photo into `file`.

    Raises:
        errors.LinkError, errors.Busy.
        OSError: the file could not be written.
    """
    with services.clock.stage("fetch"), naming_field(link.field):
        services.downloader.fetch(link.url, file.write)
    return IncomingPhoto(file, _without_query(link.url), link.field)


@contextmanager
def naming_field(field: str) -> Iterator[None]:
    """Set the request field of any `errors.PhotoError` that is raised inside."""
    try:
        yield
    except errors.PhotoError as exc:
        exc.field = field
        raise


def _without_query(link: str) -> str:
    """Return the part of a link that may be stored; a query often contains a signature."""
    parts = urlsplit(str(parse_candidates(link)[0]))
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
