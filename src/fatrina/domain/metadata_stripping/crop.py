"""Remove the crop (`clap`, ISO/IEC 14496-12, 12.1.4) from a HEIF file and return its area."""

from struct import Struct
from typing import Final, NamedTuple, Self

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import properties
from fatrina.domain.metadata_stripping.boxes import Box

# Width, height, and the offsets of the centre to the right and down, each as a fraction n/d.
_CLAP: Final = Struct(">2I2IiIiI")
_SIZE: Final = Struct(">2I")
_CROP_OUTSIDE: Final = "a crop outside the picture"


class CropArea(NamedTuple):
    """An area of an image, in pixels from its left and upper edges."""

    left: int
    top: int
    width: int
    height: int

    def fits(self, width: int, height: int) -> bool:
        """Return whether the area lies within an image of this size."""
        fits_across = self.left >= 0 and 0 < self.width <= width - self.left
        return fits_across and self.top >= 0 and 0 < self.height <= height - self.top

    def rotate(self, width: int, height: int, quarters: int) -> Self:
        """Return the area after quarter turns, counterclockwise, of an image of this size."""
        area = self
        for _ in range(quarters):
            top = width - area.left - area.width
            area = area._replace(left=area.top, top=top, width=area.height, height=area.width)
            width, height = height, width
        return area

    def mirror(self, width: int, height: int, *, sideways: bool) -> Self:
        """Return the area after the image is mirrored, left to right if `sideways`."""
        if sideways:
            return self._replace(left=width - self.left - self.width)
        return self._replace(top=height - self.top - self.height)


def extract(data: bytes) -> tuple[bytes, CropArea | None]:
    """Return the file with a crop that keeps the complete image, and the area of the original crop.

    Without a crop, the area is `None`. It refers to the upright image, as it is decoded.

    Raises:
        errors.PhotoDamaged: the crop is empty or not within the image.
    """
    primary = (*properties.read(data).items, ())[0]
    kinds = [box.type for box in primary]
    if kinds.count(b"clap") != 1 or b"ispe" not in kinds:
        return data, None
    at = kinds.index(b"clap")
    size, clap = primary[kinds.index(b"ispe")], primary[at]
    if {b"irot", b"imir"} & set(kinds[:at]) or clap.stop - clap.body_start != _CLAP.size:
        return data, None
    width, height = _SIZE.unpack_from(data, size.body_start + 4)
    area = _parse_clap(_CLAP.unpack_from(data, clap.body_start), width, height)
    full_area = _CLAP.pack(width, 1, height, 1, 0, 1, 0, 1)
    uncropped = data[: clap.body_start] + full_area + data[clap.stop :]
    return uncropped, _apply_rotations(data, area, (width, height), primary[at + 1 :])


def _parse_clap(crop: tuple[int, ...], width: int, height: int) -> CropArea:
    width_n, width_d, height_n, height_d, right_n, right_d, down_n, down_d = crop
    if not width_d * height_d * right_d * down_d:
        raise PhotoDamaged(problem=_CROP_OUTSIDE)
    area_width, area_height = width_n // width_d, height_n // height_d
    left = ((width - area_width) * right_d + 2 * right_n) // (2 * right_d)
    top = ((height - area_height) * down_d + 2 * down_n) // (2 * down_d)
    area = CropArea(left, top, area_width, area_height)
    if not area.fits(width, height):
        raise PhotoDamaged(problem=_CROP_OUTSIDE)
    return area


def _apply_rotations(
    data: bytes, area: CropArea, size: tuple[int, int], rotations: tuple[Box, ...]
) -> CropArea:
    for box in rotations:
        parameter = data[box.body_start] if box.type in {b"irot", b"imir"} else 0
        if box.type == b"irot":
            area = area.rotate(*size, parameter & 3)
            size = size[::-1] if parameter & 1 else size
        elif box.type == b"imir":
            area = area.mirror(*size, sideways=bool(parameter & 1))
    return area
