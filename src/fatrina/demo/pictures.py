"""Product photos, drawn on the spot: no two runs draw the same ones."""

from random import Random
from struct import pack
from typing import Final, NamedTuple

import pyvips

from fatrina.demo.scenes import drawing

CAMERA: Final = "Fatrina Demo Camera"
PLACE: Final = "24°43' N 46°40' E"

_WIDE, _HIGH, _SQUARE = 1440, 1080, 1200
_GRAIN: Final = 3.0
_ON_ITS_SIDE: Final = 6  # EXIF orientation: turn clockwise to see it upright
# EXIF 2.32: TIFF types, and the tags that are written.
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_MODEL, _ORIENTATION, _GPS = 0x0110, 0x0112, 0x8825


class Drawn(NamedTuple):
    """A photo, and what is to be said of it."""

    file: str
    data: bytes
    about: str


def snapshot(name: str, chance: Random) -> Drawn:
    """A JPEG as a telephone writes it: lying on its side, with its camera's name and its place."""
    upright = _image(drawing(name, chance.random(), _WIDE, _HIGH), chance).flatten()
    data: bytes = upright.rot("d270").jpegsave_buffer(Q=90, keep="none")
    data = data[:2] + _exif() + data[2:]
    about = f"JPEG on its side, by “{CAMERA}”, taken at {PLACE}"
    return Drawn(f"{name}.jpg", data, about)


def cut_out(name: str, chance: Random) -> Drawn:
    """A PNG with nothing behind the product."""
    image = _image(drawing(name, chance.random(), _SQUARE, _SQUARE, room=False), chance)
    return Drawn(f"{name}.png", image.pngsave_buffer(keep="none"), "PNG with transparency")


def shop_photo(name: str, chance: Random) -> Drawn:
    """A WebP as a web shop keeps it."""
    image = _image(drawing(name, chance.random(), _SQUARE, _SQUARE), chance).flatten()
    return Drawn(f"{name}.webp", image.webpsave_buffer(Q=88, effort=1, keep="none"), "WebP")


def tells(data: bytes) -> str:
    """What a picture says besides its pixels, as an EXIF reader sees it."""
    image = pyvips.Image.new_from_buffer(data, "")
    fields = {field.rpartition("-")[2]: field for field in image.get_fields()}
    told = []
    if "Model" in fields:
        told.append("camera " + str(image.get(fields["Model"])).partition(" (")[0])
    if "GPSLatitude" in fields:
        degrees, minutes, *_ = str(image.get(fields["GPSLatitude"])).replace("/1", "").split()
        told.append(f"place {degrees}°{minutes}' N …")
    return ", ".join(told) or "nothing"


def _image(svg: str, chance: Random) -> pyvips.Image:
    """A drawing with the grain of a photo."""
    image = pyvips.Image.svgload_buffer(svg.encode()).copy_memory()
    seed = chance.randrange(2**31)
    grain = pyvips.Image.gaussnoise(image.width, image.height, sigma=_GRAIN, mean=0, seed=seed)
    grainy = image.extract_band(0, n=3) + grain
    return grainy.bandjoin(image.extract_band(3)).cast("uchar").copy(interpretation="srgb")


def _exif() -> bytes:
    model = CAMERA.encode() + b"\0"
    head, entries, gps_entries = 8, 3, 4
    after = head + 2 + 12 * entries + 4
    gps = after + len(model) + len(model) % 2
    degrees = gps + 2 + 12 * gps_entries + 4
    main = pack(">H", entries)
    main += _entry(_MODEL, _ASCII, len(model), pack(">I", after))
    main += _entry(_ORIENTATION, _SHORT, 1, pack(">HH", _ON_ITS_SIDE, 0))
    main += _entry(_GPS, _LONG, 1, pack(">I", gps)) + bytes(4)
    main += model + bytes(len(model) % 2)
    place = pack(">H", gps_entries)
    place += _entry(1, _ASCII, 2, b"N\0\0\0") + _entry(2, _RATIONAL, 3, pack(">I", degrees))
    place += _entry(3, _ASCII, 2, b"E\0\0\0") + _entry(4, _RATIONAL, 3, pack(">I", degrees + 24))
    place += bytes(4) + pack(">12I", 24, 1, 43, 1, 0, 1, 46, 1, 40, 1, 0, 1)
    tiff = b"Exif\0\0" + b"MM\0*" + pack(">I", head) + main + place
    return b"\xff\xe1" + pack(">H", len(tiff) + 2) + tiff


def _entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return pack(">HHI", tag, kind, count) + value
