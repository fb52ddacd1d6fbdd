"""Test whether an embedded ICC profile is sRGB, so that the conversion to sRGB can be skipped."""

from struct import Struct, error
from typing import Final

# ICC.1:2022, 7.2 (header), 7.3 (tag table), 10.6, 10.18 and 10.31 (curve, parametric, XYZ types).
_HEADER_BYTES: Final = 128
_MAX_TAGS: Final = 100
_U32: Final = Struct(">I")
_TAG: Final = Struct(">4sII")
_FIXED_POINT_ONE: Final = 65536.0

# IEC 61966-2-1 primaries, adapted to D50, as in the ICC's own sRGB profiles.
_PRIMARIES: Final = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_CURVE_TAGS: Final = (b"rTRC", b"gTRC", b"bTRC")
# Tables that take precedence over the primaries: a profile with one of them need not match its
# primaries.
_TABLE_TAGS: Final = (b"A2B0", b"A2B1", b"D2B0", b"D2B1")
_PRIMARY_TOLERANCE: Final = 0.002
_CURVE_TOLERANCE: Final = 0.004  # one step of 8 bits


def is_srgb(profile: bytes) -> bool:
    """Compare primaries and tone curves (not names) with sRGB's; False for unreadable profiles."""
    try:
        tags = _read_tags(profile)
        return (
            profile[12:16] == b"mntr"
            and profile[16:20] == b"RGB "
            and not any(table in tags for table in _TABLE_TAGS)
            and all(_is_close(_read_xyz(tags[name]), wanted) for name, wanted in _PRIMARIES.items())
            and all(_is_srgb_curve(tags[name]) for name in _CURVE_TAGS)
        )
    except (KeyError, error, ZeroDivisionError, OverflowError, TypeError):
        return False


def _read_tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = _U32.unpack_from(profile, _HEADER_BYTES)
    rows = (
        _TAG.unpack_from(profile, _HEADER_BYTES + 4 + 12 * row)
        for row in range(min(count, _MAX_TAGS))
    )
    return {name: profile[at : at + size] for name, at, size in rows}


def _read_fixed(data: bytes, at: int, count: int) -> tuple[float, ...]:
    return tuple(value / _FIXED_POINT_ONE for value in Struct(f">{count}i").unpack_from(data, at))


def _read_xyz(tag: bytes) -> tuple[float, ...]:
    return _read_fixed(tag, 8, 3)


def _is_close(seen: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= _PRIMARY_TOLERANCE for a, b in zip(seen, wanted, strict=True))


def _is_srgb_curve(tag: bytes) -> bool:
    points = [step / 32 for step in range(33)]
    return all(
        abs(_evaluate_curve(tag, x) - _srgb_to_linear(x)) <= _CURVE_TOLERANCE for x in points
    )


def _srgb_to_linear(x: float) -> float:
    return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  IEC 61966-2-1


def _evaluate_curve(tag: bytes, x: float) -> float:
    """Return the linear value of `x` by a `curv` table or a `para` function of type 3."""
    if tag[:4] == b"para" and tag[8:10] == b"\x00\x03":
        g, a, b, c, d = _read_fixed(tag, 12, 5)
        return (a * x + b) ** g if x >= d else c * x
    if tag[:4] != b"curv":
        raise KeyError(tag[:4])
    (count,) = _U32.unpack_from(tag, 8)
    at = x * (count - 1)
    low = min(int(at), count - 2)
    first, second = Struct(">2H").unpack_from(tag, 12 + 2 * low)
    return float(first + (second - first) * (at - low)) / 65535
