"""Read the colour space that a PNG declares without a profile: cICP, sRGB, gAMA and cHRM.

The order of precedence is cICP, iCCP, sRGB, then gAMA and cHRM (PNG 3rd edition, 4.3 and 11.3.2).
"""

from struct import unpack
from typing import Final

from fatrina.domain.colour.cicp import BT_709, Primaries
from fatrina.domain.colour.colour_space import ColourSpace
from fatrina.domain.metadata_stripping.segments import MAX_SEGMENTS, Buffer

_SIGNATURE_BYTES: Final = 8
_CHUNK_SIZES: Final = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_SCALE: Final = 100_000
# 1/2.2, which is written together with sRGB and means sRGB (PNG 3rd edition, 11.3.2.5).
_SRGB_GAMMA: Final = range(45_000, 46_001)
_VALID_GAMMAS: Final = range(10_000, 1_000_001)  # exponents from 0.1 to 10


def read_colour_space(data: Buffer, *, profiled: bool) -> ColourSpace | None:
    """Return the declared colour space; if `profiled`, only one with precedence over a profile."""
    chunks = _read_colour_chunks(data)
    if cicp := chunks.get(b"cICP"):
        return ColourSpace.from_code_points(cicp[0], cicp[1])
    if profiled or b"sRGB" in chunks:
        return None
    gamma = _parse_gamma(chunks.get(b"gAMA", b""))
    primaries = _parse_primaries(chunks.get(b"cHRM", b""))
    if gamma is None and primaries is None:
        return None
    return ColourSpace(primaries or BT_709, gamma=gamma)


def _read_colour_chunks(data: Buffer) -> dict[bytes, bytes]:
    """Return the colour chunks before the image data; the first of each type counts."""
    found: dict[bytes, bytes] = {}
    at = _SIGNATURE_BYTES
    for _ in range(MAX_SEGMENTS):
        size, chunk_type = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if chunk_type in {b"IDAT", b"IEND", b""}:
            break
        if size == _CHUNK_SIZES.get(chunk_type):
            found.setdefault(chunk_type, data[at + 8 : at + 8 + size])
        at += 12 + size
    return found


def _parse_gamma(chunk: bytes) -> float | None:
    value = int.from_bytes(chunk, "big")
    return _SCALE / value if value in _VALID_GAMMAS and value not in _SRGB_GAMMA else None


def _parse_primaries(chunk: bytes) -> Primaries | None:
    if not chunk:
        return None
    values = [value / _SCALE for value in unpack(">8I", chunk)]
    white, red, green, blue = zip(values[::2], values[1::2], strict=True)
    return Primaries(white, red, green, blue)
