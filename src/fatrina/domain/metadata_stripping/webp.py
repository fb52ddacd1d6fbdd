"""WebP: keep the image or its frames, the profile and the orientation; remove all other chunks."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import exif, icc
from fatrina.domain.metadata_stripping.segments import (
    Buffer,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

# RFC 9649, 2.7
_HAS_PROFILE, _HAS_ALPHA, _HAS_EXIF, _IS_ANIMATED = 0x20, 0x10, 0x08, 0x02
_FLAGS = {b"ICCP": _HAS_PROFILE, b"EXIF": _HAS_EXIF}
_VP8X_BYTES = 10
_ANIM_BYTES = 6
_FRAME_HEADER_BYTES = 16
_IMAGE_TYPES = frozenset({b"VP8 ", b"VP8L"})


class _Chunk(NamedTuple):
    type: bytes
    start: int
    size: int

    @property
    def stop(self) -> int:
        return self.start + 8 + self.size + self.size % 2

    def body(self, data: Buffer) -> bytes:
        return data[self.start + 8 : self.start + 8 + self.size]


def strip(data: Buffer) -> StrippedFile:
    """Keep the image or the frames, the profile and the orientation.

    The size in the RIFF header counts; bytes after it are removed.

    Raises:
        errors.PhotoDamaged: the file is truncated, or an image is missing where one is required.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise PhotoDamaged(problem="no WebP signature")
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise PhotoDamaged(problem="ends before its end")
    chunks = list(limit_segments(_read_chunks(data, 12, stop)))
    body = SegmentBuilder(data)
    frames = 1
    if chunks and chunks[0].type in _IMAGE_TYPES:
        body.keep(chunks[0].start, chunks[0].stop)
    elif chunks and chunks[0].type == b"VP8X" and chunks[0].size >= _VP8X_BYTES:
        frames = _keep_extended(body, data, chunks)
    else:
        raise PhotoDamaged(problem="no picture")
    builder = SegmentBuilder(data)
    builder.replace(0, 12, _chunk_header(b"RIFF", body.size + 4) + b"WEBP")
    builder.extend(body)
    return builder.build(frames=frames)


def _read_chunks(data: Buffer, at: int, stop: int) -> Iterator[_Chunk]:
    while at < stop:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = _Chunk(data[at : at + 4], at, size)
        at = chunk.stop
        if at > stop:
            raise PhotoDamaged(problem="a chunk ends after its end")
        yield chunk


def _keep_extended(builder: SegmentBuilder, data: Buffer, chunks: list[_Chunk]) -> int:
    """Keep the chunks of the image after a VP8X chunk; return the number of frames."""
    head, *rest = chunks
    flags = data[head.start + 8]
    replacements = _clean_metadata(data, flags, rest)
    flags = flags & (_HAS_ALPHA | _IS_ANIMATED) | sum(_FLAGS[chunk.type] for chunk in replacements)
    canvas = data[head.start + 12 : head.start + 18]
    builder.replace(head.start, head.stop, _build_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + canvas))
    frames = images = 0
    for chunk in rest:
        if chunk in replacements:
            builder.replace(chunk.start, chunk.stop, replacements[chunk])
        elif flags & _IS_ANIMATED:
            frames += _keep_animated(builder, data, chunk)
        elif not images and chunk.type in _IMAGE_TYPES | {b"ALPH"}:
            builder.keep(chunk.start, chunk.stop)
            images += chunk.type in _IMAGE_TYPES
    if not frames and not images:
        raise PhotoDamaged(problem="no picture")
    return frames or images


def _clean_metadata(data: Buffer, flags: int, chunks: list[_Chunk]) -> dict[_Chunk, bytes]:
    """Return the profile and the orientation, by the chunks that libwebp would read.

    It reads the first chunk of each type, and only if the flags announce it.
    """
    replacements = {}
    profile = next((chunk for chunk in chunks if chunk.type == b"ICCP"), None)
    if profile and flags & _HAS_PROFILE and (trimmed := icc.trim_profile(profile.body(data))):
        replacements[profile] = _build_chunk(b"ICCP", trimmed)
    exif_chunk = next((chunk for chunk in chunks if chunk.type == b"EXIF"), None)
    if exif_chunk and flags & _HAS_EXIF:
        orientation = exif.read_orientation(exif_chunk.body(data).removeprefix(b"Exif\0\0"))
        if orientation != exif.UPRIGHT:
            replacements[exif_chunk] = _build_chunk(b"EXIF", exif.build_orientation(orientation))
    return replacements


def _keep_animated(builder: SegmentBuilder, data: Buffer, chunk: _Chunk) -> int:
    """Keep a chunk if it belongs to the animation; return 1 for a frame and 0 otherwise."""
    if chunk.type == b"ANIM":
        builder.replace(
            chunk.start, chunk.stop, _build_chunk(b"ANIM", chunk.body(data)[:_ANIM_BYTES])
        )
    if chunk.type != b"ANMF":
        return 0
    if chunk.size < _FRAME_HEADER_BYTES:
        raise PhotoDamaged(problem="a frame cut short")
    frame = SegmentBuilder(data)
    start = chunk.start + 8 + _FRAME_HEADER_BYTES
    frame.keep(start - _FRAME_HEADER_BYTES, start)
    # A frame begins with its image, after at most one alpha chunk; the rest is not displayed.
    for part in islice(_read_chunks(data, start, chunk.start + 8 + chunk.size), 2):
        frame.keep(part.start, part.stop)
        if part.type in _IMAGE_TYPES:
            break
        if part.type != b"ALPH":
            raise PhotoDamaged(problem="a frame without a picture")
    builder.replace(chunk.start, chunk.start + 8, _chunk_header(b"ANMF", frame.size))
    builder.extend(frame)
    return 1


def _chunk_header(kind: bytes, size: int) -> bytes:
    return kind + size.to_bytes(4, "little")


def _build_chunk(kind: bytes, body: bytes) -> bytes:
    return _chunk_header(kind, len(body)) + body + bytes(len(body) % 2)
