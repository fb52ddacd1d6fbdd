"""WebP: the picture or its frames stay, with profile and orientation; all other chunks go."""

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
    """Keep the picture or the frames, the profile and the orientation.

    The file's own size counts; what follows goes.

    Raises:
        errors.PhotoDamaged: it is cut short, or has no picture where one must be.
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
    cut = SegmentBuilder(data)
    cut.replace(0, 12, _chunk_header(b"RIFF", body.size + 4) + b"WEBP")
    cut.extend(body)
    return cut.build(frames=frames)


def _read_chunks(data: Buffer, at: int, stop: int) -> Iterator[_Chunk]:
    while at < stop:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = _Chunk(data[at : at + 4], at, size)
        at = chunk.stop
        if at > stop:
            raise PhotoDamaged(problem="a chunk ends after its end")
        yield chunk


def _keep_extended(cut: SegmentBuilder, data: Buffer, chunks: list[_Chunk]) -> int:
    """Keep what belongs to the picture behind a VP8X chunk, and count its frames."""
    head, *rest = chunks
    flags = data[head.start + 8]
    news = _clean_metadata(data, flags, rest)
    flags = flags & (_HAS_ALPHA | _IS_ANIMATED) | sum(_FLAGS[chunk.type] for chunk in news)
    canvas = data[head.start + 12 : head.start + 18]
    cut.replace(head.start, head.stop, _build_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + canvas))
    frames = pictures = 0
    for chunk in rest:
        if chunk in news:
            cut.replace(chunk.start, chunk.stop, news[chunk])
        elif flags & _IS_ANIMATED:
            frames += _keep_animated(cut, data, chunk)
        elif not pictures and chunk.type in _IMAGE_TYPES | {b"ALPH"}:
            cut.keep(chunk.start, chunk.stop)
            pictures += chunk.type in _IMAGE_TYPES
    if not frames and not pictures:
        raise PhotoDamaged(problem="no picture")
    return frames or pictures


def _clean_metadata(data: Buffer, flags: int, chunks: list[_Chunk]) -> dict[_Chunk, bytes]:
    """Give the profile and the orientation in the place of the chunks that libwebp would show.

    It shows the first of a kind, and only if it is announced.
    """
    news = {}
    profile = next((chunk for chunk in chunks if chunk.type == b"ICCP"), None)
    if profile and flags & _HAS_PROFILE and (sound := icc.trim_profile(profile.body(data))):
        news[profile] = _build_chunk(b"ICCP", sound)
    turned = next((chunk for chunk in chunks if chunk.type == b"EXIF"), None)
    if turned and flags & _HAS_EXIF:
        turn = exif.read_orientation(turned.body(data).removeprefix(b"Exif\0\0"))
        if turn != exif.UPRIGHT:
            news[turned] = _build_chunk(b"EXIF", exif.build_orientation(turn))
    return news


def _keep_animated(cut: SegmentBuilder, data: Buffer, chunk: _Chunk) -> int:
    """Keep a chunk of an animation, if it is one; count it if it is a frame."""
    if chunk.type == b"ANIM":
        cut.replace(chunk.start, chunk.stop, _build_chunk(b"ANIM", chunk.body(data)[:_ANIM_BYTES]))
    if chunk.type != b"ANMF":
        return 0
    if chunk.size < _FRAME_HEADER_BYTES:
        raise PhotoDamaged(problem="a frame cut short")
    frame = SegmentBuilder(data)
    start = chunk.start + 8 + _FRAME_HEADER_BYTES
    frame.keep(start - _FRAME_HEADER_BYTES, start)
    # A frame begins with its picture, at most a chunk of alpha before it; the rest is not drawn.
    for part in islice(_read_chunks(data, start, chunk.start + 8 + chunk.size), 2):
        frame.keep(part.start, part.stop)
        if part.type in _IMAGE_TYPES:
            break
        if part.type != b"ALPH":
            raise PhotoDamaged(problem="a frame without a picture")
    cut.replace(chunk.start, chunk.start + 8, _chunk_header(b"ANMF", frame.size))
    cut.extend(frame)
    return 1


def _chunk_header(kind: bytes, size: int) -> bytes:
    return kind + size.to_bytes(4, "little")


def _build_chunk(kind: bytes, body: bytes) -> bytes:
    return _chunk_header(kind, len(body)) + body + bytes(len(body) % 2)
