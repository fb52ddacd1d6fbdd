"""Photos made to hurt: each is refused with the right words, or comes out whole, and soon."""

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


def sound() -> dict[str, bytes]:
    """A sound photo of each way of coding that decoders know."""
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


def cuts(photo: bytes) -> Iterator[bytes]:
    """Cut a photo short at every twentieth."""
    yield from (photo[: len(photo) * part // 20] for part in range(1, 20))
    yield photo[:-30]


@pytest.mark.parametrize("name", sound())
def test_half_a_photo_is_damaged(render_photo: RenderPhoto, name: str) -> None:
    photo = sound()[name]
    for cut in cuts(photo):
        with pytest.raises((errors.PhotoDamaged, errors.PhotoNotAnImage)) as refusal:
            render_photo(cut)
        assert refusal.type is errors.PhotoDamaged or len(cut) < 20


@pytest.mark.parametrize("name", [*hostile_photos.polyglots(), *hostile_photos.nonstandard_jpegs()])
def test_what_decoders_put_up_with_comes_out_whole(render_photo: RenderPhoto, name: str) -> None:
    done = render_photo((hostile_photos.polyglots() | hostile_photos.nonstandard_jpegs())[name])
    assert hostile_photos.HTML not in done.data[0]
    assert hostile_photos.ZIP not in done.data[0]
    assert done.sizes() == [(sample_photos.WIDTH, sample_photos.HEIGHT)] * 4


@pytest.mark.parametrize("name", sample_photos.unsupported_files())
def test_another_kind_is_named(render_photo: RenderPhoto, name: str) -> None:
    known = name not in {"html", "text"}
    with pytest.raises(errors.PhotoUnsupported if known else errors.PhotoNotAnImage):
        render_photo(sample_photos.unsupported_files()[name])


def test_no_bytes_are_no_photo(render_photo: RenderPhoto) -> None:
    with pytest.raises(errors.PhotoEmpty):
        render_photo(b"")


@pytest.mark.parametrize("name", ["webp", "png", "jpeg"])
def test_a_header_is_judged_before_its_pixels(render_photo: RenderPhoto, name: str) -> None:
    """libvips takes memory for a WebP's frame with its header, so that is what fails there."""
    leaves = (errors.PhotoSideTooLong, errors.PhotoTooManyPixels, errors.PhotoMemoryExceeded)
    start = monotonic()
    with pytest.raises(leaves) as refusal:
        render_photo(hostile_photos.oversized_photos()[name])
    assert monotonic() - start < 2
    assert (refusal.type is errors.PhotoMemoryExceeded) == (name == "webp")


def test_a_gif_is_as_large_as_its_decoder_says(render_photo: RenderPhoto) -> None:
    done = render_photo(hostile_photos.oversized_photos()["gif"])
    assert (done.info.width, done.info.height) == (1, 1)
    assert done.sizes()[1:] == [(1, 1)] * 3
    # A browser believes the canvas: the one that is served says what the decoder saw.
    assert struct.unpack("<HH", done.data[0][6:10]) == (done.info.width, done.info.height)


def test_every_limit_has_its_refusal(render_photo: RenderPhoto) -> None:
    photo = sample_photos.png(**SMALL)
    for limits, leaf, seen in (
        (Limits(bytes=len(photo) - 1), errors.PhotoTooLarge, {"limit": len(photo) - 1}),
        (Limits(side=199), errors.PhotoSideTooLong, {"width": 200, "height": 120, "limit": 199}),
        (Limits(pixels=23_999), errors.PhotoTooManyPixels, {"limit": 23_999}),
    ):
        with pytest.raises(leaf) as refusal:
            render_photo(photo, limits)
        assert seen.items() <= refusal.value.params.items()
    with pytest.raises(errors.PhotoTooManyFrames) as refusal:
        render_photo(sample_photos.gif(frames=3), Limits(frames=2))
    assert refusal.value.params == {"limit": 2, "frames": 3}
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
def test_what_must_be_held_whole_has_a_lower_limit(render_photo: RenderPhoto, photo: bytes) -> None:
    with pytest.raises(errors.PhotoTooManyPixels) as refusal:
        render_photo(photo, Limits(pixels_buffered=23_999, pixels_heic=23_999))
    assert refusal.value.params["limit"] == 23_999


def test_a_streamed_photo_has_the_higher_limit(render_photo: RenderPhoto) -> None:
    for photo in (sample_photos.jpeg(**SMALL), sample_photos.png(**SMALL)):
        assert render_photo(photo, Limits(pixels_buffered=23_999)).info.buffered is False


def test_too_many_scans_are_refused_and_few_are_not(render_photo: RenderPhoto) -> None:
    with pytest.raises(errors.PhotoTooManyScans):
        render_photo(hostile_photos.jpeg_with_scans(65))
    assert render_photo(hostile_photos.jpeg_with_scans(64)).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


@pytest.mark.parametrize("name", hostile_photos.decompression_bombs())
def test_a_bomb_beside_the_picture_is_cut_out(render_photo: RenderPhoto, name: str) -> None:
    start = monotonic()
    done = render_photo(hostile_photos.decompression_bombs()[name])
    assert monotonic() - start < 3
    assert max(map(len, done.data)) < 100_000


def test_many_frames_cost_no_more_than_one(render_photo: RenderPhoto) -> None:
    photo = sample_photos.gif(frames=2)
    at = photo.index(b"!\xf9", photo.index(b"NETSCAPE"))
    photo = photo[:at] + photo[at:-1] * 240 + b";"
    start = monotonic()
    assert render_photo(photo).info.frames == 480
    assert monotonic() - start < 3


def test_a_photo_may_take_only_so_much_memory(
    shared_decoders: DecoderPool, render_photo: RenderPhoto
) -> None:
    """A progressive JPEG of 96 MP takes 600 MB for its coefficients; the decoder lives on."""
    flat = pyvips.Image.black(12_000, 8_000, bands=3).copy(interpretation="srgb") + 90
    photo = flat.cast("uchar").jpegsave_buffer(interlace=True, subsample_mode="off")
    before = shared_decoders.pids
    with pytest.raises(errors.PhotoMemoryExceeded) as refusal:
        render_photo(photo, Limits(pixels_buffered=100_000_000))
    assert refusal.value.params == {"limit": Limits().memory}
    assert shared_decoders.pids == before
    assert render_photo(sample_photos.png()).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


def test_a_deep_photo_that_takes_too_much_memory_is_rejected_by_its_header(
    render_photo: RenderPhoto,
) -> None:
    """An AVIF of 33 MP takes 540 MB for one moment, which its header says."""
    flat = pyvips.Image.black(8160, 4096, bands=3).copy(interpretation="srgb") + 90
    photo = flat.cast("uchar").heifsave_buffer(
        compression="av1", effort=0, bitdepth=10, subsample_mode="off"
    )
    with pytest.raises(errors.PhotoAvifTooManyPixels) as refusal:
        render_photo(photo)
    assert (refusal.value.params["bits"], refusal.value.params["kind"]) == (10, "4:4:4")


def test_a_slow_photo_is_stopped(render_photo: RenderPhoto) -> None:
    photo = sample_photos.avif(width=2000, height=1500)
    start = monotonic()
    with pytest.raises(errors.PhotoTimeout) as refusal:
        render_photo(photo, Limits(seconds=0.05))
    assert monotonic() - start < 0.5
    assert refusal.value.params == {"limit": 0.05}
    assert render_photo(sample_photos.png()).sizes()[0] == (
        sample_photos.WIDTH,
        sample_photos.HEIGHT,
    )


def test_a_profile_that_is_broken_or_of_other_colours_is_left_out(
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


def test_a_check_sum_that_is_wrong_is_damage(render_photo: RenderPhoto) -> None:
    photo = sample_photos.png(**SMALL)
    at = photo.index(b"IDAT") + 40
    with pytest.raises(errors.PhotoDamaged):
        render_photo(photo[:at] + bytes([photo[at] ^ 255]) + photo[at + 1 :])


def test_a_png_with_too_little_data_is_damaged(render_photo: RenderPhoto) -> None:
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


HOLLOW: dict[str, tuple[Callable[..., bytes], bytes, bytes, str]] = {
    "heic whose size nobody tells": (sample_photos.heic, b"ispe", b"qspe", "no picture in it"),
    "heic whose picture has no properties": (
        *(sample_photos.heic, b"\1\4\x81\2\3\4", b"\1\4\x85\2\3\4"),
        "no picture in it",
    ),
    "avif with a box that no text can name": (
        *(partial(sample_photos.avif, alpha=True), b"auxC", b"\xe1uxC"),
        "source: bad seek",
    ),
}


@pytest.mark.parametrize("name", HOLLOW)
def test_a_container_without_a_picture_is_damaged(
    shared_decoders: DecoderPool, render_photo: RenderPhoto, name: str
) -> None:
    draw, there, instead, problem = HOLLOW[name]
    before = shared_decoders.pids
    with pytest.raises(errors.PhotoDamaged) as refusal:
        render_photo(draw(**SMALL).replace(there, instead))
    assert str(refusal.value.params["problem"]).startswith(problem)
    with pytest.raises(errors.PhotoDamaged) as refusal:  # and nothing of it is told of the next
        render_photo(sample_photos.png(**SMALL)[:300])
    assert "seek" not in str(refusal.value.params["problem"])
    assert shared_decoders.pids == before


def test_a_lie_about_frames_costs_nothing(render_photo: RenderPhoto) -> None:
    photo = with_chunks(
        sample_photos.png(**SMALL), png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    )
    assert render_photo(photo).info.frames == 1


FUZZ = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", sound())
@FUZZ
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 12))
def test_flipped_bits_are_refused_or_pass(
    shared_decoders: DecoderPool, name: str, seed: int, flips: int
) -> None:
    photo = bytearray(sound()[name])
    dice = random.Random(seed)
    for _ in range(flips):
        photo[dice.randrange(len(photo))] ^= 1 << dice.randrange(8)
    start = monotonic()
    try:
        with shared_decoders.acquire() as decoder:
            done = decode_and_render(decoder, bytes(photo), Limits(seconds=4))
    except errors.PhotoError as exc:
        assert not isinstance(exc, errors.PhotoCrashedDecoder)  # noqa: PT017
    else:
        assert len(done.data) == 4
    assert monotonic() - start < 5
