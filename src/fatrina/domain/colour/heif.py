"""Read the colour space that an AVIF or HEIC declares by code points, in an `nclx` property.

An ICC profile takes precedence (MIAF, ISO/IEC 23000-22, 7.3.6.4): then the code points only say how
the planes are converted to colours.
"""

from fatrina.domain.colour.colour_space import ColourSpace
from fatrina.domain.metadata_stripping.properties import Properties
from fatrina.domain.metadata_stripping.segments import Buffer

_NCLX_BYTES = 11  # the type, two code points and the matrix, two bytes each, and the range


def read_colour_space(data: Buffer, properties: Properties) -> ColourSpace | None:
    """Return the colour space of the image itself, or of the first tile that declares one."""
    for item in properties.items:
        for box in item:
            at = box.body_start
            if (
                box.type == b"colr"
                and data[at : at + 4] == b"nclx"
                and box.stop - at >= _NCLX_BYTES
            ):
                codes = [int.from_bytes(data[i : i + 2], "big") for i in (at + 4, at + 6)]
                return ColourSpace.from_code_points(*codes)
    return None
