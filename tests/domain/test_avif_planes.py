"""The header of an AVIF says how much memory its decoding takes."""

import pytest
import pyvips

from fatrina.domain import avif_planes, errors
from fatrina.domain.avif_planes import Planes
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits
from tests import sample_photos


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize(("mode", "chroma"), [("on", "4:2:0"), ("off", "4:4:4")])
def test_the_header_is_read(bits: int, mode: str, chroma: str) -> None:
    picture = sample_photos.draw_image(16, 16)
    data = picture.heifsave_buffer(
        compression="av1",
        effort=0,
        bitdepth=bits,
        subsample_mode=getattr(pyvips.enums.ForeignSubsample, mode.upper()),
    )
    assert avif_planes.read(data, alpha=True) == Planes(bits, chroma, alpha=True)


def test_what_is_no_avif_says_nothing() -> None:
    assert avif_planes.read(b"", alpha=False) is None
    assert avif_planes.read(sample_photos.avif(width=16, height=16)[:200], alpha=False) is None


def test_a_10_bit_photo_of_24_megapixels_fits() -> None:
    avif_planes.check_limits(
        Planes(10, "4:2:0", alpha=False), ImageInfo(ImageFormat.AVIF, 5712, 4284), Limits()
    )


def test_what_does_not_fit_is_rejected_with_the_limit_of_its_class() -> None:
    with pytest.raises(errors.PhotoAvifTooManyPixels) as refusal:
        avif_planes.check_limits(
            Planes(12, "4:4:4", alpha=True), ImageInfo(ImageFormat.AVIF, 5712, 4284), Limits()
        )
    seen = refusal.value.params
    assert (seen["bits"], seen["kind"]) == (12, "4:4:4+A")
    assert isinstance(seen["limit"], int)
    assert seen["limit"] < 5712 * 4284
