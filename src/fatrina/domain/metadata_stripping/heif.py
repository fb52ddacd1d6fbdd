"""AVIF: overwrite metadata with zeros; every byte keeps its offset, as items refer to offsets."""

from collections.abc import Iterator

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import icc, items
from fatrina.domain.metadata_stripping.boxes import Box, read_boxes, read_complete_boxes
from fatrina.domain.metadata_stripping.segments import (
    Buffer,
    SegmentBuilder,
    StrippedFile,
    limit_segments,
)

_REQUIRED_TOP_LEVEL = frozenset({b"meta", b"mdat"})
_KEPT_BRANDS = frozenset({b"avif", b"avio", b"mif1", b"mif2", b"miaf", b"MA1A", b"MA1B", b"tmap"})
_KEPT_IN_META = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat"})
_REQUIRED_IN_META = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp"})
# Properties that change the look of an image; others describe it (ISO/IEC 23008-12, 6.5 and 6.10).
_KEPT_PROPERTIES = frozenset(
    {b"ispe", b"pixi", b"colr", b"pasp", b"clap", b"irot", b"imir", b"iscl", b"rloc", b"auxC"}
    | {b"av1C", b"a1op", b"a1lx", b"lsel", b"clli", b"mdcv", b"cclv", b"amve", b"reve", b"ndwt"}
)
_PROFILE_TYPES = frozenset({b"prof", b"rICC"})


class _Overlay:
    """New bytes that replace original bytes at the same offsets."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._replacements: dict[int, bytes] = {}

    def write(self, at: int, new: bytes) -> None:
        if self._data[at : at + len(new)] != new:
            self._replacements[at] = new

    def blank(self, start: int, stop: int) -> None:
        self.write(start, bytes(max(0, stop - start)))

    def free(self, box: Box) -> None:
        """Turn a box into a `free` box, which readers skip."""
        self.write(box.start + 4, b"free")
        self.blank(box.body_start, box.stop)

    def build(self, stop: int) -> SegmentBuilder:
        """Return the bytes up to `stop` as segments."""
        builder = SegmentBuilder(self._data)
        at = 0
        for start, new in sorted(self._replacements.items()):
            builder.keep(at, start)
            builder.append(new)
            at = start + len(new)
        builder.keep(at, stop)
        return builder


def strip(data: Buffer) -> StrippedFile:
    """Keep the image with its planes and the properties that change its look.

    Thumbnails, further images, an image sequence, EXIF, XMP, names and descriptions are overwritten
    with zeros; everything after the last box of the image is removed.

    Raises:
        errors.PhotoDamaged: the boxes are malformed, or contain no image.
    """
    head, meta, *others = _read_top_level(data)
    overlay = _Overlay(data)
    _clean_brands(overlay, data, head)
    areas = [(box.body_start, box.stop) for box in others if box.type == b"mdat"]
    for box in others:
        if box.type != b"mdat":
            overlay.free(box)
    meta_boxes = _read_meta(overlay, data, meta)
    if b"idat" in meta_boxes:
        areas.append((meta_boxes[b"idat"].body_start, meta_boxes[b"idat"].stop))
    _clean_properties(overlay, data, meta_boxes[b"iprp"])
    used = _clean_items(overlay, data, meta_boxes)
    for start, stop in _gaps(sorted(areas), sorted(used)):
        overlay.blank(start, stop)
    return overlay.build(max(box.stop for box in (meta, *others))).build()


def _read_top_level(data: Buffer) -> list[Box]:
    """Return `ftyp`, `meta`, and the other boxes up to the last box of data.

    An incomplete box at the end was appended later and is ignored, unless it has the type of a
    required box.
    """
    found = list(read_complete_boxes(data, 0, len(data)))
    meta = next((box for box in found if box.type == b"meta"), None)
    if meta is None or found[0].type != b"ftyp":
        raise PhotoDamaged(problem="no picture")
    if data[found[-1].stop + 4 : found[-1].stop + 8] in _REQUIRED_TOP_LEVEL:
        raise PhotoDamaged(problem="ends within a box")
    while found[-1] is not meta and found[-1].type != b"mdat":
        found.pop()
    return [found[0], meta, *(box for box in found[1:] if box is not meta)]


def _clean_brands(overlay: _Overlay, data: Buffer, ftyp: Box) -> None:
    """Keep the brands of a still image: the brand of a sequence would announce one to readers."""
    for at in limit_segments(range(ftyp.body_start, ftyp.stop - 3, 4)):
        if at == ftyp.body_start + 4:
            overlay.blank(at, at + 4)
        elif data[at : at + 4] not in _KEPT_BRANDS:
            overlay.write(at, b"avif" if data[at : at + 4] == b"avis" else b"mif1")
    overlay.blank(ftyp.stop - (ftyp.stop - ftyp.body_start) % 4, ftyp.stop)


def _read_meta(overlay: _Overlay, data: Buffer, meta: Box) -> dict[bytes, Box]:
    """Return the boxes that describe the image, by type, and free the others."""
    meta_boxes: dict[bytes, Box] = {}
    for box in read_boxes(data, meta.body_start + 4, meta.stop):
        if box.type not in _KEPT_IN_META:
            overlay.free(box)
        elif meta_boxes.setdefault(box.type, box) is not box:
            raise PhotoDamaged(problem="two boxes where one must be")
    if not meta_boxes.keys() >= _REQUIRED_IN_META:
        raise PhotoDamaged(problem="a box is missing")
    handler = meta_boxes[b"hdlr"]
    if data[handler.body_start + 8 : handler.body_start + 12] != b"pict":
        raise PhotoDamaged(problem="no picture")
    overlay.blank(handler.body_start + 12, handler.stop)
    return meta_boxes


def _clean_properties(overlay: _Overlay, data: Buffer, iprp: Box) -> None:
    """Free the descriptive properties; the others keep their indexes."""
    for box in read_boxes(data, iprp.body_start, iprp.stop):
        if box.type == b"ipco":
            for prop in read_boxes(data, box.body_start, box.stop):
                if prop.type not in _KEPT_PROPERTIES:
                    overlay.free(prop)
                elif (
                    prop.type == b"colr"
                    and data[prop.body_start : prop.body_start + 4] in _PROFILE_TYPES
                ):
                    _clean_profile(overlay, data, prop)
        elif box.type != b"ipma":
            overlay.free(box)


def _clean_profile(overlay: _Overlay, data: Buffer, colr: Box) -> None:
    profile = icc.trim_profile(data[colr.body_start + 4 : colr.stop])
    if profile:
        overlay.blank(colr.body_start + 4 + len(profile), colr.stop)
    else:
        overlay.free(colr)


def _clean_items(
    overlay: _Overlay, data: Buffer, meta_boxes: dict[bytes, Box]
) -> list[tuple[int, int]]:
    """Blank the names of all items and the types of hidden ones; return the byte ranges in use."""
    entries = items.read_entries(data, meta_boxes[b"iinf"])
    references = items.read_references(data, meta_boxes[b"iref"]) if b"iref" in meta_boxes else []
    displayed = items.displayed_items(
        items.read_primary_item(data, meta_boxes[b"pitm"]), entries, references
    )
    for item, entry in entries.items():
        if item not in displayed:
            overlay.write(entry.type_offset, b"free")
        overlay.blank(entry.type_offset + 4, entry.stop)
    for reference in references:
        if reference.item not in displayed:
            overlay.write(reference.type_offset, b"free")
    places = items.read_extents(data, meta_boxes[b"iloc"], meta_boxes.get(b"idat"))
    return [(start, stop) for item, start, stop in places if item in displayed and start < stop]


def _gaps(areas: list[tuple[int, int]], used: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the byte ranges of the areas that are not in use; both lists are sorted.

    Raises:
        errors.PhotoDamaged: bytes outside the areas are in use.
    """
    pending = used[::-1]
    for start, stop in areas:
        at = start
        while pending and pending[-1][0] < stop:
            first, past = pending.pop()
            if first < start or past > stop:
                raise PhotoDamaged(problem="an item outside the data")
            if at < first:
                yield at, first
            at = max(at, past)
        if at < stop:
            yield at, stop
    if pending:
        raise PhotoDamaged(problem="an item outside the data")
