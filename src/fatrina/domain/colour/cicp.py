"""Coding-independent code points (ITU-T H.273): primaries and transfer functions, including HDR."""

from math import exp
from typing import Final, NamedTuple

XY = tuple[float, float]


class Primaries(NamedTuple):
    """The chromaticities of a colour space (CIE 1931 x and y)."""

    white: XY
    red: XY
    green: XY
    blue: XY


D65: Final = (0.3127, 0.3290)
_C: Final = (0.310, 0.316)
_SMPTE_170M: Final = Primaries(D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
BT_709: Final = Primaries(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# H.273, table 2. Reserved and unspecified codes are interpreted as BT.709.
PRIMARIES: Final = {
    4: Primaries(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    8: Primaries(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: Primaries(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries(D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}

# H.273, table 3. All others (BT.709, BT.601, BT.2020 and unspecified) are interpreted as sRGB, as
# browsers show them.
GAMMA_22: Final = 4
GAMMA_28: Final = 5
LINEAR: Final = 8
SRGB: Final = 13
PQ: Final = 16
SMPTE_428: Final = 17
HLG: Final = 18
_GAMMAS: Final = {GAMMA_22: 2.2, GAMMA_28: 2.8, LINEAR: 1.0}
TRANSFERS: Final = frozenset({*_GAMMAS, PQ, SMPTE_428, HLG})
"""The codes whose transfer function is not interpreted as that of sRGB."""

_REFERENCE_WHITE_NITS: Final = 203.0  # cd/m² of a white sheet of paper (BT.2408, 2.1)
_PEAK_NITS: Final = 1000.0  # cd/m² of the brightest light that is not clipped
_KNEE: Final = 0.7  # fraction of the reference white up to which light is not compressed
_HLG_GAMMA: Final = 1.2  # of a display of 1,000 cd/m² (BT.2100, table 5)


def to_linear(transfer: int, value: float) -> float:
    """Return the linear light of a coded value, both from 0 to 1; HDR is tone-mapped to SDR."""
    if transfer == PQ:
        return tone_map(_pq_to_nits(value))
    if transfer == HLG:
        return tone_map(_hlg_to_nits(value))
    if transfer == SMPTE_428:
        return min(1.0, float(value**2.6) * 52.37 / 48)
    gamma = _GAMMAS.get(transfer)
    return srgb_to_linear(value) if gamma is None else float(value**gamma)


def srgb_to_linear(value: float) -> float:
    """Return the linear light of a value coded as sRGB (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004


def tone_map(nits: float) -> float:
    """Convert the light of an HDR image, in cd/m², to that of an SDR image, from 0 to 1.

    The reference white of 203 cd/m² is 1.0 on the scale. Up to 0.7 of it, light is not changed;
    above that, the extended Reinhard curve compresses it so that 1,000 cd/m² become 1.
    """
    light = nits / _REFERENCE_WHITE_NITS
    if light <= _KNEE:
        return light
    headroom = 1 - _KNEE
    peak = (_PEAK_NITS / _REFERENCE_WHITE_NITS - _KNEE) / headroom
    excess = min((light - _KNEE) / headroom, peak)
    return _KNEE + headroom * excess * (1 + excess / peak**2) / (1 + excess)


def _pq_to_nits(value: float) -> float:
    """Apply the EOTF of SMPTE ST 2084 (BT.2100, table 4)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = value ** (1 / m2)
    light: float = (max(power - c1, 0.0) / (c2 - c3 * power)) ** (1 / m1)
    return 10_000 * light


def _hlg_to_nits(value: float) -> float:
    """Apply the inverse OETF of BT.2100, table 5, then its OOTF to each colour separately."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value**2 / 3 if value <= 0.5 else (exp((value - c) / a) + b) / 12  # noqa: PLR2004
    return _PEAK_NITS * float(scene**_HLG_GAMMA)
