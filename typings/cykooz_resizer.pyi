"""What is used of cykooz-resizer 4.0, which brings hints and does not say so (no `py.typed`)."""

from enum import Enum

class PixelType(Enum):
    U8 = 1
    U8x2 = 2
    U8x3 = 3
    U8x4 = 4

class FilterType(Enum):
    lanczos3 = 5

class CpuExtensions(Enum):
    none = 1

class ResizeAlg:
    @classmethod
    def convolution(cls, filter_type: FilterType) -> ResizeAlg: ...

class ResizeOptions:
    def __init__(self, resize_alg: ResizeAlg) -> None: ...

class ImageData:
    def __init__(
        self, width: int, height: int, pixel_type: PixelType, pixels: bytes | None = None
    ) -> None: ...
    def get_buffer(self) -> bytes: ...

class Resizer:
    cpu_extensions: CpuExtensions
    def resize(self, src_image: ImageData, dst_image: ImageData, options: ResizeOptions) -> None: ...
