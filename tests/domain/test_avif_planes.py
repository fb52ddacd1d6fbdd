"""The memory that decoding an AVIF takes is calculated from its header."""

import pytest
import pyvips

from fatrina.domain import avif_planes, errors
from fatrina.domain.avif_planes import Planes
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits
from tests import sample_photos


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize(("mode", "chroma"), [("on", "4:2:0"), ("off", "4:4:4")])
def test_header_is_parsed(bits: int, mode: str, chroma: str) -> None:
    image = sample_photos.draw_image(16, 16)
    data = image.heifsave_buffer(
        compression="av1",
        effort=0,
        bitdepth=bits,
        subsample_mode=getattr(pyvips.enums.ForeignSubsample, mode.upper()),
    )
    assert avif_planes.read(data, alpha=True) == Planes(bits, chroma, alpha=True)


def test_other_files_return_none() -> None:
    assert avif_planes.read(b"", alpha=False) is None
    assert avif_planes.read(sample_photos.avif(width=16, height=16)[:200], alpha=False) is None


def test_10_bit_photo_of_24_megapixels_is_within_the_limit() -> None:
    avif_planes.check_limits(
        Planes(10, "4:2:0", alpha=False), ImageInfo(ImageFormat.AVIF, 5712, 4284), Limits()
    )


def test_photo_over_the_memory_limit_is_rejected_with_its_pixel_limit() -> None:
    with pytest.raises(errors.PhotoAvifTooManyPixels) as raised:
        avif_planes.check_limits(
            Planes(12, "4:4:4", alpha=True), ImageInfo(ImageFormat.AVIF, 5712, 4284), Limits()
        )
    params = raised.value.params
    assert (params["bits"], params["kind"]) == (12, "4:4:4+A")
    assert isinstance(params["limit"], int)
    assert params["limit"] < 5712 * 4284
