"""Formats by first bytes, and header limits: every format, every boundary."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits, check_limits, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    """Return the first box of an ISO base media file: its length, its type and the brands."""
    body = b"ftyp" + major + b"\x00\x00\x00\x00" + b"".join(compatible)
    return (4 + len(body)).to_bytes(4, "big") + body


HEADS = {
    b"\xff\xd8\xff\xe0\x00\x10JFIF": ImageFormat.JPEG,
    b"\xff\xd8\xff\xe1\x00\x10Exif": ImageFormat.JPEG,
    b"\xff\xd8\xff": ImageFormat.JPEG,
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": ImageFormat.PNG,
    b"GIF87a": ImageFormat.GIF,
    b"GIF89a": ImageFormat.GIF,
    b"RIFF\x24\x00\x00\x00WEBPVP8 ": ImageFormat.WEBP,
    b"RIFF\xff\xff\xff\xffWEBPVP8X": ImageFormat.WEBP,
    ftyp(b"avif"): ImageFormat.AVIF,
    ftyp(b"avis", b"msf1"): ImageFormat.AVIF,
    ftyp(b"mif1", b"miaf", b"avif"): ImageFormat.AVIF,
    ftyp(b"heic", b"mif1"): ImageFormat.HEIC,
    ftyp(b"mif1", b"heic"): ImageFormat.HEIC,
    ftyp(b"heix"): ImageFormat.HEIC,
    ftyp(b"heim"): ImageFormat.HEIC,
    ftyp(b"heis"): ImageFormat.HEIC,
    ftyp(b"hevc"): ImageFormat.HEIC,
    ftyp(b"msf1", b"hevx"): ImageFormat.HEIC,
}

UNSUPPORTED = {
    b"II*\x00\x08\x00\x00\x00": "TIFF",
    b"MM\x00*\x00\x00\x00\x08": "TIFF",
    b"BM\x36\x00\x00\x00": "BMP",
    b"%PDF-1.7": "PDF",
    b"8BPS\x00\x01": "Photoshop",
    b"\x00\x00\x01\x00\x01\x00": "ICO",
    b"\xff\x0a\xfa\x7f": "JPEG XL",
    b"\x00\x00\x00\x0cJXL \r\n\x87\n": "JPEG XL",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>": "SVG",
    b"<SVG>": "SVG",
    ftyp(b"isom", b"mp42"): "MP4",
    ftyp(b"qt  "): "QuickTime",
    ftyp(b"mif1", b"j2ki"): "HEIF with JPEG 2000",
    ftyp(b"mif1"): "HEIF",
    ftyp(b"what"): "ISO media file",
    b"PK\x03\x04": "ZIP",
}

UNKNOWN = [
    b"\x00",
    b"\xff\xd8",
    b"\xff\xd8\x00\xff",
    b"\x89PNG",
    b"\x89PNG\n\x1a\n",
    b"GIF",
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"RIFF",
    b"\x00\x00\x00\x18moov",
    b"@/home/me/photo.jpg",
    b"<!doctype html><title>photo</title>",
    b" \xff\xd8\xff\xe0",
    bytes(512),
]


@pytest.mark.parametrize(("head", "image_format"), HEADS.items())
def test_format_is_identified_by_the_first_bytes(head: bytes, image_format: ImageFormat) -> None:
    assert sniff(head) is image_format
    assert sniff(head.ljust(512, b"\x00")) is image_format


@pytest.mark.parametrize(("head", "name"), UNSUPPORTED.items())
def test_unsupported_format_is_named(head: bytes, name: str) -> None:
    with pytest.raises(errors.PhotoUnsupported) as raised:
        sniff(head)
    assert raised.value.params == {"kind": name}


@pytest.mark.parametrize("head", UNKNOWN)
def test_other_bytes_are_not_an_image(head: bytes) -> None:
    with pytest.raises(errors.PhotoNotAnImage):
        sniff(head)


def test_empty_photo() -> None:
    with pytest.raises(errors.PhotoEmpty):
        sniff(b"")


def test_brands_outside_the_ftyp_box_are_ignored() -> None:
    with pytest.raises(errors.PhotoUnsupported):
        sniff(ftyp(b"isom") + b"avif")
    with pytest.raises(errors.PhotoUnsupported):
        sniff(b"\x00\x00\x00\x18ftypisomavif")


def test_avif_takes_precedence_over_heic() -> None:
    assert sniff(ftyp(b"mif1", b"heic", b"avif")) is ImageFormat.AVIF


PREFIXES = st.sampled_from([b"", b"\x00\x00\x00\x20ftyp", *HEADS, *UNSUPPORTED, *UNKNOWN])


@given(PREFIXES, st.binary(max_size=600))
@example(b"\xff\xff\xff\xffftyp", b"")
@example(b"\x00\x00\x00\x00ftyp", b"avif")
def test_arbitrary_bytes_are_identified_or_rejected(prefix: bytes, rest: bytes) -> None:
    try:
        image_format = sniff(prefix + rest)
    except errors.PhotoError as exc:
        assert exc.reason in {"photo_empty", "photo_not_an_image", "photo_unsupported"}  # noqa: PT017 - any of them
    else:
        assert image_format in ImageFormat


@given(st.sampled_from([*HEADS]), st.integers(0, 64))
def test_truncated_head_is_never_another_format(head: bytes, length: int) -> None:
    try:
        image_format = sniff(head[:length])
    except errors.PhotoError:
        return
    assert image_format is HEADS[head]


def test_every_format_has_a_media_type() -> None:
    assert set(HEADS.values()) == set(ImageFormat)
    assert {image_format: image_format.media_type for image_format in ImageFormat} == {
        ImageFormat.JPEG: "image/jpeg",
        ImageFormat.PNG: "image/png",
        ImageFormat.WEBP: "image/webp",
        ImageFormat.GIF: "image/gif",
        ImageFormat.AVIF: "image/avif",
        ImageFormat.HEIC: "image/heic",
    }


def test_only_heic_is_served_as_another_format() -> None:
    assert ImageFormat.HEIC.served_as is ImageFormat.JPEG
    assert all(
        image_format.served_as is image_format
        for image_format in ImageFormat
        if image_format is not ImageFormat.HEIC
    )


LIMITS = Limits(pixels=10_000, pixels_buffered=4_000, pixels_heic=4_000, side=200, frames=5)


@pytest.mark.parametrize(
    "info",
    [
        ImageInfo(ImageFormat.JPEG, 1, 1),
        ImageInfo(ImageFormat.JPEG, 100, 100),
        ImageInfo(ImageFormat.JPEG, 200, 50),
        ImageInfo(ImageFormat.JPEG, 50, 200),
        ImageInfo(ImageFormat.PNG, 100, 40, buffered=True),
        ImageInfo(ImageFormat.GIF, 20, 20, frames=5, buffered=True),
    ],
)
def test_photo_at_its_limits_is_accepted(info: ImageInfo) -> None:
    check_limits(info, LIMITS)


@pytest.mark.parametrize(
    ("info", "error", "params"),
    [
        (
            ImageInfo(ImageFormat.JPEG, 201, 1),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 201, "height": 1},
        ),
        (
            ImageInfo(ImageFormat.JPEG, 1, 201),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 1, "height": 201},
        ),
        (
            ImageInfo(ImageFormat.JPEG, 137, 73),
            errors.PhotoTooManyPixels,
            {"limit": 10_000, "width": 137, "height": 73},
        ),
        (
            ImageInfo(ImageFormat.JPEG, 4_001, 1, buffered=True),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 4_001, "height": 1},
        ),
        (
            ImageInfo(ImageFormat.JPEG, 100, 41, buffered=True),
            errors.PhotoTooManyPixels,
            {"limit": 4_000, "width": 100, "height": 41},
        ),
        (
            ImageInfo(ImageFormat.WEBP, 20, 20, frames=6),
            errors.PhotoTooManyFrames,
            {"limit": 5, "frames": 6},
        ),
    ],
)
def test_photo_over_a_limit_is_rejected(
    info: ImageInfo, error: type[errors.PhotoError], params: dict[str, int]
) -> None:
    with pytest.raises(error) as raised:
        check_limits(info, LIMITS)
    assert type(raised.value) is error
    assert raised.value.params == params


def test_buffered_photo_never_has_the_higher_limit() -> None:
    info = ImageInfo(ImageFormat.JPEG, 101, 100, buffered=True)
    with pytest.raises(errors.PhotoTooManyPixels) as raised:
        check_limits(info, Limits(pixels=10_000, pixels_buffered=40_000))
    assert raised.value.params["limit"] == 10_000


@given(
    st.builds(
        ImageInfo,
        format=st.sampled_from(ImageFormat),
        width=st.integers(1, 300),
        height=st.integers(1, 300),
        frames=st.integers(1, 8),
        buffered=st.booleans(),
    )
)
def test_photo_is_accepted_exactly_within_every_limit(info: ImageInfo) -> None:
    pixels = LIMITS.pixels_buffered if info.buffered else LIMITS.pixels
    keeps = (
        info.width <= LIMITS.side
        and info.height <= LIMITS.side
        and info.width * info.height <= pixels
        and info.frames <= LIMITS.frames
    )
    try:
        check_limits(info, LIMITS)
    except errors.PhotoError:
        assert not keeps
    else:
        assert keeps
