"""GIF: pictures, their timing and the loop count stay; comments and applications' data go."""

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
# An application's extension, and its first sub-block: three bytes, the first of them a one.
_LOOP_EXTENSIONS = (b"!\xff\x0bNETSCAPE2.0\x03\x01", b"!\xff\x0bANIMEXTS1.0\x03\x01")
_MAX_EXTENSION_BYTES = 19  # of an extension that stays


_CANVAS_OFFSETS = range(6, 10)


class _Block(NamedTuple):
    start: int
    stop: int
    is_image: bool


def strip(data: Buffer) -> StrippedFile:
    """Keep the pictures with their controls, and how often they are repeated.

    The file ends at the trailer, or where another block should begin and none does; so do the
    decoders see it.

    Raises:
        errors.PhotoDamaged: there is no picture, or the end comes within a block.
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
    cut = SegmentBuilder(data)
    cut.keep(0, blocks[0].start)
    for start, stop, picture in blocks:
        if picture:
            cut.keep(start, stop)
        else:
            cut.replace(
                start, stop, _strip_extension(data[start : min(stop, start + _MAX_EXTENSION_BYTES)])
            )
    end = blocks[-1].stop
    cut.replace(end, end + 1, _TRAILER)
    return cut.build(frames=frames)


def set_canvas_size(clean: StrippedFile, data: Buffer, width: int, height: int) -> StrippedFile:
    """Write the canvas that the decoder saw into a clean file.

    Decoders disagree on the declared one: a single pixel on a canvas of 65,535 by 65,535 is one
    pixel to libvips, and 17 GB to whoever believes the header.
    """
    canvas = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    first, *rest = clean.segments
    if not isinstance(first, range) or data[_CANVAS_OFFSETS.start : _CANVAS_OFFSETS.stop] == canvas:
        return clean
    around = range(_CANVAS_OFFSETS.start), range(_CANVAS_OFFSETS.stop, first.stop)
    return replace(clean, segments=(around[0], canvas, around[1], *rest))


def _read_blocks(data: Buffer) -> Iterator[_Block]:
    """Give the blocks between the screen and the trailer; an IndexError when one is cut short."""
    at = _SCREEN_BYTES + _colour_table_size(data[10])
    while (kind := data[at : at + 1]) in {_IMAGE, _EXTENSION}:
        picture = kind == _IMAGE
        start, at = (
            at,
            _skip_sub_blocks(data, at + (11 + _colour_table_size(data[at + 9]) if picture else 2)),
        )
        yield _Block(start, at, picture)


def _colour_table_size(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _skip_sub_blocks(data: Buffer, at: int) -> int:
    """Give the place after a chain of sub-blocks, each its length and that many bytes."""
    while size := data[at]:
        at += size + 1
    return at + 1


def _strip_extension(head: bytes) -> bytes:
    """Give what stays of an extension: the control of a picture, and a count of loops."""
    if head.startswith(_CONTROL):
        if head[2] < _CONTROL_SIZE:
            raise PhotoDamaged(problem="a graphic control too short")
        return _CONTROL + bytes([_CONTROL_SIZE]) + head[3 : 3 + _CONTROL_SIZE] + b"\0"
    if head.startswith(_LOOP_EXTENSIONS):
        return head[: _MAX_EXTENSION_BYTES - 1] + b"\0"
    return b""
