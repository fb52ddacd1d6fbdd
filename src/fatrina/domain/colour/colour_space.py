"""Colours that a photo declares, and the ICC profile that says the same."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from fatrina.domain.colour import cicp, icc
from fatrina.domain.colour.cicp import BT_709, Primaries

_TOLERANCE: Final = 0.002
"""Difference of chromaticities that is a matter of rounding."""


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """Primaries, and a transfer function by its code or by its exponent."""

    primaries: Primaries
    transfer: int = cicp.SRGB
    gamma: float | None = None
    """The exponent by which coded values become light; it counts more than the code."""

    @classmethod
    def from_code_points(cls, primaries: int, transfer: int) -> Self:
        """Colours by code points (ITU-T H.273); unspecified ones are sRGB's."""
        transfer = transfer if transfer in cicp.TRANSFERS else cicp.SRGB
        return cls(cicp.PRIMARIES.get(primaries, BT_709), transfer)

    @property
    def is_srgb(self) -> bool:
        """Whether nothing has to be converted."""
        return self.has_srgb_primaries and self.has_srgb_curve

    @property
    def has_srgb_primaries(self) -> bool:
        """Whether they are those of BT.709, which sRGB has."""
        pairs = zip(self.primaries, BT_709, strict=True)
        return all(abs(a[i] - b[i]) <= _TOLERANCE for a, b in pairs for i in range(2))

    @property
    def has_srgb_curve(self) -> bool:
        """Whether the transfer function is that of sRGB."""
        return self.gamma is None and self.transfer == cicp.SRGB

    def to_linear(self, value: float) -> float:
        """The light of a coded value."""
        return (
            cicp.to_linear(self.transfer, value) if self.gamma is None else float(value**self.gamma)
        )


@lru_cache(maxsize=8)
def build_profile(colours: ColourSpace, *, grey: bool) -> bytes:
    """The ICC profile of these colours for a photo in colours or in grey; empty for sRGB.

    Colours that cannot be are read as sRGB, as a profile that does not fit is.
    """
    if colours.is_srgb or (grey and colours.has_srgb_curve):
        return b""
    try:
        return (
            icc.grey_profile(colours.to_linear)
            if grey
            else icc.rgb_profile(colours.primaries, colours.to_linear)
        )
    except (ValueError, OverflowError):
        return b""
