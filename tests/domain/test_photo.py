"""What a photo is by its bytes, and whether its header lets it in: every kind, every boundary."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.photo import Facts, Kind, Limits, admit, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO base media file: its length, its name, the brands."""
    body = b"ftyp" + major + b"\x00\x00\x00\x00" + b"".join(compatible)
    return (4 + len(body)).to_bytes(4, "big") + body


HEADS = {
    b"\xff\xd8\xff\xe0\x00\x10JFIF": Kind.JPEG,
    b"\xff\xd8\xff\xe1\x00\x10Exif": Kind.JPEG,
    b"\xff\xd8\xff": Kind.JPEG,
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": Kind.PNG,
    b"GIF87a": Kind.GIF,
    b"GIF89a": Kind.GIF,
    b"RIFF\x24\x00\x00\x00WEBPVP8 ": Kind.WEBP,
    b"RIFF\xff\xff\xff\xffWEBPVP8X": Kind.WEBP,
    ftyp(b"avif"): Kind.AVIF,
    ftyp(b"avis", b"msf1"): Kind.AVIF,
    ftyp(b"mif1", b"miaf", b"avif"): Kind.AVIF,
    ftyp(b"heic", b"mif1"): Kind.HEIC,
    ftyp(b"mif1", b"heic"): Kind.HEIC,
    ftyp(b"heix"): Kind.HEIC,
    ftyp(b"heim"): Kind.HEIC,
    ftyp(b"heis"): Kind.HEIC,
    ftyp(b"hevc"): Kind.HEIC,
    ftyp(b"msf1", b"hevx"): Kind.HEIC,
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


@pytest.mark.parametrize(("head", "kind"), HEADS.items())
def test_a_photo_is_known_by_its_head(head: bytes, kind: Kind) -> None:
    assert sniff(head) is kind
    assert sniff(head.ljust(512, b"\x00")) is kind


@pytest.mark.parametrize(("head", "name"), UNSUPPORTED.items())
def test_other_pictures_are_refused_by_name(head: bytes, name: str) -> None:
    with pytest.raises(errors.PhotoUnsupported) as refusal:
        sniff(head)
    assert refusal.value.seen == {"kind": name}


@pytest.mark.parametrize("head", UNKNOWN)
def test_anything_else_is_no_picture(head: bytes) -> None:
    with pytest.raises(errors.PhotoUnknown):
        sniff(head)


def test_no_bytes_are_an_empty_photo() -> None:
    with pytest.raises(errors.PhotoEmpty):
        sniff(b"")


def test_a_brand_counts_only_inside_its_box() -> None:
    with pytest.raises(errors.PhotoUnsupported):
        sniff(ftyp(b"isom") + b"avif")
    with pytest.raises(errors.PhotoUnsupported):
        sniff(b"\x00\x00\x00\x18ftypisomavif")


def test_both_brands_are_avif() -> None:
    assert sniff(ftyp(b"mif1", b"heic", b"avif")) is Kind.AVIF


MAGICS = st.sampled_from([b"", b"\x00\x00\x00\x20ftyp", *HEADS, *UNSUPPORTED, *UNKNOWN])


@given(MAGICS, st.binary(max_size=600))
@example(b"\xff\xff\xff\xffftyp", b"")
@example(b"\x00\x00\x00\x00ftyp", b"avif")
def test_any_bytes_have_a_kind_or_are_refused(magic: bytes, rest: bytes) -> None:
    try:
        kind = sniff(magic + rest)
    except errors.PhotoRefused as refusal:
        assert refusal.reason in {"photo_empty", "photo_unknown", "photo_unsupported"}  # noqa: PT017 - either may come
    else:
        assert kind in Kind


@given(st.sampled_from([*HEADS]), st.integers(0, 64))
def test_a_head_cut_short_is_never_taken_for_another_kind(head: bytes, length: int) -> None:
    try:
        kind = sniff(head[:length])
    except errors.PhotoRefused:
        return
    assert kind is HEADS[head]


def test_every_kind_is_found_and_served_with_a_type() -> None:
    assert set(HEADS.values()) == set(Kind)
    assert {kind: kind.media_type for kind in Kind} == {
        Kind.JPEG: "image/jpeg",
        Kind.PNG: "image/png",
        Kind.WEBP: "image/webp",
        Kind.GIF: "image/gif",
        Kind.AVIF: "image/avif",
        Kind.HEIC: "image/heic",
    }


def test_only_heic_is_served_as_another_kind() -> None:
    assert Kind.HEIC.served_as is Kind.JPEG
    assert all(kind.served_as is kind for kind in Kind if kind is not Kind.HEIC)


LIMITS = Limits(pixels=10_000, pixels_whole=4_000, pixels_heic=4_000, side=200, frames=5)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(Kind.JPEG, 1, 1),
        Facts(Kind.JPEG, 100, 100),
        Facts(Kind.JPEG, 200, 50),
        Facts(Kind.JPEG, 50, 200),
        Facts(Kind.PNG, 100, 40, whole=True),
        Facts(Kind.GIF, 20, 20, frames=5, whole=True),
    ],
)
def test_a_photo_at_its_limits_comes_in(facts: Facts) -> None:
    admit(facts, LIMITS)


@pytest.mark.parametrize(
    ("facts", "refusal", "seen"),
    [
        (
            Facts(Kind.JPEG, 201, 1),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 201, "height": 1},
        ),
        (
            Facts(Kind.JPEG, 1, 201),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 1, "height": 201},
        ),
        (
            Facts(Kind.JPEG, 137, 73),
            errors.PhotoTooManyPixels,
            {"limit": 10_000, "width": 137, "height": 73},
        ),
        (
            Facts(Kind.JPEG, 4_001, 1, whole=True),
            errors.PhotoSideTooLong,
            {"limit": 200, "width": 4_001, "height": 1},
        ),
        (
            Facts(Kind.JPEG, 100, 41, whole=True),
            errors.PhotoTooManyPixels,
            {"limit": 4_000, "width": 100, "height": 41},
        ),
        (
            Facts(Kind.WEBP, 20, 20, frames=6),
            errors.PhotoTooManyFrames,
            {"limit": 5, "frames": 6},
        ),
    ],
)
def test_a_photo_one_step_over_is_refused(
    facts: Facts, refusal: type[errors.PhotoRefused], seen: dict[str, int]
) -> None:
    with pytest.raises(refusal) as raised:
        admit(facts, LIMITS)
    assert type(raised.value) is refusal
    assert raised.value.seen == seen


def test_what_is_decoded_whole_never_has_the_higher_limit() -> None:
    facts = Facts(Kind.JPEG, 101, 100, whole=True)
    with pytest.raises(errors.PhotoTooManyPixels) as refusal:
        admit(facts, Limits(pixels=10_000, pixels_whole=40_000))
    assert refusal.value.seen["limit"] == 10_000


@given(
    st.builds(
        Facts,
        kind=st.sampled_from(Kind),
        width=st.integers(1, 300),
        height=st.integers(1, 300),
        frames=st.integers(1, 8),
        whole=st.booleans(),
    )
)
def test_a_photo_comes_in_exactly_when_it_keeps_every_limit(facts: Facts) -> None:
    pixels = LIMITS.pixels_whole if facts.whole else LIMITS.pixels
    keeps = (
        facts.width <= LIMITS.side
        and facts.height <= LIMITS.side
        and facts.width * facts.height <= pixels
        and facts.frames <= LIMITS.frames
    )
    try:
        admit(facts, LIMITS)
    except errors.PhotoRefused:
        assert not keeps
    else:
        assert keeps
