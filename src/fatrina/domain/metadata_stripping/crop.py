"""The crop of a HEIF file's picture (`clap`, ISO/IEC 14496-12, 12.1.4), to be carried out later."""

from struct import Struct
from typing import Final, NamedTuple, Self

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import properties
from fatrina.domain.metadata_stripping.boxes import Box

# Width, height and the offsets of its centre to the right and downwards, each as a fraction.
_CLAP: Final = Struct(">2I2IiIiI")
_SIZE: Final = Struct(">2I")
_CROP_OUTSIDE: Final = "a crop outside the picture"


class CropArea(NamedTuple):
    """A part of a picture, in whole pixels from its left and upper edges."""

    left: int
    top: int
    width: int
    height: int

    def fits(self, width: int, height: int) -> bool:
        """Whether it is within a picture of this size."""
        across = self.left >= 0 and 0 < self.width <= width - self.left
        return across and self.top >= 0 and 0 < self.height <= height - self.top

    def rotate(self, width: int, height: int, quarters: int) -> Self:
        """The same part after quarter turns against the clock of a picture of this size."""
        part = self
        for _ in range(quarters):
            top = width - part.left - part.width
            part = part._replace(left=part.top, top=top, width=part.height, height=part.width)
            width, height = height, width
        return part

    def mirror(self, width: int, height: int, *, sideways: bool) -> Self:
        """The same part after the picture's sides change places, or its top and bottom."""
        if sideways:
            return self._replace(left=width - self.left - self.width)
        return self._replace(top=height - self.top - self.height)


def extract(data: bytes) -> tuple[bytes, CropArea | None]:
    """The file with a crop that keeps all of the picture, and the part that the crop left.

    None when it has no crop. The part is that of the upright picture, as it is decoded.

    Raises:
        errors.PhotoDamaged: the crop leaves nothing, or is not within the picture.
    """
    own = (*properties.read(data).items, ())[0]
    kinds = [box.type for box in own]
    if kinds.count(b"clap") != 1 or b"ispe" not in kinds:
        return data, None
    at = kinds.index(b"clap")
    size, clap = own[kinds.index(b"ispe")], own[at]
    if {b"irot", b"imir"} & set(kinds[:at]) or clap.stop - clap.body_start != _CLAP.size:
        return data, None
    width, height = _SIZE.unpack_from(data, size.body_start + 4)
    part = _parse_clap(_CLAP.unpack_from(data, clap.body_start), width, height)
    everything = _CLAP.pack(width, 1, height, 1, 0, 1, 0, 1)
    whole = data[: clap.body_start] + everything + data[clap.stop :]
    return whole, _apply_rotations(data, part, (width, height), own[at + 1 :])


def _parse_clap(crop: tuple[int, ...], width: int, height: int) -> CropArea:
    across, across_by, down, down_by, right, right_by, below, below_by = crop
    if not across_by * down_by * right_by * below_by:
        raise PhotoDamaged(problem=_CROP_OUTSIDE)
    wide, high = across // across_by, down // down_by
    left = ((width - wide) * right_by + 2 * right) // (2 * right_by)
    top = ((height - high) * below_by + 2 * below) // (2 * below_by)
    part = CropArea(left, top, wide, high)
    if not part.fits(width, height):
        raise PhotoDamaged(problem=_CROP_OUTSIDE)
    return part


def _apply_rotations(
    data: bytes, part: CropArea, size: tuple[int, int], turns: tuple[Box, ...]
) -> CropArea:
    for box in turns:
        how = data[box.body_start] if box.type in {b"irot", b"imir"} else 0
        if box.type == b"irot":
            part = part.rotate(*size, how & 3)
            size = size[::-1] if how & 1 else size
        elif box.type == b"imir":
            part = part.mirror(*size, sideways=bool(how & 1))
    return part
