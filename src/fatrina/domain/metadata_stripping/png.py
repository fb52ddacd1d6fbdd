"""PNG: keep the chunks that define the image and its colours; remove text, time and the rest."""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import exif, icc
from fatrina.domain.metadata_stripping.segments import (
    Buffer,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IEND = b"\0\0\0\0IEND\xaeB`\x82"

# Valid sizes of the chunks that are kept, apart from image data (PNG 3rd edition, 11.2 and 11.3).
# Decoders ignore chunks of other sizes, which may contain anything.
_KEPT_SIZES = {
    b"IHDR": range(13, 14),
    b"PLTE": range(3, 769, 3),
    b"tRNS": range(1, 257),
    b"gAMA": range(4, 5),
    b"cHRM": range(32, 33),
    b"sRGB": range(1, 2),
    b"sBIT": range(1, 5),
    b"pHYs": range(9, 10),
    b"cICP": range(4, 5),
    b"acTL": range(8, 9),
    b"fcTL": range(26, 27),
}
_PROFILE_NAME = b"icc\0\0"  # the name, which is free text, and the only compression method
_PROFILE_NAME_LIMIT = 79


class _Chunk(NamedTuple):
    type: bytes
    start: int
    stop: int

    def body(self, data: Buffer) -> bytes:
        """Return the chunk's data; decoders differ on a wrong checksum, so that is an error."""
        checksum = int.from_bytes(data[self.stop - 4 : self.stop], "big")
        if zlib.crc32(data[self.start + 4 : self.stop - 4]) != checksum:
            raise PhotoDamaged(problem="a wrong check sum")
        return data[self.start + 8 : self.stop - 4]

    @property
    def is_kept(self) -> bool:
        return self.stop - self.start - 12 in _KEPT_SIZES.get(self.type, ())


def strip(data: Buffer) -> StrippedFile:
    """Keep the image, an animation's frames, the colours, the profile and the orientation.

    Everything after IEND is removed. The decoder verifies checksums, except those of the profile
    and the orientation.

    Raises:
        errors.PhotoDamaged: there is no header, no image, or no end, or a checksum of the profile
            or the orientation is wrong.
    """
    chunks = list(limit_segments(_read_chunks(data)))
    kinds = [chunk.type for chunk in chunks]
    if not (kinds[0] == b"IHDR" and chunks[0].is_kept and b"IDAT" in kinds):
        raise PhotoDamaged(problem="no picture")
    first = kinds.index(b"IDAT")
    past = next(at for at in range(first, len(kinds)) if kinds[at] != b"IDAT")
    builder = SegmentBuilder(data)
    builder.keep(0, len(_SIGNATURE))
    frames = _copy_header(builder, data, chunks[:first])
    builder.keep(chunks[first].start, chunks[past].start)
    if frames is not None:
        frames += _keep_frames(builder, chunks[past:])
    builder.replace(chunks[-1].start, chunks[-1].stop, _IEND)
    return builder.build(frames=frames or 1)


def _read_chunks(data: Buffer) -> Iterator[_Chunk]:
    if data[:8] != _SIGNATURE:
        raise PhotoDamaged(problem="no PNG signature")
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        chunk = _Chunk(
            data[at + 4 : at + 8], at, at + 12 + int.from_bytes(data[at : at + 4], "big")
        )
        at = chunk.stop
        if at > len(data):
            break
        yield chunk
        if chunk.type == b"IEND":
            return
    raise PhotoDamaged(problem="no IEND")


def _copy_header(builder: SegmentBuilder, data: Buffer, head: list[_Chunk]) -> int | None:
    """Copy the chunks before the image data; return the number of animation frames, or None."""
    animated = any(chunk.type == b"acTL" and chunk.is_kept for chunk in head)
    profile = next((chunk for chunk in head if chunk.type == b"iCCP"), None)
    exif_chunk = next((chunk for chunk in head if _is_exif(chunk, data)), None)
    frames = 0
    for chunk in head:
        if chunk is profile:
            builder.replace(chunk.start, chunk.stop, _clean_profile(chunk.body(data)))
        elif chunk is exif_chunk:
            block = exif.build_orientation(exif.read_orientation(chunk.body(data)))
            builder.replace(chunk.start, chunk.stop, _build_chunk(b"eXIf", block) if block else b"")
        elif chunk.is_kept and (animated or chunk.type != b"fcTL"):
            builder.keep(chunk.start, chunk.stop)
            frames += chunk.type == b"fcTL"
    return frames if animated else None


def _keep_frames(builder: SegmentBuilder, tail: list[_Chunk]) -> int:
    frames = 0
    for chunk in tail:
        if chunk.type == b"fdAT" or (chunk.type == b"fcTL" and chunk.is_kept):
            builder.keep(chunk.start, chunk.stop)
            frames += chunk.type == b"fcTL"
    return frames


def _is_exif(chunk: _Chunk, data: Buffer) -> bool:
    """Return whether libpng reads this chunk as the EXIF block: it skips one that is not TIFF."""
    return chunk.type == b"eXIf" and data[chunk.start + 8 : chunk.start + 12] in exif.BYTE_ORDERS


def _clean_profile(body: bytes) -> bytes:
    """Return the profile's chunk with a neutral name and no trailing bytes; empty if invalid."""
    name, _, stored = body.partition(b"\0")
    if not (0 < len(name) <= _PROFILE_NAME_LIMIT and stored[:1] == b"\0"):
        return b""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(stored[1:], icc.MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""
    profile = icc.trim_profile(inflated)
    if not (profile and inflater.eof):
        return b""
    if profile == inflated:
        deflated = stored[1 : len(stored) - len(inflater.unused_data)]
    else:
        deflated = zlib.compress(profile)
    return _build_chunk(b"iCCP", _PROFILE_NAME + deflated)


def _build_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return len(body).to_bytes(4, "big") + kind + body + checksum.to_bytes(4, "big")
