"""Properties of a HEIF image (ISO/IEC 23008-12, 6.5): which ones apply, and in which order."""

from dataclasses import dataclass

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import items
from fatrina.domain.metadata_stripping.boxes import Box, BoxReader, read_boxes, read_complete_boxes
from fatrina.domain.metadata_stripping.segments import Buffer

_LARGE_INDEX = 1  # flag of `ipma`: property indexes have 15 bits instead of 7


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of the image, then those of each item that it is derived from."""

    items: tuple[tuple[Box, ...], ...]

    def find(self, kind: bytes) -> Box | None:
        """Return the image's own property of this type, or the first one of its source items."""
        every = (box for item in self.items for box in item)
        return next((box for box in every if box.type == kind), None)


NO_PROPERTIES = Properties(())


def read(data: Buffer) -> Properties:
    """Return the properties of the image; empty if the boxes are malformed.

    The decoder decides whether a malformed file is a photo at all.
    """
    try:
        return _read(data)
    except (PhotoDamaged, KeyError, StopIteration):
        return NO_PROPERTIES


def _read(data: Buffer) -> Properties:
    meta = next(box for box in read_complete_boxes(data, 0, len(data)) if box.type == b"meta")
    parts = {box.type: box for box in read_boxes(data, meta.body_start + 4, meta.stop)}
    first = items.read_primary_item(data, parts[b"pitm"])
    related = items.read_references(data, parts[b"iref"]) if b"iref" in parts else []
    made_of = [each.target for each in related if (each.type, each.item) == (b"dimg", first)]
    inner = list(read_boxes(data, parts[b"iprp"].body_start, parts[b"iprp"].stop))
    known = next(box for box in inner if box.type == b"ipco")
    every = list(read_boxes(data, known.body_start, known.stop))
    numbers: dict[int, list[int]] = {}
    for box in inner:
        if box.type == b"ipma":
            numbers |= _read_associations(data, box)
    return Properties(
        tuple(
            tuple(every[number - 1] for number in numbers.get(item, []) if 0 < number <= len(every))
            for item in (first, *made_of)
        )
    )


def _read_associations(data: Buffer, ipma: Box) -> dict[int, list[int]]:
    """Return each item's property indexes, counted from 1, in order (ISO/IEC 23008-12, 9.3)."""
    reader = BoxReader(data, ipma.body_start, ipma.stop)
    head = reader.read_uint(4)
    version, wide = head >> 24, head & _LARGE_INDEX
    found: dict[int, list[int]] = {}
    for _ in range(reader.read_uint(4)):
        item = reader.read_uint(4 if version else 2)
        count = reader.read_uint(1)
        found[item] = [
            reader.read_uint(2) & 0x7FFF if wide else reader.read_uint(1) & 0x7F
            for _ in range(count)
        ]
    return found
