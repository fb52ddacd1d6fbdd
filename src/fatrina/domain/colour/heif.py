"""The colours that an AVIF or HEIC declares by code points, in an `nclx` property.

A profile beside them counts more (MIAF, ISO/IEC 23000-22, 7.3.6.4): then they only say how the
planes become colours.
"""

from fatrina.domain.colour.colour_space import ColourSpace
from fatrina.domain.metadata_stripping.properties import Properties
from fatrina.domain.metadata_stripping.segments import Buffer

_NCLX_BYTES = 11  # of the type, two code points and the matrix, each of two bytes, and the range


def read_colour_space(data: Buffer, found: Properties) -> ColourSpace | None:
    """The colours of the picture itself, or of the first tile that has any."""
    for item in found.items:
        for box in item:
            at = box.body_start
            if (
                box.type == b"colr"
                and data[at : at + 4] == b"nclx"
                and box.stop - at >= _NCLX_BYTES
            ):
                numbers = [int.from_bytes(data[i : i + 2], "big") for i in (at + 4, at + 6)]
                return ColourSpace.from_code_points(*numbers)
    return None
