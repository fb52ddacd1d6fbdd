"""Seven kinds of photo, generated here or taken from a folder of real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pyvips

# GIF before AVIF: in a thread that has encoded an AVIF, libvips can need three times as long for a
# GIF.
KINDS = ("cam12", "shop2", "cut4", "prog12", "webp4", "gif1", "avif3")
"""The order in a mix; the first three are also measured alone."""
MAIN = ("cam12", "shop2", "cut4")

_SIDEWAYS = 6
_ALPHA = 4
_MEGA = 1_000_000
_BIG = 8 * _MEGA
_SMALL = 4 * _MEGA


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo in two variants with different bytes and the same pixels."""

    name: str
    paths: tuple[Path, Path]
    about: str

    @property
    def data(self) -> bytes:
        return self.paths[0].read_bytes()


def collect(folder: Path, real: Path | None) -> dict[str, Photo]:
    """Return a photo of each kind: real where `real` has one, otherwise generated in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    found = _real(real) if real else {}
    photos = {}
    for kind in KINDS:
        source = found.get(kind)
        suffix = source.suffix if source else _SUFFIX.get(kind, ".jpg")
        first = folder / f"{kind}{'-real' if source else ''}{suffix}"
        if source:
            first.write_bytes(source.read_bytes())
        elif not first.exists():
            first.write_bytes(_DRAW[kind]())
        second = first.with_stem(first.stem + "-other")
        second.write_bytes(varied(first.read_bytes()))
        image = pyvips.Image.new_from_file(str(first))
        about = (
            f"{'real' if source else 'generated'}, {image.width}x{image.height}, "
            f"{first.stat().st_size / _MEGA:.2f} MB"
        )
        photos[kind] = Photo(kind, (first, second), about)
    return photos


def _real(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        kind = _kind(path)
        if kind:
            found.setdefault(kind, path)
    return found


def _kind(path: Path) -> str | None:
    suffix = path.suffix.lower()
    others = {".webp": "webp4", ".avif": "avif3", ".gif": "gif1"}
    if suffix in others:
        return others[suffix]
    if suffix not in {".jpg", ".jpeg", ".png"}:
        return None
    image = pyvips.Image.new_from_file(str(path))
    pixels = image.width * image.height
    if suffix == ".png":
        return "cut4" if image.bands == _ALPHA else None
    if image.get_typeof("interlaced") and image.get("interlaced"):
        return "prog12"
    return "cam12" if pixels > _BIG else "shop2" if pixels < _SMALL else None


def _scene(width: int, height: int, grain: float, seed: int) -> pyvips.Image:
    """Return light, texture, edges and sensor noise that compress like a photo."""
    xy = pyvips.Image.xyz(width, height)
    x, y = xy[0] / width, xy[1] / height
    light = (x * 90 + y * 60 + 50).bandjoin([y * 110 + 60, (1 - x) * 80 + y * 40 + 60])
    texture = pyvips.Image.perlin(width, height, cell_size=64, seed=seed) * 28
    texture += pyvips.Image.perlin(width, height, cell_size=16, seed=seed + 1) * 14
    texture += pyvips.Image.perlin(width, height, cell_size=6, seed=seed + 2) * 9
    rings = ((x - 0.4) ** 2 + (y - 0.5) ** 2) ** 0.5 * 40
    edges = (rings % 4 < 2).ifthenelse(38, 0) + ((x * 23 + y * 17) % 3 < 1).ifthenelse(-25, 0)  # noqa: PLR2004
    noise = pyvips.Image.gaussnoise(width, height, sigma=grain, mean=0, seed=seed + 3)
    image = light + texture + edges.gaussblur(1.1) + noise
    return image.cast("uchar").copy(interpretation="srgb").copy_memory()


def _camera(width: int, height: int, *, progressive: bool = False) -> bytes:
    image = _scene(width, height, 6.5, 11).icc_transform("srgb", input_profile="srgb")
    image = image.copy()
    # The EXIF data contains the orientation and a maker, like that of a camera.
    image.set_type(pyvips.GValue.gint_type, "orientation", _SIDEWAYS)
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Bench (Bench, ASCII, 6 components)")
    return bytes(image.jpegsave_buffer(Q=90, subsample_mode="on", interlace=progressive))


def _shop() -> bytes:
    image = _scene(1632, 1224, 7.0, 21)
    return bytes(image.jpegsave_buffer(Q=92, subsample_mode="on", keep="none"))


def _cut_out() -> bytes:
    side = 2000
    xy = pyvips.Image.xyz(side, side)
    far = (((xy[0] - side / 2) / 900) ** 2 + ((xy[1] - side / 2) / 800) ** 2) ** 0.5
    alpha = ((1 - far) * 2550 + 128).cast("uchar")
    image = _scene(side, side, 0.6, 31).bandjoin(alpha).copy(interpretation="srgb")
    return bytes(image.pngsave_buffer(compression=6, keep="none"))


def _webp() -> bytes:
    image = _scene(1728, 2304, 6.0, 41)
    return bytes(image.webpsave_buffer(Q=85, effort=2, keep="none"))


def _avif() -> bytes:
    image = _scene(2048, 1536, 5.0, 51)
    return bytes(image.heifsave_buffer(Q=55, compression="av1", effort=1, keep="none"))


def _gif() -> bytes:
    return bytes(_scene(1200, 900, 1.0, 61).gifsave_buffer(effort=3))


_DRAW: dict[str, Callable[[], bytes]] = {
    "cam12": lambda: _camera(4048, 3036),
    "shop2": _shop,
    "cut4": _cut_out,
    "prog12": lambda: _camera(4048, 3036, progressive=True),
    "webp4": _webp,
    "avif3": _avif,
    "gif1": _gif,
}
_SUFFIX = {"cut4": ".png", "webp4": ".webp", "gif1": ".gif", "avif3": ".avif"}


def small() -> bytes:
    """Return a tiny photo: an update with it costs everything except the decoding."""
    return bytes(_scene(160, 120, 3.0, 71).jpegsave_buffer(Q=85, keep="none"))


def varied(data: bytes, note: bytes = b"bench") -> bytes:
    """Return different bytes with the same pixels, by adding a comment."""
    if data[:2] == b"\xff\xd8":
        return data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]
    if data[:4] == b"\x89PNG":
        chunk = b"tEXt" + b"Comment\0" + note
        size = (len(chunk) - 4).to_bytes(4, "big")
        return data[:33] + size + chunk + crc32(chunk).to_bytes(4, "big") + data[33:]
    if data[:4] == b"RIFF":
        note += b" " * (len(note) % 2)
        body = data[8:] + b"note" + len(note).to_bytes(4, "little") + note
        return b"RIFF" + len(body).to_bytes(4, "little") + body
    if data[:3] == b"GIF":
        return data[:-1] + b"\x21\xfe" + bytes([len(note)]) + note + b"\0" + data[-1:]
    return data + (len(note) + 8).to_bytes(4, "big") + b"free" + note
