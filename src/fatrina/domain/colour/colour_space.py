"""A declared colour space, and the ICC profile that describes it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from fatrina.domain.colour import cicp, icc
from fatrina.domain.colour.cicp import BT_709, Primaries

_TOLERANCE: Final = 0.002
"""Difference of chromaticities that is attributed to rounding."""


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """Primaries, and a transfer function given by its code or by its exponent."""

    primaries: Primaries
    transfer: int = cicp.SRGB
    gamma: float | None = None
    """Exponent that converts coded values to linear light; it takes precedence over the code."""

    @classmethod
    def from_code_points(cls, primaries: int, transfer: int) -> Self:
        """Return the colour space for code points (ITU-T H.273); sRGB for unspecified ones."""
        transfer = transfer if transfer in cicp.TRANSFERS else cicp.SRGB
        return cls(cicp.PRIMARIES.get(primaries, BT_709), transfer)

    @property
    def is_srgb(self) -> bool:
        """Whether no conversion is needed."""
        return self.has_srgb_primaries and self.has_srgb_curve

    @property
    def has_srgb_primaries(self) -> bool:
        """Whether the primaries are those of BT.709, which sRGB uses."""
        pairs = zip(self.primaries, BT_709, strict=True)
        return all(abs(a[i] - b[i]) <= _TOLERANCE for a, b in pairs for i in range(2))

    @property
    def has_srgb_curve(self) -> bool:
        """Whether the transfer function is that of sRGB."""
        return self.gamma is None and self.transfer == cicp.SRGB

    def to_linear(self, value: float) -> float:
        """Return the linear light of a coded value."""
        return (
            cicp.to_linear(self.transfer, value) if self.gamma is None else float(value**self.gamma)
        )


@lru_cache(maxsize=8)
def build_profile(colour_space: ColourSpace, *, grey: bool) -> bytes:
    """Return the ICC profile of a colour space, for a colour or grey photo; empty for sRGB.

    An impossible colour space is treated as sRGB, like a profile that does not match the image.
    """
    if colour_space.is_srgb or (grey and colour_space.has_srgb_curve):
        return b""
    try:
        return (
            icc.grey_profile(colour_space.to_linear)
            if grey
            else icc.rgb_profile(colour_space.primaries, colour_space.to_linear)
        )
    except (ValueError, OverflowError):
        return b""
