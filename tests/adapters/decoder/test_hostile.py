"""Hostile photos are rejected with the right error or rendered completely, in bounded time."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic

import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fatrina.adapters.decoder import DecoderPool
from fatrina.domain import errors
from fatrina.domain.photo import Limits
from tests import hostile_photos, sample_photos
from tests.adapters.decoder.conftest import RenderPhoto
from tests.adapters.decoder.rendering import decode_and_render
from tests.containers import png_chunk, read_png_chunks, with_chunks

SMALL = {"width": 200, "height": 120}


def valid_photos() -> dict[str, bytes]:
    """Return a valid photo of each coding that decoders support."""
    return {
        "jpeg": sample_photos.jpeg(**SMALL),
        "jpeg progressive": sample_photos.jpeg(**SMALL, progressive=True),
        "jpeg cmyk": sample_photos.jpeg(**SMALL, cmyk=True),
        "png": sample_photos.png(**SMALL),
        "png interlaced": sample_photos.png(**SMALL, interlaced=True, alpha=True),
        "png palette": sample_photos.png(**SMALL, palette=True),
        "webp": sample_photos.webp(**SMALL, alpha=True),
        "webp lossless": sample_photos.webp(**SMALL, lossless=True),
        "webp animated": sample_photos.webp(**SMALL, frames=2),
        "gif": sample_photos.gif(**SMALL),
        "gif animated": sample_photos.gif(**SMALL, frames=2),
        "avif": sample_photos.avif(**SMALL),
        "heic": sample_photos.heic(**SMALL),
    }


def truncations(photo: bytes) -> Iterator[bytes]:
    """Yield a photo truncated at each twentieth."""
    yield from (photo[: len(photo) * part // 20] for part in range(1, 20))
    yield photo[:-30]


@pytest.mark.parametrize("name", valid_photos())
def test_truncated_photo_is_damaged(render_photo: RenderPhoto, name: str) -> None:
    photo = valid_photos()[name]
    for cut in truncations(photo):
        with pytest.raises((errors.PhotoDamaged, errors.PhotoNotAnImage)) as raised:
            render_photo(cut)
        assert raised.type is errors.PhotoDamaged or len(cut) < 20


@pytest.mark.parametrize("name", [*hostile_photos.polyglots(), *hostile_photos.nonstandard_jpegs()])
def test_tolerated_irregularities_are_rendered(render_photo: RenderPhoto, name: str) -> None:
    result = render_photo((hostile_photos.polyglots() | hostile_photos.nonstandard_jpegs())[name])
    assert hostile_photos.HTML not in result.data[0]
    assert hostile_photos.ZIP not in result.data[0]
    assert result.sizes() == [(sample_photos.WIDTH, sample_photos.HEIGHT)] * 4


@pytest.mark.parametrize("name", sample_photos.unsupported_files())
def test_unsupported_format_is_named(render_photo: RenderPhoto, name: str) -> None:
    known = name not in {"html", "text"}
    with pytest.raises(errors.PhotoUnsupported if known else errors.PhotoNotAnImage):
        render_photo(sample_photos.unsupported_files()[name])


def test_empty_file_is_rejected(render_photo: RenderPhoto) -> None:
    with pytest.raises(errors.PhotoEmpty):
        render_photo(b"")


@pytest.mark.parametrize("name", ["webp", "png", "jpeg"])
def test_limits_are_checked_before_decoding(render_photo: RenderPhoto, name: str) -> None:
    """libvips allocates memory for a WebP's frame with its header, so the allocation fails."""
    error_classes = (errors.PhotoSideTooLong, errors.PhotoTooManyPixels, errors.PhotoMemoryExceeded)
    start = monotonic()
    with pytest.raises(error_classes) as raised:
        render_photo(hostile_photos.oversized_photos()[name])
    assert monotonic() - start < 2
    assert (raised.type is errors.PhotoMemoryExceeded) == (name == "webp")


def test_gif_size_is_the_decoders(render_photo: RenderPhoto) -> None:
    result = render_photo(hostile_photos.oversized_photos()["gif"])
    assert (result.info.width, result.info.height) == (1, 1)
    assert result.sizes()[1:] == [(1, 1)] * 3
    # A browser trusts the canvas size, so the served file declares what the decoder read.
    assert struct.unpack("<HH", result.data[0][6:10]) == (result.info.width, result.info.height)


def test_every_limit_raises_its_own_error(render_photo: RenderPhoto) -> None:
    photo = sample_photos.png(**SMALL)
    for limits, error_class, seen in (
        (Limits(bytes=len(photo) - 1), errors.PhotoTooLarge, {"limit": len(photo) - 1}),
        (Limits(side=199), errors.PhotoSideTooLong, {"width": 200, "height": 120, "limit": 199}),
        (Limits(pixels=23_999), errors.PhotoTooManyPixels, {"limit": 23_999}),
    ):
        with pytest.raises(error_class) as raised:
            render_photo(photo, limits)
        assert seen.items() <= raised.value.params.items()
    with pytest.raises(errors.PhotoTooManyFrames) as raised:
        render_photo(sample_photos.gif(frames=3), Limits(frames=2))
    assert raised.value.params == {"limit": 2, "frames": 3}
    at_the_limit = Limits(bytes=len(photo), side=200, pixels=24_000, frames=1)
    assert len(render_photo(photo, at_the_limit).data) == 4


@pytest.mark.parametrize(
    "photo",
    [
        sample_photos.jpeg(**SMALL, progressive=True),
        sample_photos.png(**SMALL, interlaced=True),
        sample_photos.webp(**SMALL),
        sample_photos.gif(**SMALL),
        sample_photos.avif(**SMALL),
        sample_photos.heic(**SMALL),
    ],
    ids=lambda photo: str(photo[:12]),
)
def test_buffered_photos_have_a_lower_pixel_limit(render_photo: RenderPhoto, photo: bytes) -> None:
    with pytest.raises(errors.PhotoTooManyPixels) as raised:
        render_photo(photo, Limits(pixels_buffered=23_999, pixels_heic=23_999))
    assert raised.value.params["limit"] == 23_999


def test_streamed_photos_have_the_higher_pixel_limit(render_photo: RenderPhoto) -> None:
    for photo in (sample_photos.jpeg(**SMALL), sample_photos.png(**SMALL)):
        assert render_photo(photo, Limits(pixels_buffered=23_999)).info.buffered is False


def test_scan_limit(render_photo: RenderPhoto) -> None:
    with pytest.raises(errors.PhotoTooManyScans):
        render_photo(hostile_photos.jpeg_with_scans(65))
    assert render_photo(hostile_photos.jpeg_with_scans(64)).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


@pytest.mark.parametrize("name", hostile_photos.decompression_bombs())
def test_decompression_bomb_in_metadata_is_removed(render_photo: RenderPhoto, name: str) -> None:
    start = monotonic()
    result = render_photo(hostile_photos.decompression_bombs()[name])
    assert monotonic() - start < 3
    assert max(map(len, result.data)) < 100_000


def test_many_frames_cost_no_more_than_one(render_photo: RenderPhoto) -> None:
    photo = sample_photos.gif(frames=2)
    at = photo.index(b"!\xf9", photo.index(b"NETSCAPE"))
    photo = photo[:at] + photo[at:-1] * 240 + b";"
    start = monotonic()
    assert render_photo(photo).info.frames == 480
    assert monotonic() - start < 3


def test_memory_limit(shared_decoders: DecoderPool, render_photo: RenderPhoto) -> None:
    """A progressive JPEG of 96 MP takes 600 MB for its coefficients; the decoder survives."""
    flat = pyvips.Image.black(12_000, 8_000, bands=3).copy(interpretation="srgb") + 90
    photo = flat.cast("uchar").jpegsave_buffer(interlace=True, subsample_mode="off")
    before = shared_decoders.pids
    with pytest.raises(errors.PhotoMemoryExceeded) as raised:
        render_photo(photo, Limits(pixels_buffered=100_000_000))
    assert raised.value.params == {"limit": Limits().memory}
    assert shared_decoders.pids == before
    assert render_photo(sample_photos.png()).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


def test_deep_avif_over_the_memory_limit_is_rejected_by_its_header(
    render_photo: RenderPhoto,
) -> None:
    """An AVIF of 33 MP takes 540 MB for a moment, which its header shows."""
    flat = pyvips.Image.black(8160, 4096, bands=3).copy(interpretation="srgb") + 90
    photo = flat.cast("uchar").heifsave_buffer(
        compression="av1", effort=0, bitdepth=10, subsample_mode="off"
    )
    with pytest.raises(errors.PhotoAvifTooManyPixels) as raised:
        render_photo(photo)
    assert (raised.value.params["bits"], raised.value.params["kind"]) == (10, "4:4:4")


def test_slow_decode_times_out(render_photo: RenderPhoto) -> None:
    photo = sample_photos.avif(width=2000, height=1500)
    start = monotonic()
    with pytest.raises(errors.PhotoTimeout) as raised:
        render_photo(photo, Limits(seconds=0.05))
    assert monotonic() - start < 0.5
    assert raised.value.params == {"limit": 0.05}
    assert render_photo(sample_photos.png()).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


def test_invalid_or_mismatched_profile_is_ignored(
    render_photo: RenderPhoto,
) -> None:
    plain = render_photo(sample_photos.jpeg(**SMALL)).images()[1]
    for profile in (
        sample_photos.icc_profile("cmyk"),
        b"\0\0\1\0" + bytes(252),
        sample_photos.icc_profile()[:300],
    ):
        odd = render_photo(sample_photos.jpeg(**SMALL, icc=profile)).images()[1]
        assert (odd - plain).abs().max() <= 2


def test_wrong_checksum_is_damaged(render_photo: RenderPhoto) -> None:
    photo = sample_photos.png(**SMALL)
    at = photo.index(b"IDAT") + 40
    with pytest.raises(errors.PhotoDamaged):
        render_photo(photo[:at] + bytes([photo[at] ^ 255]) + photo[at + 1 :])


def test_png_with_missing_rows_is_damaged(render_photo: RenderPhoto) -> None:
    parts = dict(read_png_chunks(sample_photos.png(**SMALL)))
    rows = zlib.compress(bytes((3 * SMALL["width"] + 1) * 60))
    short = (
        sample_photos.png()[:8]
        + png_chunk(b"IHDR", parts[b"IHDR"])
        + png_chunk(b"IDAT", rows)
        + png_chunk(b"IEND")
    )
    with pytest.raises(errors.PhotoDamaged):
        render_photo(short)


WITHOUT_IMAGE: dict[str, tuple[Callable[..., bytes], bytes, bytes, str]] = {
    "heic without a size": (sample_photos.heic, b"ispe", b"qspe", "no picture in it"),
    "heic whose image has no properties": (
        *(sample_photos.heic, b"\1\4\x81\2\3\4", b"\1\4\x85\2\3\4"),
        "no picture in it",
    ),
    "avif with a box type that is not text": (
        *(partial(sample_photos.avif, alpha=True), b"auxC", b"\xe1uxC"),
        "source: bad seek",
    ),
}


@pytest.mark.parametrize("name", WITHOUT_IMAGE)
def test_container_without_an_image_is_damaged(
    shared_decoders: DecoderPool, render_photo: RenderPhoto, name: str
) -> None:
    draw, old, new, problem = WITHOUT_IMAGE[name]
    before = shared_decoders.pids
    with pytest.raises(errors.PhotoDamaged) as raised:
        render_photo(draw(**SMALL).replace(old, new))
    assert str(raised.value.params["problem"]).startswith(problem)
    # Errors of the first photo are not reported for the next one.
    with pytest.raises(errors.PhotoDamaged) as raised:
        render_photo(sample_photos.png(**SMALL)[:300])
    assert "seek" not in str(raised.value.params["problem"])
    assert shared_decoders.pids == before


def test_false_frame_count_is_ignored(render_photo: RenderPhoto) -> None:
    photo = with_chunks(
        sample_photos.png(**SMALL), png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    )
    assert render_photo(photo).info.frames == 1


FUZZ = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", valid_photos())
@FUZZ
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 12))
def test_flipped_bits_are_rejected_or_decoded(
    shared_decoders: DecoderPool, name: str, seed: int, flips: int
) -> None:
    photo = bytearray(valid_photos()[name])
    random_ = random.Random(seed)
    for _ in range(flips):
        photo[random_.randrange(len(photo))] ^= 1 << random_.randrange(8)
    start = monotonic()
    try:
        with shared_decoders.acquire() as decoder:
            result = decode_and_render(decoder, bytes(photo), Limits(seconds=4))
    except errors.PhotoError as exc:
        assert not isinstance(exc, errors.PhotoCrashedDecoder)  # noqa: PT017
    else:
        assert len(result.data) == 4
    assert monotonic() - start < 5
