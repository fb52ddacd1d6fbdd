"""Decode a photo once, in a sandboxed process, into temporary files of its four sizes."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from fatrina.actions import Services, cancellation
from fatrina.actions.receiving import File, IncomingPhoto, naming_field
from fatrina.adapters.decoder import DecoderInternalError
from fatrina.domain import errors
from fatrina.domain.photo import ImageInfo
from fatrina.domain.renditions import ROLES
from fatrina.domain.version import Source

_ATTEMPTS: Final = 2  # the loss of a decoder need not be caused by the photo: retry once
_CHUNK_BYTES: Final = 262_144
log = structlog.get_logger("fatrina")


@dataclass(frozen=True, slots=True)
class RenderedPhoto:
    """A decoded photo: where it came from, what it is, and the files of its sizes."""

    source: Source
    info: ImageInfo
    files: Mapping[str, File]
    """By role, in the order of `renditions.ROLES`; deleted when `render` ends."""


@contextmanager
def render(services: Services, photo: IncomingPhoto) -> Iterator[RenderedPhoto]:
    """Check and decode a photo, and yield its original and renditions in temporary files.

    Raises:
        errors.PhotoError: the photo is not allowed or is damaged.
        errors.ServiceUnavailable: no decoder is free, or it was lost twice.
    """
    with ExitStack() as stack:
        files = {role: stack.enter_context(services.spool.create_file()) for role in ROLES}
        with naming_field(photo.field):
            info = _decode(services, photo, files.values())
        yield RenderedPhoto(photo.source, info, files)


@contextmanager
def duplicate(services: Services, rendered: RenderedPhoto) -> Iterator[RenderedPhoto]:
    """Yield a copy of a decoded photo with files of its own.

    Raises:
        errors.Busy: the spool would exceed its limit.
        OSError: the disk is full or fails.
    """
    with ExitStack() as stack:
        files = {role: stack.enter_context(services.spool.create_file()) for role in ROLES}
        for role, source in rendered.files.items():
            position = 0
            while chunk := os.pread(source.descriptor, _CHUNK_BYTES, position):
                files[role].write(chunk)
                position += len(chunk)
        yield RenderedPhoto(rendered.source, rendered.info, files)


def _decode(services: Services, photo: IncomingPhoto, files: Iterable[File]) -> ImageInfo:
    """Decode a photo into `files`.

    Retry once if the decoder is lost; after an exception in the decoder, with libvips alone.
    """
    libvips_only = False
    for attempts_left in reversed(range(_ATTEMPTS)):
        for file in files:
            file.truncate()  # a lost decoder may have written part of it
        try:
            return _decode_once(services, photo, files, libvips_only=libvips_only)
        except DecoderInternalError as exc:
            services.decoders.count_internal_error()
            log.error("decoder_fault", trace=str(exc), libvips_only=libvips_only)  # noqa: TRY400  its own trace
            if not attempts_left:
                raise
            libvips_only = True
        except errors.DecoderFailed:
            if not attempts_left:
                raise
    raise AssertionError


def _decode_once(
    services: Services, photo: IncomingPhoto, files: Iterable[File], *, libvips_only: bool
) -> ImageInfo:
    with ExitStack() as stack:
        with services.clock.stage("wait"):
            decoder = stack.enter_context(services.decoders.acquire())
        cancellation.check_client()
        with services.clock.stage("decode"):
            info = decoder.open(
                photo.file.descriptor, services.decoders.limits, libvips_only=libvips_only
            )
            decoder.render([file.descriptor for file in files])
    return info
