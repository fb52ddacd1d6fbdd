"""Image containers, written and read by hand, so that tests can put anything into them."""

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

# JPEG


def jpeg_segment(marker: int, body: bytes = b"") -> bytes:
    """Return a JPEG segment; marker 0xE1 is APP1, 0xFE a comment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes, before: bytes = b"") -> bytes:
    """Insert segments after a JPEG's start marker, or before the last occurrence of a marker."""
    at = jpeg.rindex(before) if before else 2
    return jpeg[:at] + b"".join(segments) + jpeg[at:]


def icc_segments(profile: bytes, size: int = 65_519) -> list[bytes]:
    """Return a profile as APP2 segments with `size` bytes of it each."""
    parts = [profile[at : at + size] for at in range(0, len(profile), size)]
    return [
        jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, 1)
    ]


# PNG


def png_chunk(chunk_type: bytes, body: bytes = b"") -> bytes:
    """Return a PNG chunk with its checksum."""
    return (
        struct.pack(">I", len(body))
        + chunk_type
        + body
        + struct.pack(">I", zlib.crc32(chunk_type + body))
    )


def read_png_chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Return the types and bodies of a PNG's chunks."""
    found, at = [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def with_chunks(png: bytes, *chunks: bytes, end: bool = False) -> bytes:
    """Insert chunks after a PNG's header, or before its end."""
    at = len(png) - 12 if end else 33
    return png[:at] + b"".join(chunks) + png[at:]


# WebP


def webp_chunk(chunk_type: bytes, body: bytes = b"") -> bytes:
    """Return a WebP chunk."""
    return chunk_type + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def read_webp_chunks(webp: bytes, at: int = 12) -> list[tuple[bytes, bytes]]:
    """Return the types and bodies of a WebP's chunks, or of a frame's with `at` 16."""
    found = []
    while at < len(webp):
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        found.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def build_webp(*chunks: bytes) -> bytes:
    """Return a WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def build_extended_webp(
    webp: bytes, width: int, height: int, *, first: Sequence[bytes] = (), last: Sequence[bytes] = ()
) -> bytes:
    """Return a WebP in the extended format, with announced chunks before and after the image."""
    flags = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}
    announced = {flags.get(part[:4], 0) for part in (*first, *last)}
    parts = read_webp_chunks(webp)
    head = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    if parts[0][0] == b"VP8X":
        head = parts.pop(0)[1]
    elif parts[0][0] == b"VP8L":
        announced.add(0x10)
    head = bytes([head[0] | sum(announced)]) + head[1:]
    body = [webp_chunk(*part) for part in parts]
    return build_webp(webp_chunk(b"VP8X", head), *first, *body, *last)


# GIF


def gif_sub_blocks(body: bytes) -> bytes:
    """Return bytes as a chain of GIF sub-blocks."""
    parts = [body[at : at + 255] for at in range(0, len(body), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def first_gif_block(gif: bytes) -> int:
    """Return the offset of a GIF's first block."""
    return 13 + (3 * 2 ** (gif[10] % 8 + 1) if gif[10] & 0x80 else 0)


# AVIF


def box(box_type: bytes, *bodies: bytes) -> bytes:
    """Return a box of ISO base media."""
    body = b"".join(bodies)
    return struct.pack(">I", len(body) + 8) + box_type + body


def read_boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the types and bodies of boxes."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


class Item(NamedTuple):
    """An item of a HEIF file; with `inner`, its data is in the `idat` box."""

    item_type: bytes
    data: bytes
    name: bytes = b"\0"
    inner: bool = False
    flags: int = 0


def item_entry(number: int, item: Item) -> bytes:
    """Return the `infe` box of an item."""
    head = struct.pack(">BxxBHH", 2, item.flags, number, 0)
    return box(b"infe", head, item.item_type, item.name)


def build_avif(
    items: Sequence[Item],
    properties: Sequence[bytes],
    property_ids: Sequence[Sequence[int]],
    *,
    references: Sequence[tuple[bytes, int, Sequence[int]]] = (),
    brands: bytes = b"avif\0\0\0\0avifmif1miaf",
    name: bytes = b"\0",
    inside: bytes = b"",
    before: bytes = b"",
    between: bytes = b"",
    gap: bytes = b"",
) -> bytes:
    """Build an AVIF with the first item as its image.

    Args:
        items: numbered from 1.
        properties: boxes, numbered from 1.
        property_ids: the numbers of each item's properties; negative if essential.
        references: `dimg`, `auxl`, `thmb` or `cdsc`, from one item to others.
        brands: the body of the first box.
        name: the name of the handler.
        inside: boxes at the end of the description.
        before: boxes before the description.
        between: boxes between the description and the data.
        gap: bytes after each item's data that belong to no item.
    """
    start = box(b"ftyp", brands) + before
    data = [item.data + gap for item in items]
    outer = b"".join(part for item, part in zip(items, data, strict=True) if not item.inner)

    def description(offset: int) -> bytes:
        places = {False: offset, True: 0}
        rows = []
        for number, (item, part) in enumerate(zip(items, data, strict=True), 1):
            at = places[item.inner]
            places[item.inner] += len(part)
            rows.append(struct.pack(">HHHHII", number, item.inner, 0, 1, at, len(item.data)))
        iloc = box(b"iloc", struct.pack(">BxxxBBH", 1, 0x44, 0, len(rows)), *rows)
        entries = [item_entry(number, item) for number, item in enumerate(items, 1)]
        iref = [
            box(reference_type, struct.pack(f">HH{len(others)}H", number, len(others), *others))
            for reference_type, number, others in references
        ]
        inner = b"".join(part for item, part in zip(items, data, strict=True) if item.inner)
        ipma = [
            struct.pack(">HB", number, len(those))
            + bytes(-one | 0x80 if one < 0 else one for one in those)
            for number, those in enumerate(property_ids, 1)
        ]
        return box(
            b"meta",
            b"\0\0\0\0",
            box(b"hdlr", bytes(8), b"pict", bytes(12), name),
            box(b"pitm", struct.pack(">IH", 0, 1)),
            iloc,
            box(b"iinf", struct.pack(">IH", 0, len(items)), *entries),
            box(b"iref", b"\0\0\0\0", *iref) if iref else b"",
            box(
                b"iprp",
                box(b"ipco", *properties),
                box(b"ipma", struct.pack(">II", 0, len(property_ids)), *ipma),
            ),
            box(b"idat", inner) if inner else b"",
            inside,
        )

    size = len(description(0))
    return start + description(len(start) + size + len(between) + 8) + between + box(b"mdat", outer)


# EXIF


def exif_tiff(orientation: int = 1, *, text: bytes = b"", little: bool = False) -> bytes:
    """Return the TIFF structure of an EXIF block: an orientation, and a text in several places.

    The text is the description, the place name in the GPS directory, and follows the end.
    """
    order = "<" if little else ">"
    text = text and text + b"\0"

    def entry(tag: int, value_type: int, count: int, value: int) -> bytes:
        short = value_type == 3 and count == 1
        packed = struct.pack(order + ("HH" if short else "I"), *([value, 0] if short else [value]))
        return struct.pack(order + "HHI", tag, value_type, count) + packed

    rows = [entry(0x0112, 3, 1, orientation)]
    end = 8 + 2 + 3 * 12 + 4
    if len(text) > 4:
        rows.insert(0, entry(0x010E, 2, len(text), end))
        rows.append(entry(0x8825, 4, 1, end + len(text)))
    first = struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4)
    place = struct.pack(order + "H", 1) + entry(0x001B, 7, len(text), end) + bytes(4)
    head = (b"II*\0" if little else b"MM\0*") + struct.pack(order + "I", 8)
    return head + first + (text + place + text if len(text) > 4 else b"")
