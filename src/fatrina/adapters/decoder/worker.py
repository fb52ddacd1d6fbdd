"""The worker process: opens one photo at a time, returns its information, then renders it.

`process.Decoder` starts `python -m fatrina.adapters.decoder.worker FD MEMORY`. A message is one
packet of JSON on the socket FD, with the file descriptors that it refers to:

    → {"open": {limits}}, the photo's file      ← {"info": {…}}
    → {"render": true}, a file for each role    ← {"rendered": [bytes of each]}
    instead of either response                  ← {"error": reason, "params": {…}} or {"errno": n}
    or, for an unexpected exception  ← {"internal_error": [type, "file:line function", …]}

With "libvips_only" in the open request, only libvips renders: the retry after such an exception.
"""

import array
import errno
import gc
import json
import mmap
import os
import re
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any, Final, Protocol

import pyvips

from fatrina.adapters.decoder import heic, jpeg, pipeline, raster, sandbox
from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain import avif_planes, errors, metadata_stripping
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits, check_limits, sniff

Chunk = bytes | memoryview
Response = dict[str, object]

_MAX_REQUEST_BYTES: Final = 65_536
_MAX_FILES: Final = 8
_HEAD_BYTES: Final = 512
_ALARM_GRACE_SECONDS: Final = 2  # after which a worker whose parent is gone ends itself
_MAX_TRACEBACK_FRAMES: Final = 20
_MAX_PROBLEM_LENGTH: Final = 120  # characters of a library's message that are passed on
# How the libraries report that memory could not be allocated; a new thread needs a stack.
_OUT_OF_MEMORY: Final = re.compile("memory|alloc|creating thread", re.IGNORECASE)


class OpenPhoto(Protocol):
    """An opened photo: its information first, then its renditions, once."""

    info: ImageInfo

    def check_limits(self, limits: Limits) -> None:
        """Reject the photo if its header exceeds a limit that is specific to its format.

        Raises:
            errors.PhotoError: decoding would take too many resources.
        """

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """Return the bytes of the original and of every rendition, in the order of ROLES."""


class WebPhoto:
    """A photo in a format that browsers show; its original keeps the pixels, without metadata."""

    def __init__(self, data: metadata_stripping.Buffer, image_format: ImageFormat) -> None:
        """Read the container and the header; no pixel is decoded before the limits are checked."""
        self._data, self._stripped = data, metadata_stripping.strip_metadata(image_format, data)
        self._has_end_marker = self._stripped.has_end_marker
        if not self._has_end_marker:
            self._replace(self._stripped.assemble(data), image_format)
        self._head = pipeline.open_image(self._data, image_format)
        self.info = pipeline.read_image_info(self._head, image_format, self._stripped.frames)
        if image_format is ImageFormat.GIF:
            size = self.info.width, self.info.height
            self._stripped = metadata_stripping.gif.set_canvas_size(self._stripped, data, *size)

    def check_limits(self, limits: Limits) -> None:
        """Reject an AVIF that would take too much memory."""
        if self.info.format is ImageFormat.AVIF:
            planes = avif_planes.read(self._data, alpha=self._head.hasalpha())
            if planes:
                avif_planes.check_limits(planes, self.info, limits)

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """Make the renditions before the original is copied: damaged photos are rejected first."""
        image_format = self.info.format
        largest = self._largest()
        encoded = [
            pipeline.encode(each, image_format) for each in pipeline.render_all(largest, self.info)
        ]
        view = memoryview(self._data)
        yield (
            view[segment.start : segment.stop] if isinstance(segment, range) else segment
            for segment in self._stripped.segments
        )
        yield from ([each] for each in encoded)

    def _largest(self) -> Pixels:
        """Return the largest rendition, from a faster decoder if one can read the photo."""
        if not self._has_end_marker:
            self._replace(
                jpeg.repair_end(self._stripped.assemble(self._data), has_end_marker=False),
                ImageFormat.JPEG,
            )
        pixels = pipeline.decode_largest_fast(self._data, self._head, self.info)
        if pixels is not None:
            return pixels
        if self.info.format is ImageFormat.JPEG:
            stored = self._stripped.assemble(self._data)
            shorter = jpeg.repair_end(stored)
            if shorter is not stored:
                self._replace(shorter, ImageFormat.JPEG)
        return pipeline.decode_largest(self._data, self.info)

    def _replace(self, data: bytes, image_format: ImageFormat) -> None:
        self._data, self._stripped = data, metadata_stripping.strip_metadata(image_format, data)


class HeicPhoto:
    """A HEIC photo; its original is stored as a JPEG of full size."""

    def __init__(self, data: metadata_stripping.Buffer) -> None:
        """Read the header; no pixel is decoded."""
        self._photo = heic.open_photo(data[:])
        self.info = heic.read_image_info(self._photo)

    def check_limits(self, limits: Limits) -> None:
        """Do nothing: the limit on its pixels is sufficient."""

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """Return a JPEG of full size, then JPEG renditions."""
        image = heic.decode(self._photo)
        yield [pipeline.encode_full_size(image)]
        for each in pipeline.render_all(pipeline.render_largest(image, self.info), self.info):
            yield [pipeline.encode(each, ImageFormat.JPEG)]


class DecodeSession:
    """The state of the worker: at most one open photo."""

    def __init__(self) -> None:
        """Start without a photo."""
        self._photo: OpenPhoto | None = None
        self._limits = Limits()

    def handle(self, message: dict[str, Any], files: list[int]) -> Response:
        """Handle one request; every exception becomes a response."""
        if "open" in message:
            raster.use_libvips_only(enabled=bool(message.get("libvips_only")))
            self._limits = Limits(**message["open"])
        signal.alarm(ceil(self._limits.seconds) + _ALARM_GRACE_SECONDS)
        try:
            if "open" in message:
                self._photo = self._open(files[0])
                return {"info": asdict(self._photo.info)}
            return {"rendered": self._render(files)}
        except (errors.ServiceError, pyvips.Error, MemoryError, OSError, UnicodeDecodeError) as exc:
            self._photo = None
            return _error_response(exc)
        except Exception as exc:  # noqa: BLE001  the parent reports an internal error
            self._photo = None
            return {"internal_error": _traceback_lines(exc)}
        finally:
            signal.alarm(0)

    def _render(self, files: list[int]) -> list[int]:
        photo, self._photo = self._photo, None
        outputs = photo.renditions() if photo else ()
        return [_write(file, chunks) for file, chunks in zip(files, outputs, strict=True)]

    def _open(self, file: int) -> OpenPhoto:
        pyvips.vips_lib.vips_error_clear()  # errors that libvips kept from the previous photo
        size = os.lseek(file, 0, os.SEEK_END)
        if size > self._limits.bytes:
            raise errors.PhotoTooLarge(limit=self._limits.bytes)
        image_format = sniff(os.pread(file, _HEAD_BYTES, 0))
        data = mmap.mmap(file, size, mmap.MAP_SHARED, mmap.PROT_READ)
        photo = (
            HeicPhoto(data) if image_format is ImageFormat.HEIC else WebPhoto(data, image_format)
        )
        check_limits(photo.info, self._limits)
        photo.check_limits(self._limits)
        return photo


def _write(file: int, chunks: Iterable[Chunk]) -> int:
    size = 0
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            written = os.write(file, rest)
            rest, size = rest[written:], size + written
    return size


def _traceback_lines(exc: Exception) -> list[str]:
    """Return the exception's type and its traceback; its message may contain bytes of the photo."""
    frames = traceback.extract_tb(exc.__traceback__)[-_MAX_TRACEBACK_FRAMES:]
    lines = [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames]
    return [type(exc).__name__, *lines]


def _error_response(exc: Exception) -> Response:
    if isinstance(exc, errors.ServiceError):
        return {"error": exc.reason, "params": exc.params}
    if isinstance(exc, OSError) and exc.errno != errno.ENOMEM:
        return {"errno": exc.errno}
    text = " ".join(_error_text(exc).split())
    if isinstance(exc, MemoryError | OSError) or _OUT_OF_MEMORY.search(text):
        return {"error": errors.PhotoMemoryExceeded.reason, "params": {}}
    problem = text.encode("ascii", "replace").decode()[:_MAX_PROBLEM_LENGTH]
    return {"error": errors.PhotoDamaged.reason, "params": {"problem": problem}}


def _error_text(exc: Exception) -> str:
    if isinstance(exc, pyvips.Error):
        return str(exc.detail)  # without the part that mentions memory when it only copies there
    if isinstance(exc, UnicodeDecodeError):  # from pyvips, for a message with bytes of the photo
        return exc.object.decode("ascii", "replace")
    return str(exc)


def main(descriptor: int, memory: int) -> None:
    """Enter the sandbox, report its state, then serve requests until the socket is closed."""
    # The signal that stops the service goes to the complete process group: photos in progress are
    # finished first.
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    pipeline.restrict_loaders()
    gc.freeze()
    confinement = sandbox.confine(memory)
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    _send(connection, {"sandbox": asdict(confinement), "vips": version, "heic": heic.AVAILABLE})
    with suppress(ConnectionError):  # the parent exited
        _serve(connection)


def _serve(connection: socket.socket) -> None:
    session = DecodeSession()
    while request := _receive(connection):
        message, files = request
        response = session.handle(message, files)
        for file in files:
            os.close(file)
        _send(connection, response)


def _send(connection: socket.socket, response: Response) -> None:
    connection.sendall(json.dumps(response).encode())


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    ancillary_size = socket.CMSG_LEN(_MAX_FILES * array.array("i").itemsize)
    data, extra, _, _ = connection.recvmsg(_MAX_REQUEST_BYTES, ancillary_size)
    files = array.array("i")
    for _, _, payload in extra:
        files.frombytes(payload)
    return (json.loads(data), list(files)) if data else None


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
