"""Photos of every kind and with everything in them: what is told goes, what is seen stays."""

from collections.abc import Iterator

import pytest

from fatrina.domain import errors
from fatrina.domain.metadata_stripping import strip_metadata
from fatrina.domain.photo import ImageFormat, sniff
from tests import hostile_photos, metadata_markers, sample_photos
from tests.domain.metadata_stripping.appearance import appearance, open_photo, strip

PROFILE = sample_photos.icc_profile()
TURNS = range(1, 9)


def sound() -> Iterator[tuple[str, bytes]]:
    yield from ((f"{kind} plain", photo) for kind, photo in hostile_photos.valid_photos().items())
    yield "jpeg progressive", sample_photos.jpeg(progressive=True)
    yield "jpeg grey with restarts", sample_photos.jpeg(grey=True, restart=1)
    yield "jpeg in cmyk", sample_photos.jpeg(cmyk=True, icc=sample_photos.icc_profile("cmyk"))
    yield "png of 16 bits", sample_photos.png(sixteen=True, alpha=True, icc=PROFILE)
    yield "png in grey", sample_photos.png(grey=True)
    yield "png with palette", sample_photos.png(palette=True)
    yield "png interlaced", sample_photos.png(interlaced=True)
    yield "png animated", sample_photos.apng()
    yield "webp with alpha", sample_photos.webp(alpha=True)
    yield "webp without loss", sample_photos.webp(lossless=True, alpha=True, icc=PROFILE)
    yield "webp animated", sample_photos.webp(frames=3, alpha=True, icc=PROFILE)
    yield "gif animated", sample_photos.gif(frames=3)
    yield "avif with alpha", sample_photos.avif(alpha=True, icc=PROFILE)
    for turn in TURNS:
        yield f"jpeg turned {turn}", sample_photos.jpeg(orientation=turn, icc=PROFILE)
        yield f"png turned {turn}", sample_photos.png(orientation=turn, icc=PROFILE)
        yield f"webp turned {turn}", sample_photos.webp(orientation=turn, icc=PROFILE)
        yield f"avif turned {turn}", sample_photos.avif(orientation=turn, icc=PROFILE)


@pytest.mark.parametrize("photo", [pytest.param(photo, id=name) for name, photo in sound()])
def test_a_photo_that_tells_nothing_is_served_to_the_last_byte(photo: bytes) -> None:
    assert strip_metadata(sniff(photo[:512]), photo).is_unchanged(len(photo))


@pytest.mark.parametrize("place", metadata_markers.marked_photos())
def test_a_secret_goes_and_the_look_stays(place: str) -> None:
    kind, photo = metadata_markers.marked_photos()[place]
    assert metadata_markers.SECRET in photo or kind is ImageFormat.AVIF
    served = strip(kind, photo)
    assert metadata_markers.SECRET not in served
    assert b"SECR" not in served
    assert appearance(kind, served) == appearance(kind, photo)
    assert strip_metadata(kind, served).is_unchanged(len(served))


@pytest.mark.parametrize("name", hostile_photos.polyglots())
def test_a_photo_is_nothing_else_besides(name: str) -> None:
    photo = hostile_photos.polyglots()[name]
    kind = sniff(photo[:512])
    served = strip(kind, photo)
    assert hostile_photos.HTML not in served
    assert hostile_photos.ZIP not in served
    assert appearance(kind, served) == appearance(kind, photo)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_of_exif_the_orientation_alone_stays(kind: str, turn: int) -> None:
    photo = getattr(sample_photos, kind)(orientation=turn)
    told = open_photo(sniff(photo[:512]), strip(sniff(photo[:512]), photo))
    assert (told.get("orientation") if turn > 1 else 1) == turn
    ours = [field for field in told.get_fields() if field.startswith("exif-ifd0")]
    assert all("Resolution" in field or "Orientation" in field for field in ours)


@pytest.mark.parametrize("kind", hostile_photos.valid_photos())
def test_a_photo_cut_short_is_damaged(kind: str) -> None:
    photo = hostile_photos.valid_photos()[kind]
    for rest in hostile_photos.truncations(photo):
        if kind == "gif" and rest == photo[:-1]:
            continue  # only its trailer is missing
        if kind == "jpeg" and rest.startswith(photo[: photo.rindex(b"\xff\xda") + 20]):
            continue  # a decoder finds out whether its last scan is complete
        with pytest.raises(errors.PhotoDamaged):
            strip_metadata(sniff(photo[:512]), rest)


@pytest.mark.parametrize("image_format", sorted(set(ImageFormat) - {ImageFormat.HEIC}))
def test_nothing_and_nonsense_are_damaged(image_format: ImageFormat) -> None:
    for data in (b"", b"\xff", b"\0" * 100, hostile_photos.HTML * 10):
        with pytest.raises(errors.PhotoDamaged):
            strip_metadata(image_format, data)


def test_heic_has_no_cleaner() -> None:
    with pytest.raises(ValueError, match="heic"):
        strip_metadata(ImageFormat.HEIC, sample_photos.heic())


def test_the_frames_are_counted() -> None:
    counted = {
        "gif": strip_metadata(ImageFormat.GIF, sample_photos.gif(frames=3)).frames,
        "webp": strip_metadata(ImageFormat.WEBP, sample_photos.webp(frames=3)).frames,
        "png": strip_metadata(ImageFormat.PNG, sample_photos.apng(3)).frames,
        "still": strip_metadata(ImageFormat.GIF, sample_photos.gif()).frames,
    }
    assert counted == {"gif": 3, "webp": 3, "png": 3, "still": 1}
