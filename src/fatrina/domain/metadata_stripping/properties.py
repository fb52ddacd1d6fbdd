"""The properties of a HEIF file's picture (ISO/IEC 23008-12, 6.5): which apply, in which order."""

from dataclasses import dataclass

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import items
from fatrina.domain.metadata_stripping.boxes import Box, Reader, boxes, whole_boxes
from fatrina.domain.metadata_stripping.segments import Buffer

_LARGE_INDEX = 1  # a flag of `ipma`: numbers of 15 bits instead of 7


@dataclass(frozen=True, slots=True)
class Properties:
    """What is said of the picture, and then of each item that it is made of."""

    pictures: tuple[tuple[Box, ...], ...]

    def of(self, kind: bytes) -> Box | None:
        """The picture's own property of that kind, or that of the first item that has one."""
        every = (box for picture in self.pictures for box in picture)
        return next((box for box in every if box.kind == kind), None)


NOTHING = Properties(())


def read(data: Buffer) -> Properties:
    """Read the properties of the picture; nothing where the boxes are broken.

    Whether a broken file is a photo at all, decoders say.
    """
    try:
        return _read(data)
    except (PhotoDamaged, KeyError, StopIteration):
        return NOTHING


def _read(data: Buffer) -> Properties:
    meta = next(box for box in whole_boxes(data, 0, len(data)) if box.kind == b"meta")
    parts = {box.kind: box for box in boxes(data, meta.body + 4, meta.stop)}
    first = items.primary(data, parts[b"pitm"])
    related = items.references(data, parts[b"iref"]) if b"iref" in parts else []
    made_of = [each.other for each in related if (each.kind, each.item) == (b"dimg", first)]
    inner = list(boxes(data, parts[b"iprp"].body, parts[b"iprp"].stop))
    known = next(box for box in inner if box.kind == b"ipco")
    every = list(boxes(data, known.body, known.stop))
    numbers: dict[int, list[int]] = {}
    for box in inner:
        if box.kind == b"ipma":
            numbers |= _numbers(data, box)
    return Properties(
        tuple(
            tuple(every[number - 1] for number in numbers.get(item, []) if 0 < number <= len(every))
            for item in (first, *made_of)
        )
    )


def _numbers(data: Buffer, ipma: Box) -> dict[int, list[int]]:
    """The numbers of each item's properties, from 1 on, in their order (ISO/IEC 23008-12, 9.3)."""
    reader = Reader(data, ipma.body, ipma.stop)
    head = reader.number(4)
    version, wide = head >> 24, head & _LARGE_INDEX
    found: dict[int, list[int]] = {}
    for _ in range(reader.number(4)):
        item = reader.number(4 if version else 2)
        count = reader.number(1)
        found[item] = [
            reader.number(2) & 0x7FFF if wide else reader.number(1) & 0x7F for _ in range(count)
        ]
    return found
