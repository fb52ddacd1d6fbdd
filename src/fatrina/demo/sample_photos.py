"""Generated product photos, different in each run."""

from random import Random
from struct import pack
from typing import Final, NamedTuple

import pyvips

from fatrina.demo.drawings import drawing

CAMERA: Final = "Fatrina Demo Camera"
LOCATION: Final = "24°43' N 46°40' E"

_WIDE, _HIGH, _SQUARE = 1440, 1080, 1200
_GRAIN: Final = 3.0
_ROTATED: Final = 6  # EXIF orientation: rotate clockwise by 90 degrees
# EXIF 2.32: TIFF types and tags.
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_MODEL, _ORIENTATION, _GPS = 0x0110, 0x0112, 0x8825


class SamplePhoto(NamedTuple):
    """A photo with its file name and a description."""

    file: str
    data: bytes
    description: str


def camera_photo(name: str, random: Random) -> SamplePhoto:
    """Return a JPEG like that of a phone: rotated, with camera name and location."""
    upright = _image(drawing(name, random.random(), _WIDE, _HIGH), random).flatten()
    data: bytes = upright.rot("d270").jpegsave_buffer(Q=90, keep="none")
    data = data[:2] + _exif() + data[2:]
    description = f"rotated JPEG, camera “{CAMERA}”, location {LOCATION}"
    return SamplePhoto(f"{name}.jpg", data, description)


def cut_out(name: str, random: Random) -> SamplePhoto:
    """Return a PNG with a transparent background."""
    image = _image(drawing(name, random.random(), _SQUARE, _SQUARE, room=False), random)
    return SamplePhoto(f"{name}.png", image.pngsave_buffer(keep="none"), "PNG with transparency")


def webp_photo(name: str, random: Random) -> SamplePhoto:
    """Return a WebP like those of supplier sites."""
    image = _image(drawing(name, random.random(), _SQUARE, _SQUARE), random).flatten()
    data = image.webpsave_buffer(Q=88, effort=1, keep="none")
    return SamplePhoto(f"{name}.webp", data, "WebP")


def describe_metadata(data: bytes) -> str:
    """Return the camera and location in a file's EXIF data, or "none"."""
    image = pyvips.Image.new_from_buffer(data, "")
    fields = {field.rpartition("-")[2]: field for field in image.get_fields()}
    found = []
    if "Model" in fields:
        found.append("camera " + str(image.get(fields["Model"])).partition(" (")[0])
    if "GPSLatitude" in fields:
        degrees, minutes, *_ = str(image.get(fields["GPSLatitude"])).replace("/1", "").split()
        found.append(f"location {degrees}°{minutes}' N …")
    return ", ".join(found) or "none"


def _image(svg: str, random: Random) -> pyvips.Image:
    """Return a drawing with noise like that of a photo."""
    image = pyvips.Image.svgload_buffer(svg.encode()).copy_memory()
    seed = random.randrange(2**31)
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
    main += _entry(_ORIENTATION, _SHORT, 1, pack(">HH", _ROTATED, 0))
    main += _entry(_GPS, _LONG, 1, pack(">I", gps)) + bytes(4)
    main += model + bytes(len(model) % 2)
    place = pack(">H", gps_entries)
    place += _entry(1, _ASCII, 2, b"N\0\0\0") + _entry(2, _RATIONAL, 3, pack(">I", degrees))
    place += _entry(3, _ASCII, 2, b"E\0\0\0") + _entry(4, _RATIONAL, 3, pack(">I", degrees + 24))
    place += bytes(4) + pack(">12I", 24, 1, 43, 1, 0, 1, 46, 1, 40, 1, 0, 1)
    tiff = b"Exif\0\0" + b"MM\0*" + pack(">I", head) + main + place
    return b"\xff\xe1" + pack(">H", len(tiff) + 2) + tiff


def _entry(tag: int, field_type: int, count: int, value: bytes) -> bytes:
    return pack(">HHI", tag, field_type, count) + value
