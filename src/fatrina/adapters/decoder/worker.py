"""The confined process: takes one photo at a time, answers its facts, then makes its pictures.

`python -m fatrina.adapters.decoder.worker FD MEMORY` is started by `process.Decoder`. A message is
one packet of JSON on the socket FD, with the descriptors it speaks of:

    → {"open": {limits}}, the photo's file    ← {"facts": {…}}
    → {"make": true}, a file for each role    ← {"made": [bytes of each]}
    instead of either answer                  ← {"refused": reason, "seen": {…}} or {"errno": n}
    or, for an exception that nothing expects ← {"fault": [type, "file:line function", …]}

With "plain" beside "open", libvips alone makes the pictures: the retry after such an exception.
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
_ALARM_GRACE_SECONDS: Final = 2  # seconds after which a child whose parent forgot it ends itself
_MAX_TRACEBACK_FRAMES: Final = 20  # of a traceback
_MAX_PROBLEM_LENGTH: Final = 120  # characters of a decoder's message that are passed on
# How the libraries say that memory was refused them; a thread wants a stack.
_OUT_OF_MEMORY: Final = re.compile("memory|alloc|creating thread", re.IGNORECASE)


class OpenPhoto(Protocol):
    """One opened photo: its facts first, then its pictures, once."""

    info: ImageInfo

    def check_limits(self, limits: Limits) -> None:
        """Reject the photo by what its kind alone says in its header.

        Raises:
            errors.PhotoError: it would take too much.
        """

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """The bytes of the original and of every rendition, in the order of `renditions.ROLES`."""


class WebPhoto:
    """A photo that libvips decodes; its original is kept, cleaned, pixel for pixel."""

    def __init__(self, data: metadata_stripping.Buffer, image_format: ImageFormat) -> None:
        """Read the container and the header; no pixel is decoded before the limits are checked."""
        self._data, self._clean = data, metadata_stripping.strip_metadata(image_format, data)
        self._ended = self._clean.has_end_marker
        if not self._ended:
            self._replace(self._clean.assemble(data), image_format)
        self._head = pipeline.open_image(self._data, image_format)
        self.info = pipeline.read_image_info(self._head, image_format, self._clean.frames)
        if image_format is ImageFormat.GIF:
            size = self.info.width, self.info.height
            self._clean = metadata_stripping.gif.set_canvas_size(self._clean, data, *size)

    def check_limits(self, limits: Limits) -> None:
        """Reject an AVIF that would take too much memory."""
        if self.info.format is ImageFormat.AVIF:
            found = avif_planes.read(self._data, alpha=self._head.hasalpha())
            if found:
                avif_planes.check_limits(found, self.info, limits)

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """The renditions before the original: a damaged photo is refused before it is copied."""
        kind = self.info.format
        largest = self._largest()
        made = [pipeline.encode(each, kind) for each in pipeline.render_all(largest, self.info)]
        view = memoryview(self._data)
        yield (
            view[piece.start : piece.stop] if isinstance(piece, range) else piece
            for piece in self._clean.segments
        )
        yield from ([each] for each in made)

    def _largest(self) -> Pixels:
        """Return the largest rendition, by a faster decoder where one reads the photo."""
        if not self._ended:
            self._replace(
                jpeg.repair_end(self._clean.assemble(self._data), has_end_marker=False),
                ImageFormat.JPEG,
            )
        pixels = pipeline.decode_largest_fast(self._data, self._head, self.info)
        if pixels is not None:
            return pixels
        if self.info.format is ImageFormat.JPEG:
            stored = self._clean.assemble(self._data)
            shorter = jpeg.repair_end(stored)
            if shorter is not stored:
                self._replace(shorter, ImageFormat.JPEG)
        return pipeline.decode_largest(self._data, self.info)

    def _replace(self, data: bytes, image_format: ImageFormat) -> None:
        self._data, self._clean = data, metadata_stripping.strip_metadata(image_format, data)


class HeicPhoto:
    """A HEIC photo; its original is kept as a JPEG of full size."""

    def __init__(self, data: metadata_stripping.Buffer) -> None:
        """Read the header; no pixel is decoded."""
        self._photo = heic.open_photo(data[:])
        self.info = heic.read_image_info(self._photo)

    def check_limits(self, limits: Limits) -> None:
        """Reject nothing: the limit of its pixels is enough."""

    def renditions(self) -> Iterable[Iterable[Chunk]]:
        """A JPEG of full size, then JPEG renditions."""
        image = heic.decode(self._photo)
        yield [pipeline.encode_full_size(image)]
        for each in pipeline.render_all(pipeline.render_largest(image, self.info), self.info):
            yield [pipeline.encode(each, ImageFormat.JPEG)]


class DecodeSession:
    """What the process has in hand: at most one photo."""

    def __init__(self) -> None:
        """Begin with nothing in hand."""
        self._photo: OpenPhoto | None = None
        self._limits = Limits()

    def handle(self, message: dict[str, Any], files: list[int]) -> Response:
        """Carry out one message; every exception becomes an answer."""
        if "open" in message:
            raster.use_libvips_only(enabled=bool(message.get("plain")))
            self._limits = Limits(**message["open"])
        signal.alarm(ceil(self._limits.seconds) + _ALARM_GRACE_SECONDS)
        try:
            if "open" in message:
                self._photo = self._open(files[0])
                return {"facts": asdict(self._photo.info)}
            return {"made": self._render(files)}
        except (errors.ServiceError, pyvips.Error, MemoryError, OSError, UnicodeDecodeError) as exc:
            self._photo = None
            return _error_response(exc)
        except Exception as exc:  # noqa: BLE001  reported as an internal error by the parent
            self._photo = None
            return {"fault": _traceback_lines(exc)}
        finally:
            signal.alarm(0)

    def _render(self, files: list[int]) -> list[int]:
        photo, self._photo = self._photo, None
        pictures = photo.renditions() if photo else ()
        return [_write(file, chunks) for file, chunks in zip(files, pictures, strict=True)]

    def _open(self, file: int) -> OpenPhoto:
        pyvips.vips_lib.vips_error_clear()  # what libvips still has to say of the photo before
        size = os.lseek(file, 0, os.SEEK_END)
        if size > self._limits.bytes:
            raise errors.PhotoTooLarge(limit=self._limits.bytes)
        kind = sniff(os.pread(file, _HEAD_BYTES, 0))
        data = mmap.mmap(file, size, mmap.MAP_SHARED, mmap.PROT_READ)
        photo = HeicPhoto(data) if kind is ImageFormat.HEIC else WebPhoto(data, kind)
        check_limits(photo.info, self._limits)
        photo.check_limits(self._limits)
        return photo


def _write(file: int, chunks: Iterable[Chunk]) -> int:
    size = 0
    for chunk in chunks:
        left = memoryview(chunk)
        while left:
            done = os.write(file, left)
            left, size = left[done:], size + done
    return size


def _traceback_lines(fault: Exception) -> list[str]:
    """The exception's type and where it was raised; its text may hold bytes of the photo."""
    frames = traceback.extract_tb(fault.__traceback__)[-_MAX_TRACEBACK_FRAMES:]
    places = [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames]
    return [type(fault).__name__, *places]


def _error_response(fault: Exception) -> Response:
    if isinstance(fault, errors.ServiceError):
        return {"refused": fault.reason, "seen": fault.params}
    if isinstance(fault, OSError) and fault.errno != errno.ENOMEM:
        return {"errno": fault.errno}
    words = " ".join(_error_text(fault).split())
    if isinstance(fault, MemoryError | OSError) or _OUT_OF_MEMORY.search(words):
        return {"refused": errors.PhotoMemoryExceeded.reason, "seen": {}}
    problem = words.encode("ascii", "replace").decode()[:_MAX_PROBLEM_LENGTH]
    return {"refused": errors.PhotoDamaged.reason, "seen": {"problem": problem}}


def _error_text(fault: Exception) -> str:
    if isinstance(fault, pyvips.Error):
        return str(fault.detail)  # its own words speak of memory when it only copies there
    if isinstance(fault, UnicodeDecodeError):  # pyvips', of a message with bytes of the photo
        return fault.object.decode("ascii", "replace")
    return str(fault)


def main(descriptor: int, memory: int) -> None:
    """Close the cage, tell what it is like inside, then serve until the parent goes."""
    # The service's own stop is told to the whole group: photos in work are finished first.
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    line = socket.socket(fileno=descriptor)
    pipeline.restrict_loaders()
    gc.freeze()
    shut = sandbox.confine(memory)
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    _send(line, {"cage": asdict(shut), "vips": version, "heic": heic.AVAILABLE})
    with suppress(ConnectionError):  # the parent went
        _serve(line)


def _serve(line: socket.socket) -> None:
    desk = DecodeSession()
    while received := _receive(line):
        message, files = received
        answer = desk.handle(message, files)
        for file in files:
            os.close(file)
        _send(line, answer)


def _send(line: socket.socket, answer: Response) -> None:
    line.sendall(json.dumps(answer).encode())


def _receive(line: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    room = socket.CMSG_LEN(_MAX_FILES * array.array("i").itemsize)
    data, extra, _, _ = line.recvmsg(_MAX_REQUEST_BYTES, room)
    files = array.array("i")
    for _, _, handed in extra:
        files.frombytes(handed)
    return (json.loads(data), list(files)) if data else None


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
