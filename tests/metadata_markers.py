"""Photos that tell more than they show: a secret in each place where a container has room."""

import zlib
from collections.abc import Sequence
from functools import cache

from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.containers import (
    Item,
    after_screen,
    avif_of,
    box,
    boxes_of,
    chunk,
    extended,
    icc_segments,
    riff,
    riffs_of,
    segment,
    sub_blocks,
    tiff,
    webp_of,
    with_chunks,
    with_segments,
)

SECRET = b"SECRET-GPS-24.7136"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


@cache
def everywhere() -> dict[str, tuple[ImageFormat, bytes]]:
    """Give all of them, by kind and place; libvips decodes every one."""
    kinds = (
        (ImageFormat.JPEG, jpegs()),
        (ImageFormat.PNG, pngs()),
        (ImageFormat.WEBP, webps()),
        (ImageFormat.GIF, gifs()),
        (ImageFormat.AVIF, avifs()),
    )
    return {
        f"{kind.name.lower()} {place}": (kind, photo)
        for kind, photos in kinds
        for place, photo in photos.items()
    }


def jpegs() -> dict[str, bytes]:
    """Give JPEGs by place."""
    plain, scans, icc = (
        sample_photos.jpeg(),
        sample_photos.jpeg(progressive=True),
        sample_photos.profile(),
    )
    exif = segment(0xE1, b"Exif\0\0" + tiff(6, text=SECRET))
    jfif = b"JFIF\0\1\1\0\0\1\0\1"
    parts = {
        "exif": exif,
        "exif twice": exif + exif,
        "exif upright": segment(0xE1, b"Exif\0\0" + tiff(1, text=SECRET)),
        "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "more xmp": segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + XMP),
        "iptc": segment(0xED, b"Photoshop 3.0\0008BIM\4\4\0\0\0\0\0\x17\x1c\2\x78\0\x12" + SECRET),
        "comment": segment(0xFE, SECRET),
        "jfif thumbnail": segment(0xE0, jfif + b"\3\2" + SECRET),
        "jfxx thumbnail": segment(0xE0, jfif + b"\0\0") + segment(0xE0, b"JFXX\0\x10" + SECRET),
        "maker": segment(0xE4, SECRET),
        "c2pa": segment(0xEB, b"JP\0\0" + SECRET),
        "adobe tail": segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET),
        "profile tail": b"".join(icc_segments(icc + SECRET)),
        "profile twice": b"".join(icc_segments(icc) + icc_segments(SECRET * 20)),
        "no profile": b"".join(icc_segments(SECRET * 20)),
        "stray": segment(0xEF) + SECRET,
        "stray after length": b"\xff\xe5\0\0" + SECRET,
        "line count": segment(0xDC, b"\0\1" + SECRET),
    }
    photos = {place: with_segments(plain, part) for place, part in parts.items()}
    return photos | {
        "between scans": with_segments(scans, segment(0xFE, SECRET), before=b"\xff\xda"),
        "exif between scans": with_segments(scans, exif, before=b"\xff\xda"),
        "stray between scans": with_segments(scans, segment(0xE9), SECRET, before=b"\xff\xda"),
        "after scan": plain[:-2] + segment(0xFE, SECRET) + SECRET + plain[-2:],
        "after end": plain + SECRET,
        "second picture": mpo(),
    }


def mpo() -> bytes:
    """Give a JPEG as phones write them: a second one follows it, that its head points to."""
    second = with_segments(sample_photos.jpeg(seed=2), segment(0xFE, SECRET))
    index = segment(0xE2, b"MPF\0MM\0*\0\0\0\x08" + bytes(60) + SECRET)
    return with_segments(sample_photos.jpeg(), index) + second


def pngs() -> dict[str, bytes]:
    """Give PNGs by place."""
    plain, icc = sample_photos.png(), sample_photos.profile()
    stored = zlib.compress(icc)
    parts = {
        "text": chunk(b"tEXt", b"Comment\0" + SECRET),
        "compressed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(SECRET, 0)),
        "international text": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "exif": chunk(b"eXIf", tiff(6, text=SECRET)),
        "exif twice": chunk(b"eXIf", tiff(6, text=SECRET)) + chunk(b"eXIf", tiff(3, text=SECRET)),
        "exif upright": chunk(b"eXIf", tiff(1, text=SECRET)),
        "no exif": chunk(b"eXIf", SECRET),
        "private": chunk(b"seCt", SECRET),
        "histogram": chunk(b"hIST", SECRET),
        "suggested palette": chunk(b"sPLT", SECRET + b"\0\x08" + bytes(6)),
        "gamma too long": chunk(b"gAMA", b"\0\0\xb1\x8f" + SECRET),
        "profile name": chunk(b"iCCP", SECRET + b"\0\0" + stored),
        "profile tail": chunk(b"iCCP", b"icc\0\0" + stored + SECRET),
        "profile after its end": chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc + SECRET, 0)),
        "no profile": chunk(b"iCCP", b"icc\0\0" + zlib.compress(SECRET * 20, 0)),
        "no zlib": chunk(b"iCCP", b"icc\0\0" + SECRET),
        "frame without animation": chunk(b"fdAT", bytes(4) + SECRET),
    }
    photos = {place: with_chunks(plain, part) for place, part in parts.items()}
    late = chunk(b"eXIf", tiff(6, text=SECRET))
    again = chunk(b"tIME", bytes(7)) + chunk(b"IDAT", SECRET)
    return photos | {
        "late exif": with_chunks(plain, late, end=True),
        "late text": with_chunks(plain, chunk(b"tEXt", b"a\0" + SECRET), end=True),
        "late picture": with_chunks(plain, again, end=True),
        "end": plain[:-12] + chunk(b"IEND", SECRET),
        "after end": plain + SECRET,
    }


def webps() -> dict[str, bytes]:
    """Give WebPs by place."""
    plain, moving = sample_photos.webp(), sample_photos.webp(frames=3)
    size = (sample_photos.WIDTH, sample_photos.HEIGHT)
    exif, unknown = riff(b"EXIF", tiff(6, text=SECRET)), riff(b"SECR", SECRET)
    head, loops, frame, *frames = riffs_of(moving)
    rest = [riff(*part) for part in frames]
    still = riffs_of(extended(plain, *size))
    prefixed = riff(b"EXIF", b"Exif\0\0" + tiff(6, text=SECRET))
    return {
        "exif": extended(plain, *size, last=[exif]),
        "exif with prefix": extended(plain, *size, last=[prefixed]),
        "exif upright": extended(plain, *size, last=[riff(b"EXIF", tiff(1, text=SECRET))]),
        "exif of animation": extended(moving, *size, last=[exif]),
        "xmp": extended(plain, *size, last=[riff(b"XMP ", XMP)]),
        "unknown first": extended(plain, *size, first=[unknown]),
        "unknown last": extended(plain, *size, last=[unknown]),
        "profile tail": extended(
            plain, *size, first=[riff(b"ICCP", sample_photos.profile() + SECRET)]
        ),
        "no profile": extended(plain, *size, first=[riff(b"ICCP", SECRET * 20)]),
        "unannounced": webp_of(*[riff(*part) for part in still], exif),
        "after picture": webp_of(*[riff(*part) for part in riffs_of(plain)], unknown),
        "after end": plain + SECRET,
        "flags tail": webp_of(riff(b"VP8X", still[0][1] + SECRET), riff(*still[1])),
        "loops tail": webp_of(riff(*head), riff(b"ANIM", loops[1] + SECRET), riff(*frame), *rest),
        "within frame": webp_of(
            riff(*head), riff(*loops), riff(b"ANMF", frame[1] + unknown), *rest
        ),
    }


def gifs() -> dict[str, bytes]:
    """Give GIFs by place."""
    plain, moving = sample_photos.gif(), sample_photos.gif(frames=3)
    blocks = {
        "comment": b"!\xfe" + sub_blocks(SECRET),
        "long comment": b"!\xfe" + sub_blocks(SECRET * 100),
        "plain text": b"!\x01\x0c" + bytes(12) + sub_blocks(SECRET),
        "xmp": b"!\xff\x0bXMP DataXMP" + XMP + bytes([1, *range(255, -1, -1), 0]),
        "application": b"!\xff\x0bSECRETAPP10" + sub_blocks(SECRET),
        "profile": b"!\xff\x0bICCRGBG1012" + sub_blocks(SECRET),
        "loops": b"!\xff\x0bNETSCAPE2.0\3\1\0\0" + sub_blocks(SECRET),
        "unknown": b"!\x77" + sub_blocks(SECRET),
    }
    at = moving.index(b"!\xf9\4")
    control = moving[at + 2 : at + 8]
    longer = bytes([4 + len(SECRET)]) + control[1:5] + SECRET + b"\0"
    further = control[:5] + sub_blocks(SECRET)
    photos = {
        place: moving[: after_screen(moving)] + block + moving[after_screen(moving) :]
        for place, block in blocks.items()
    }
    return photos | {
        "control tail": moving[: at + 2] + longer + moving[at + 8 :],
        "control goes on": moving[: at + 2] + further + moving[at + 8 :],
        "last": moving[:-1] + blocks["comment"] + b";",
        "instead of trailer": plain[:-1] + b"x" + SECRET,
        "after end": plain + SECRET,
    }


@cache
def parts_of_avif(*, seed: int = 1) -> tuple[bytes, list[bytes]]:
    """Give the coded picture of a drawn AVIF, and its properties."""
    top = dict(boxes_of(sample_photos.avif(seed=seed)))
    described = dict(boxes_of(top[b"meta"][4:]))
    owned = boxes_of(dict(boxes_of(described[b"iprp"]))[b"ipco"])
    return top[b"mdat"], [box(*prop) for prop in owned]


def avif_with(
    *others: Item, references: Sequence[tuple[bytes, int, Sequence[int]]] = (), **rest: bytes
) -> bytes:
    """Build an AVIF of a drawn picture and other items, all with the picture's properties."""
    data, properties = parts_of_avif()
    extra = rest.pop("prop", b"")
    owned = list(range(1, len(properties) + 1))
    properties = [*properties, extra] if extra else properties
    items = [Item(b"av01", data, rest.pop("item", b"\0"), inner="idat" in rest), *others]
    rest.pop("idat", None)
    those = [owned if item.kind == b"av01" else [] for item in items]
    return avif_of(items, properties, those, references=references, **rest)


def avifs() -> dict[str, bytes]:
    """Give AVIFs by place."""
    exif = Item(b"Exif", bytes(4) + tiff(6, text=SECRET), flags=1)
    xmp = Item(b"mime", XMP, b"\0application/rdf+xml\0" + SECRET + b"\0", flags=1)
    other = Item(b"av01", parts_of_avif(seed=2)[0] + SECRET)
    uuid = box(b"uuid", bytes(16), SECRET)
    header = box(b"mvhd", bytes(12), b"\0\0\3\xe8\0\0\3\xe8\0\1\0\0\1\0", bytes(70), b"\0\0\0\2")
    film = box(b"moov", header, box(b"udta", box(b"name", SECRET)))
    link = box(b"url ", bytes(4), b"https://example.com/", SECRET, b"\0")
    tells = [(b"cdsc", 2, [1])]
    plain = avif_with()
    return {
        "exif": avif_with(exif, references=tells),
        "xmp": avif_with(xmp, references=tells),
        "exif and xmp": avif_with(exif, xmp, references=[*tells, (b"cdsc", 3, [1])]),
        "thumbnail": avif_with(other, references=[(b"thmb", 2, [1])]),
        "second picture": avif_with(other),
        "item name": avif_with(item=SECRET + b"\0"),
        "handler name": avif_with(name=SECRET + b"\0"),
        "description": avif_with(prop=box(b"udes", bytes(4), b"en\0", SECRET, b"\0\0\0")),
        "brand": avif_with(brands=b"avif" + SECRET[:4] + b"mif1avifmiaf" + SECRET + b"\0\0"),
        "first": avif_with(before=uuid),
        "between": avif_with(between=uuid),
        "free": avif_with(between=box(b"free", SECRET)),
        "film": avif_with(brands=b"avif\0\0\0\0mif1avifavismsf1", between=film),
        "within": avif_with(inside=uuid),
        "link": avif_with(inside=box(b"dinf", box(b"dref", bytes(7), b"\1", link))),
        "gap": avif_with(gap=SECRET),
        "inner gap": avif_with(gap=SECRET, idat=b"\1"),
        "box after": plain + uuid,
        "data after": plain + box(b"mdat", SECRET),
        "after end": plain + SECRET,
    }
