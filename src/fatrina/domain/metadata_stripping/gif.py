"""GIF: keep images, their timing and the loop count; remove comments and application data."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.segments import (
    Buffer,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

# GIF 89a, 18 to 26
_IMAGE, _EXTENSION, _TRAILER = b",", b"!", b";"
_SCREEN_BYTES = 13
_CONTROL = b"!\xf9"
_CONTROL_SIZE = 4
# Application extensions with the start of their first sub-block: three bytes, the first a 1.
_LOOP_EXTENSIONS = (b"!\xff\x0bNETSCAPE2.0\x03\x01", b"!\xff\x0bANIMEXTS1.0\x03\x01")
_MAX_EXTENSION_BYTES = 19  # of an extension that is kept


_CANVAS_OFFSETS = range(6, 10)


class _Block(NamedTuple):
    start: int
    stop: int
    is_image: bool


def strip(data: Buffer) -> StrippedFile:
    """Keep the images with their graphic controls, and the loop count.

    The file ends at the trailer, or where the next block is not a block; decoders do the same.

    Raises:
        errors.PhotoDamaged: there is no image, or the file ends within a block.
    """
    if data[:3] != b"GIF":
        raise PhotoDamaged(problem="no GIF signature")
    try:
        blocks = list(limit_segments(_read_blocks(data)))
    except IndexError:
        raise PhotoDamaged(problem="ends within a block") from None
    frames = sum(block.is_image for block in blocks)
    if not frames:
        raise PhotoDamaged(problem="no picture")
    builder = SegmentBuilder(data)
    builder.keep(0, blocks[0].start)
    for start, stop, is_image in blocks:
        if is_image:
            builder.keep(start, stop)
        else:
            builder.replace(
                start, stop, _strip_extension(data[start : min(stop, start + _MAX_EXTENSION_BYTES)])
            )
    end = blocks[-1].stop
    builder.replace(end, end + 1, _TRAILER)
    return builder.build(frames=frames)


def set_canvas_size(stripped: StrippedFile, data: Buffer, width: int, height: int) -> StrippedFile:
    """Write the canvas size that the decoder reported into a stripped file.

    Decoders interpret the declared size differently: a single pixel on a canvas of 65,535 by 65,535
    is one pixel to libvips, and 17 GB to a client that trusts the header.
    """
    canvas = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    first, *rest = stripped.segments
    if not isinstance(first, range) or data[_CANVAS_OFFSETS.start : _CANVAS_OFFSETS.stop] == canvas:
        return stripped
    kept = range(_CANVAS_OFFSETS.start), range(_CANVAS_OFFSETS.stop, first.stop)
    return replace(stripped, segments=(kept[0], canvas, kept[1], *rest))


def _read_blocks(data: Buffer) -> Iterator[_Block]:
    """Yield the blocks between screen descriptor and trailer; IndexError if one is truncated."""
    at = _SCREEN_BYTES + _colour_table_size(data[10])
    while (block_type := data[at : at + 1]) in {_IMAGE, _EXTENSION}:
        is_image = block_type == _IMAGE
        start, at = (
            at,
            _skip_sub_blocks(data, at + (11 + _colour_table_size(data[at + 9]) if is_image else 2)),
        )
        yield _Block(start, at, is_image)


def _colour_table_size(flags: int) -> int:
    """Return the size in bytes of the colour table that the flags declare."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _skip_sub_blocks(data: Buffer, at: int) -> int:
    """Return the offset after a chain of sub-blocks, each a length and that many bytes."""
    while size := data[at]:
        at += size + 1
    return at + 1


def _strip_extension(head: bytes) -> bytes:
    """Return what is kept of an extension: a graphic control or a loop count, or else nothing."""
    if head.startswith(_CONTROL):
        if head[2] < _CONTROL_SIZE:
            raise PhotoDamaged(problem="a graphic control too short")
        return _CONTROL + bytes([_CONTROL_SIZE]) + head[3 : 3 + _CONTROL_SIZE] + b"\0"
    if head.startswith(_LOOP_EXTENSIONS):
        return head[: _MAX_EXTENSION_BYTES - 1] + b"\0"
    return b""
