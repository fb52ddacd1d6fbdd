"""Items of a HEIF file (ISO/IEC 23008-12): read them, and find those that make up the image."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.boxes import Box, BoxReader, read_boxes
from fatrina.domain.metadata_stripping.segments import Buffer, limit_segments

# Coded and derived image types: ISO/IEC 23008-12, 6.6.2, and AV1 Image File Format, 2.1 and 4.2.
_IMAGE_TYPES = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"})
_DERIVED, _AUXILIARY, _THUMBNAIL = b"dimg", b"auxl", b"thmb"
_WIDTHS = frozenset({0, 4, 8})


class Entry(NamedTuple):
    """An item's entry: its type, the offset of the type, and the end of the entry."""

    type: bytes
    type_offset: int
    stop: int


class Extent(NamedTuple):
    """A range of the file's bytes that belongs to an item."""

    item: int
    start: int
    stop: int


class Reference(NamedTuple):
    """A reference between items: with `dimg`, `item` is derived from `target`.

    With `auxl`, `item` is an extra plane of `target`. The type is stored at `type_offset`, once for
    all references of a type that an item has.
    """

    type: bytes
    type_offset: int
    item: int
    target: int


def read_primary_item(data: Buffer, pitm: Box) -> int:
    """Return the id of the primary item, the image."""
    reader = BoxReader(data, pitm.body_start, pitm.stop)
    return reader.read_uint(4 if reader.read_version() else 2)


def read_entries(data: Buffer, iinf: Box) -> dict[int, Entry]:
    """Return all items by id.

    Raises:
        errors.PhotoDamaged: malformed, or two items have the same id: decoders would differ.
    """
    reader = BoxReader(data, iinf.body_start, iinf.stop)
    reader.read_uint(4 if reader.read_version() else 2)
    entries: dict[int, Entry] = {}
    for box in read_boxes(data, reader.at, iinf.stop):
        item, entry = _read_entry(data, box)
        if item in entries:
            raise PhotoDamaged(problem="two items of one number")
        entries[item] = entry
    return entries


def _read_entry(data: Buffer, infe: Box) -> tuple[int, Entry]:
    reader = BoxReader(data, infe.body_start, infe.stop)
    version = reader.read_version()
    if infe.type != b"infe" or version not in {2, 3}:
        raise PhotoDamaged(problem="an item without a type")
    item = reader.read_uint(2 if version == 2 else 4)  # noqa: PLR2004 - 14496-12, 8.11.6.2
    reader.read_uint(2)
    at = reader.at
    reader.read_uint(4)
    return item, Entry(data[at : reader.at], at, infe.stop)


def read_extents(data: Buffer, iloc: Box, idat: Box | None) -> Iterator[Extent]:
    """Yield the extents of all items (ISO/IEC 14496-12, 8.11.3); they can be anywhere.

    Raises:
        errors.PhotoDamaged: malformed, or the bytes are neither in the file nor in `idat`.
    """
    return limit_segments(_iter_extents(data, iloc, idat))


def _iter_extents(data: Buffer, iloc: Box, idat: Box | None) -> Iterator[Extent]:
    reader = BoxReader(data, iloc.body_start, iloc.stop)
    version, widths = reader.read_version(), reader.read_uint(2)
    offset_width, size_width, base_width, index_width = (
        widths >> bit & 15 for bit in (12, 8, 4, 0)
    )
    index_width *= version > 0
    if not {offset_width, size_width, base_width, index_width} <= _WIDTHS:
        raise PhotoDamaged(problem="an offset of unknown width")
    id_width = 2 if version < 2 else 4  # noqa: PLR2004 - 14496-12, 8.11.3.2
    for _ in range(reader.read_uint(id_width)):
        item = reader.read_uint(id_width)
        method = reader.read_uint(2) & 15 if version else 0
        reader.read_uint(2)
        base = reader.read_uint(base_width) + _origin(method, idat)
        yield Extent(item, base, base)
        for _ in range(reader.read_uint(2)):
            reader.read_uint(index_width)
            start = base + reader.read_uint(offset_width)
            yield Extent(item, start, start + reader.read_uint(size_width))


def _origin(method: int, idat: Box | None) -> int:
    """Return the offset that extents are relative to: the beginning of the file or of `idat`."""
    if method == 0:
        return 0
    if method != 1 or idat is None:
        raise PhotoDamaged(problem="an item in a place unknown")
    return idat.body_start


def read_references(data: Buffer, iref: Box) -> list[Reference]:
    """Return the references between items.

    Raises:
        errors.PhotoDamaged: the boxes are malformed, or there are more than `MAX_SEGMENTS`
            references.
    """
    return list(limit_segments(_iter_references(data, iref)))


def _iter_references(data: Buffer, iref: Box) -> Iterator[Reference]:
    reader = BoxReader(data, iref.body_start, iref.stop)
    width = 4 if reader.read_version() else 2
    for box in read_boxes(data, reader.at, iref.stop):
        reader = BoxReader(data, box.body_start, box.stop)
        item = reader.read_uint(width)
        for _ in range(reader.read_uint(2)):
            yield Reference(box.type, box.start + 4, item, reader.read_uint(width))


def displayed_items(
    primary: int, entries: dict[int, Entry], references: list[Reference]
) -> set[int]:
    """Return the items that make up the image: the primary, its sources, their alpha planes.

    Thumbnails, further images and metadata are not included.

    Raises:
        errors.PhotoDamaged: the primary item is not an image, or only supplements another one.
    """
    required = defaultdict(set)
    for kind, _, item, other in references:
        if kind == _DERIVED:
            required[item].add(other)
        elif kind == _AUXILIARY:
            required[other].add(item)
    images = {item for item, entry in entries.items() if entry.type in _IMAGE_TYPES}
    supplements = {item for kind, _, item, _ in references if kind in {_AUXILIARY, _THUMBNAIL}}
    if primary not in images - supplements:
        raise PhotoDamaged(problem="no picture")
    displayed: set[int] = set()
    pending = [primary]
    while pending:
        item = pending.pop()
        if item not in displayed:
            displayed.add(item)
            pending += required[item] & images
    return displayed
