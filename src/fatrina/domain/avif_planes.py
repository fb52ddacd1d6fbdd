"""The planes of an AVIF: how much memory decoding takes, calculated from the header."""

from dataclasses import dataclass
from typing import Final

from fatrina.domain import errors
from fatrina.domain.metadata_stripping import Buffer, properties
from fatrina.domain.photo import ImageInfo, Limits

# AV1 in ISOBMFF, 2.3.3: the third byte of the `av1C` box.
_HIGH, _TWELVE, _MONOCHROME, _HALF_WIDTH, _HALF_HEIGHT = 0x40, 0x20, 0x10, 0x08, 0x04
_DEPTHS: Final = {0: 8, _HIGH: 10, _HIGH | _TWELVE: 12}
_DEPTH_BYTE: Final = 2
# Measured: memory of the process with the decoder's own tables, then bytes per pixel: in the
# planes, and twice as colours of eight bits.
_BASE_BYTES: Final = 160_000_000
_EIGHT_BIT_COPIES: Final = 2
_ALPHA_MERGE_BYTES: Final = 2.5  # additional bytes per pixel, where colours and alpha are merged
_DEEP_SAMPLE_BYTES: Final = 2  # bytes of a sample of more than 8 bits


@dataclass(frozen=True, slots=True)
class Planes:
    """The coding of an AVIF's pixels."""

    bits: int
    chroma: str
    """4:0:0 (grey), 4:2:0, 4:2:2 or 4:4:4."""
    alpha: bool

    @property
    def pixel_bytes(self) -> float:
        """Bytes of memory that decoding takes per pixel."""
        chroma = {"4:0:0": 0.0, "4:2:0": 0.5, "4:2:2": 1.0}.get(self.chroma, 2.0)
        samples = 1 + chroma + self.alpha
        colours = 3 if chroma else 1
        deep = 1 if self.bits == _DEPTHS[0] else _DEEP_SAMPLE_BYTES
        return (
            samples * deep
            + _EIGHT_BIT_COPIES * (colours + self.alpha)
            + _ALPHA_MERGE_BYTES * self.alpha
        )


def read(data: Buffer, *, alpha: bool) -> Planes | None:
    """Return what the header says about the image or its first tile; None if it says nothing."""
    box = properties.read(data).find(b"av1C")
    if box is None or box.stop - box.body_start <= _DEPTH_BYTE:
        return None
    flags = data[box.body_start + _DEPTH_BYTE]
    bits = _DEPTHS.get(flags & (_HIGH | _TWELVE), 8)
    if flags & _MONOCHROME:
        return Planes(bits, "4:0:0", alpha)
    half = flags & (_HALF_WIDTH | _HALF_HEIGHT)
    chroma = {_HALF_WIDTH | _HALF_HEIGHT: "4:2:0", _HALF_WIDTH: "4:2:2"}.get(half, "4:4:4")
    return Planes(bits, chroma, alpha)


def check_limits(planes: Planes, info: ImageInfo, limits: Limits) -> None:
    """Reject an AVIF whose decoding would exceed the memory limit, before decoding starts.

    Raises:
        errors.PhotoAvifTooManyPixels: it has more pixels than the limit allows for these planes.
    """
    limit = int((limits.memory - _BASE_BYTES) / planes.pixel_bytes)
    if info.width * info.height > limit:
        raise errors.PhotoAvifTooManyPixels(
            width=info.width,
            height=info.height,
            limit=limit,
            bits=planes.bits,
            kind=planes.chroma + ("+A" if planes.alpha else ""),
        )
