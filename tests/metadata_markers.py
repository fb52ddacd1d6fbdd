"""Photos with a secret text in every place of a container that can hold metadata."""

import zlib
from collections.abc import Sequence
from functools import cache

from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.containers import (
    Item,
    box,
    build_avif,
    build_extended_webp,
    build_webp,
    exif_tiff,
    first_gif_block,
    gif_sub_blocks,
    icc_segments,
    jpeg_segment,
    png_chunk,
    read_boxes,
    read_webp_chunks,
    webp_chunk,
    with_chunks,
    with_segments,
)

SECRET = b"SECRET-GPS-24.7136"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


@cache
def marked_photos() -> dict[str, tuple[ImageFormat, bytes]]:
    """Return all of them, by format and place; libvips decodes every one."""
    formats = (
        (ImageFormat.JPEG, jpegs()),
        (ImageFormat.PNG, pngs()),
        (ImageFormat.WEBP, webps()),
        (ImageFormat.GIF, gifs()),
        (ImageFormat.AVIF, avifs()),
    )
    return {
        f"{kind.name.lower()} {place}": (kind, photo)
        for kind, photos in formats
        for place, photo in photos.items()
    }


def jpegs() -> dict[str, bytes]:
    """Return JPEGs by place."""
    plain, scans, icc = (
        sample_photos.jpeg(),
        sample_photos.jpeg(progressive=True),
        sample_photos.icc_profile(),
    )
    exif = jpeg_segment(0xE1, b"Exif\0\0" + exif_tiff(6, text=SECRET))
    jfif = b"JFIF\0\1\1\0\0\1\0\1"
    parts = {
        "exif": exif,
        "exif twice": exif + exif,
        "exif upright": jpeg_segment(0xE1, b"Exif\0\0" + exif_tiff(1, text=SECRET)),
        "xmp": jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "more xmp": jpeg_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + XMP),
        "iptc": jpeg_segment(
            0xED, b"Photoshop 3.0\0008BIM\4\4\0\0\0\0\0\x17\x1c\2\x78\0\x12" + SECRET
        ),
        "comment": jpeg_segment(0xFE, SECRET),
        "jfif thumbnail": jpeg_segment(0xE0, jfif + b"\3\2" + SECRET),
        "jfxx thumbnail": jpeg_segment(0xE0, jfif + b"\0\0")
        + jpeg_segment(0xE0, b"JFXX\0\x10" + SECRET),
        "maker": jpeg_segment(0xE4, SECRET),
        "c2pa": jpeg_segment(0xEB, b"JP\0\0" + SECRET),
        "adobe tail": jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET),
        "profile tail": b"".join(icc_segments(icc + SECRET)),
        "profile twice": b"".join(icc_segments(icc) + icc_segments(SECRET * 20)),
        "no profile": b"".join(icc_segments(SECRET * 20)),
        "stray": jpeg_segment(0xEF) + SECRET,
        "stray after length": b"\xff\xe5\0\0" + SECRET,
        "line count": jpeg_segment(0xDC, b"\0\1" + SECRET),
    }
    photos = {place: with_segments(plain, part) for place, part in parts.items()}
    return photos | {
        "between scans": with_segments(scans, jpeg_segment(0xFE, SECRET), before=b"\xff\xda"),
        "exif between scans": with_segments(scans, exif, before=b"\xff\xda"),
        "stray between scans": with_segments(scans, jpeg_segment(0xE9), SECRET, before=b"\xff\xda"),
        "after scan": plain[:-2] + jpeg_segment(0xFE, SECRET) + SECRET + plain[-2:],
        "after end": plain + SECRET,
        "second picture": mpo(),
    }


def mpo() -> bytes:
    """Return a JPEG as phones write it: its header refers to a second JPEG after it."""
    second = with_segments(sample_photos.jpeg(seed=2), jpeg_segment(0xFE, SECRET))
    index = jpeg_segment(0xE2, b"MPF\0MM\0*\0\0\0\x08" + bytes(60) + SECRET)
    return with_segments(sample_photos.jpeg(), index) + second


def pngs() -> dict[str, bytes]:
    """Return PNGs by place."""
    plain, icc = sample_photos.png(), sample_photos.icc_profile()
    stored = zlib.compress(icc)
    parts = {
        "text": png_chunk(b"tEXt", b"Comment\0" + SECRET),
        "compressed text": png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(SECRET, 0)),
        "international text": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "exif": png_chunk(b"eXIf", exif_tiff(6, text=SECRET)),
        "exif twice": png_chunk(b"eXIf", exif_tiff(6, text=SECRET))
        + png_chunk(b"eXIf", exif_tiff(3, text=SECRET)),
        "exif upright": png_chunk(b"eXIf", exif_tiff(1, text=SECRET)),
        "no exif": png_chunk(b"eXIf", SECRET),
        "private": png_chunk(b"seCt", SECRET),
        "histogram": png_chunk(b"hIST", SECRET),
        "suggested palette": png_chunk(b"sPLT", SECRET + b"\0\x08" + bytes(6)),
        "gamma too long": png_chunk(b"gAMA", b"\0\0\xb1\x8f" + SECRET),
        "profile name": png_chunk(b"iCCP", SECRET + b"\0\0" + stored),
        "profile tail": png_chunk(b"iCCP", b"icc\0\0" + stored + SECRET),
        "profile after its end": png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc + SECRET, 0)),
        "no profile": png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(SECRET * 20, 0)),
        "no zlib": png_chunk(b"iCCP", b"icc\0\0" + SECRET),
        "frame without animation": png_chunk(b"fdAT", bytes(4) + SECRET),
    }
    photos = {place: with_chunks(plain, part) for place, part in parts.items()}
    late = png_chunk(b"eXIf", exif_tiff(6, text=SECRET))
    again = png_chunk(b"tIME", bytes(7)) + png_chunk(b"IDAT", SECRET)
    return photos | {
        "late exif": with_chunks(plain, late, end=True),
        "late text": with_chunks(plain, png_chunk(b"tEXt", b"a\0" + SECRET), end=True),
        "late picture": with_chunks(plain, again, end=True),
        "end": plain[:-12] + png_chunk(b"IEND", SECRET),
        "after end": plain + SECRET,
    }


def webps() -> dict[str, bytes]:
    """Return WebPs by place."""
    plain, animated = sample_photos.webp(), sample_photos.webp(frames=3)
    size = (sample_photos.WIDTH, sample_photos.HEIGHT)
    exif, unknown = webp_chunk(b"EXIF", exif_tiff(6, text=SECRET)), webp_chunk(b"SECR", SECRET)
    head, loops, frame, *frames = read_webp_chunks(animated)
    rest = [webp_chunk(*part) for part in frames]
    still = read_webp_chunks(build_extended_webp(plain, *size))
    prefixed = webp_chunk(b"EXIF", b"Exif\0\0" + exif_tiff(6, text=SECRET))
    return {
        "exif": build_extended_webp(plain, *size, last=[exif]),
        "exif with prefix": build_extended_webp(plain, *size, last=[prefixed]),
        "exif upright": build_extended_webp(
            plain, *size, last=[webp_chunk(b"EXIF", exif_tiff(1, text=SECRET))]
        ),
        "exif of animation": build_extended_webp(animated, *size, last=[exif]),
        "xmp": build_extended_webp(plain, *size, last=[webp_chunk(b"XMP ", XMP)]),
        "unknown first": build_extended_webp(plain, *size, first=[unknown]),
        "unknown last": build_extended_webp(plain, *size, last=[unknown]),
        "profile tail": build_extended_webp(
            plain, *size, first=[webp_chunk(b"ICCP", sample_photos.icc_profile() + SECRET)]
        ),
        "no profile": build_extended_webp(plain, *size, first=[webp_chunk(b"ICCP", SECRET * 20)]),
        "unannounced": build_webp(*[webp_chunk(*part) for part in still], exif),
        "after picture": build_webp(
            *[webp_chunk(*part) for part in read_webp_chunks(plain)], unknown
        ),
        "after end": plain + SECRET,
        "flags tail": build_webp(webp_chunk(b"VP8X", still[0][1] + SECRET), webp_chunk(*still[1])),
        "loops tail": build_webp(
            webp_chunk(*head), webp_chunk(b"ANIM", loops[1] + SECRET), webp_chunk(*frame), *rest
        ),
        "within frame": build_webp(
            webp_chunk(*head), webp_chunk(*loops), webp_chunk(b"ANMF", frame[1] + unknown), *rest
        ),
    }


def gifs() -> dict[str, bytes]:
    """Return GIFs by place."""
    plain, animated = sample_photos.gif(), sample_photos.gif(frames=3)
    blocks = {
        "comment": b"!\xfe" + gif_sub_blocks(SECRET),
        "long comment": b"!\xfe" + gif_sub_blocks(SECRET * 100),
        "plain text": b"!\x01\x0c" + bytes(12) + gif_sub_blocks(SECRET),
        "xmp": b"!\xff\x0bXMP DataXMP" + XMP + bytes([1, *range(255, -1, -1), 0]),
        "application": b"!\xff\x0bSECRETAPP10" + gif_sub_blocks(SECRET),
        "profile": b"!\xff\x0bICCRGBG1012" + gif_sub_blocks(SECRET),
        "loops": b"!\xff\x0bNETSCAPE2.0\3\1\0\0" + gif_sub_blocks(SECRET),
        "unknown": b"!\x77" + gif_sub_blocks(SECRET),
    }
    at = animated.index(b"!\xf9\4")
    control = animated[at + 2 : at + 8]
    longer = bytes([4 + len(SECRET)]) + control[1:5] + SECRET + b"\0"
    further = control[:5] + gif_sub_blocks(SECRET)
    photos = {
        place: animated[: first_gif_block(animated)] + block + animated[first_gif_block(animated) :]
        for place, block in blocks.items()
    }
    return photos | {
        "control tail": animated[: at + 2] + longer + animated[at + 8 :],
        "control continues": animated[: at + 2] + further + animated[at + 8 :],
        "last": animated[:-1] + blocks["comment"] + b";",
        "instead of trailer": plain[:-1] + b"x" + SECRET,
        "after end": plain + SECRET,
    }


@cache
def avif_parts(*, seed: int = 1) -> tuple[bytes, list[bytes]]:
    """Return the coded image of a drawn AVIF, and its properties."""
    top = dict(read_boxes(sample_photos.avif(seed=seed)))
    described = dict(read_boxes(top[b"meta"][4:]))
    owned = read_boxes(dict(read_boxes(described[b"iprp"]))[b"ipco"])
    return top[b"mdat"], [box(*prop) for prop in owned]


def avif_with_items(
    *others: Item, references: Sequence[tuple[bytes, int, Sequence[int]]] = (), **rest: bytes
) -> bytes:
    """Build an AVIF of a drawn image and other items, all with the image's properties."""
    data, properties = avif_parts()
    extra = rest.pop("prop", b"")
    owned = list(range(1, len(properties) + 1))
    properties = [*properties, extra] if extra else properties
    items = [Item(b"av01", data, rest.pop("item", b"\0"), inner="idat" in rest), *others]
    rest.pop("idat", None)
    those = [owned if item.item_type == b"av01" else [] for item in items]
    return build_avif(items, properties, those, references=references, **rest)


def avifs() -> dict[str, bytes]:
    """Return AVIFs by place."""
    exif = Item(b"Exif", bytes(4) + exif_tiff(6, text=SECRET), flags=1)
    xmp = Item(b"mime", XMP, b"\0application/rdf+xml\0" + SECRET + b"\0", flags=1)
    other = Item(b"av01", avif_parts(seed=2)[0] + SECRET)
    uuid = box(b"uuid", bytes(16), SECRET)
    header = box(b"mvhd", bytes(12), b"\0\0\3\xe8\0\0\3\xe8\0\1\0\0\1\0", bytes(70), b"\0\0\0\2")
    movie = box(b"moov", header, box(b"udta", box(b"name", SECRET)))
    link = box(b"url ", bytes(4), b"https://example.com/", SECRET, b"\0")
    describes = [(b"cdsc", 2, [1])]
    plain = avif_with_items()
    return {
        "exif": avif_with_items(exif, references=describes),
        "xmp": avif_with_items(xmp, references=describes),
        "exif and xmp": avif_with_items(exif, xmp, references=[*describes, (b"cdsc", 3, [1])]),
        "thumbnail": avif_with_items(other, references=[(b"thmb", 2, [1])]),
        "second picture": avif_with_items(other),
        "item name": avif_with_items(item=SECRET + b"\0"),
        "handler name": avif_with_items(name=SECRET + b"\0"),
        "description": avif_with_items(prop=box(b"udes", bytes(4), b"en\0", SECRET, b"\0\0\0")),
        "brand": avif_with_items(brands=b"avif" + SECRET[:4] + b"mif1avifmiaf" + SECRET + b"\0\0"),
        "first": avif_with_items(before=uuid),
        "between": avif_with_items(between=uuid),
        "free": avif_with_items(between=box(b"free", SECRET)),
        "movie": avif_with_items(brands=b"avif\0\0\0\0mif1avifavismsf1", between=movie),
        "within": avif_with_items(inside=uuid),
        "link": avif_with_items(inside=box(b"dinf", box(b"dref", bytes(7), b"\1", link))),
        "gap": avif_with_items(gap=SECRET),
        "inner gap": avif_with_items(gap=SECRET, idat=b"\1"),
        "box after": plain + uuid,
        "data after": plain + box(b"mdat", SECRET),
        "after end": plain + SECRET,
    }
