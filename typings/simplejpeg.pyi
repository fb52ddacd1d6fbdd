"""What is used of simplejpeg 1.9, which brings hints and does not say so (no `py.typed`)."""

from typing import Any

from numpy import uint8
from numpy.typing import NDArray

def decode_jpeg_header(data: Any) -> tuple[int, int, str, str]: ...
def decode_jpeg(
    data: Any,
    colorspace: str = ...,
    *,
    min_width: int,
    min_height: int,
    fastupsample: bool = ...,
) -> NDArray[uint8]: ...
def encode_jpeg(
    image: NDArray[uint8], quality: int, colorspace: str, colorsubsampling: str
) -> bytes: ...
