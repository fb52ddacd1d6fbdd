"""GIF: pictures, their timing and the loop count stay; comments and applications' data go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.segments import (
    Buffer,
    SegmentBuilder,
    StrippedFile,
    check_segment_count,
)

# GIF 89a, 18 to 26
_PICTURE, _EXTENSION, _TRAILER = b",", b"!", b";"
_SCREEN_SIZE = 13
_CONTROL = b"!\xf9"
_CONTROL_SIZE = 4
# An application's extension, and its first sub-block: three bytes, the first of them a one.
_LOOPS = (b"!\xff\x0bNETSCAPE2.0\x03\x01", b"!\xff\x0bANIMEXTS1.0\x03\x01")
_LONGEST = 19  # of an extension that stays


_CANVAS = range(6, 10)


class _Block(NamedTuple):
    start: int
    stop: int
    picture: bool


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
        blocks = list(check_segment_count(_blocks(data)))
    except IndexError:
        raise PhotoDamaged(problem="ends within a block") from None
    frames = sum(block.picture for block in blocks)
    if not frames:
        raise PhotoDamaged(problem="no picture")
    cut = SegmentBuilder(data)
    cut.keep(0, blocks[0].start)
    for start, stop, picture in blocks:
        if picture:
            cut.keep(start, stop)
        else:
            cut.replace(start, stop, _extension(data[start : min(stop, start + _LONGEST)]))
    end = blocks[-1].stop
    cut.replace(end, end + 1, _TRAILER)
    return cut.build(frames=frames)


def on_canvas(clean: StrippedFile, data: Buffer, width: int, height: int) -> StrippedFile:
    """Write the canvas that the decoder saw into a clean file.

    Decoders disagree on the declared one: a single pixel on a canvas of 65,535 by 65,535 is one
    pixel to libvips, and 17 GB to whoever believes the header.
    """
    canvas = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    first, *rest = clean.segments
    if not isinstance(first, range) or data[_CANVAS.start : _CANVAS.stop] == canvas:
        return clean
    around = range(_CANVAS.start), range(_CANVAS.stop, first.stop)
    return replace(clean, segments=(around[0], canvas, around[1], *rest))


def _blocks(data: Buffer) -> Iterator[_Block]:
    """Give the blocks between the screen and the trailer; an IndexError when one is cut short."""
    at = _SCREEN_SIZE + _table(data[10])
    while (kind := data[at : at + 1]) in {_PICTURE, _EXTENSION}:
        picture = kind == _PICTURE
        start, at = at, _past(data, at + (11 + _table(data[at + 9]) if picture else 2))
        yield _Block(start, at, picture)


def _table(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _past(data: Buffer, at: int) -> int:
    """Give the place after a chain of sub-blocks, each its length and that many bytes."""
    while size := data[at]:
        at += size + 1
    return at + 1


def _extension(head: bytes) -> bytes:
    """Give what stays of an extension: the control of a picture, and a count of loops."""
    if head.startswith(_CONTROL):
        if head[2] < _CONTROL_SIZE:
            raise PhotoDamaged(problem="a graphic control too short")
        return _CONTROL + bytes([_CONTROL_SIZE]) + head[3 : 3 + _CONTROL_SIZE] + b"\0"
    if head.startswith(_LOOPS):
        return head[: _LONGEST - 1] + b"\0"
    return b""
