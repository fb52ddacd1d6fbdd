"""Stripping of all formats: metadata is removed, and the appearance does not change."""

from collections.abc import Iterator

import pytest

from fatrina.domain import errors
from fatrina.domain.metadata_stripping import strip_metadata
from fatrina.domain.photo import ImageFormat, sniff
from tests import hostile_photos, metadata_markers, sample_photos
from tests.domain.metadata_stripping.appearance import appearance, open_photo, strip

PROFILE = sample_photos.icc_profile()
ORIENTATIONS = range(1, 9)


def photos_without_metadata() -> Iterator[tuple[str, bytes]]:
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
    for orientation in ORIENTATIONS:
        yield f"jpeg turned {orientation}", sample_photos.jpeg(orientation=orientation, icc=PROFILE)
        yield f"png turned {orientation}", sample_photos.png(orientation=orientation, icc=PROFILE)
        yield f"webp turned {orientation}", sample_photos.webp(orientation=orientation, icc=PROFILE)
        yield f"avif turned {orientation}", sample_photos.avif(orientation=orientation, icc=PROFILE)


@pytest.mark.parametrize(
    "photo", [pytest.param(photo, id=name) for name, photo in photos_without_metadata()]
)
def test_photo_without_metadata_is_unchanged(photo: bytes) -> None:
    assert strip_metadata(sniff(photo[:512]), photo).is_unchanged(len(photo))


@pytest.mark.parametrize("place", metadata_markers.marked_photos())
def test_secret_is_removed_and_appearance_kept(place: str) -> None:
    kind, photo = metadata_markers.marked_photos()[place]
    assert metadata_markers.SECRET in photo or kind is ImageFormat.AVIF
    served = strip(kind, photo)
    assert metadata_markers.SECRET not in served
    assert b"SECR" not in served
    assert appearance(kind, served) == appearance(kind, photo)
    assert strip_metadata(kind, served).is_unchanged(len(served))


@pytest.mark.parametrize("name", hostile_photos.polyglots())
def test_polyglots_are_stripped(name: str) -> None:
    photo = hostile_photos.polyglots()[name]
    kind = sniff(photo[:512])
    served = strip(kind, photo)
    assert hostile_photos.HTML not in served
    assert hostile_photos.ZIP not in served
    assert appearance(kind, served) == appearance(kind, photo)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_only_the_orientation_is_kept_from_exif(kind: str, orientation: int) -> None:
    photo = getattr(sample_photos, kind)(orientation=orientation)
    opened = open_photo(sniff(photo[:512]), strip(sniff(photo[:512]), photo))
    assert (opened.get("orientation") if orientation > 1 else 1) == orientation
    fields = [field for field in opened.get_fields() if field.startswith("exif-ifd0")]
    assert all("Resolution" in field or "Orientation" in field for field in fields)


@pytest.mark.parametrize("kind", hostile_photos.valid_photos())
def test_truncated_photo_is_damaged(kind: str) -> None:
    photo = hostile_photos.valid_photos()[kind]
    for truncated in hostile_photos.truncations(photo):
        if kind == "gif" and truncated == photo[:-1]:
            continue  # only its trailer is missing
        if kind == "jpeg" and truncated.startswith(photo[: photo.rindex(b"\xff\xda") + 20]):
            continue  # the decoder checks whether its last scan is complete
        with pytest.raises(errors.PhotoDamaged):
            strip_metadata(sniff(photo[:512]), truncated)


@pytest.mark.parametrize("image_format", sorted(set(ImageFormat) - {ImageFormat.HEIC}))
def test_empty_and_invalid_data_are_damaged(image_format: ImageFormat) -> None:
    for data in (b"", b"\xff", b"\0" * 100, hostile_photos.HTML * 10):
        with pytest.raises(errors.PhotoDamaged):
            strip_metadata(image_format, data)


def test_heic_is_not_supported() -> None:
    with pytest.raises(ValueError, match="heic"):
        strip_metadata(ImageFormat.HEIC, sample_photos.heic())


def test_frames_are_counted() -> None:
    counted = {
        "gif": strip_metadata(ImageFormat.GIF, sample_photos.gif(frames=3)).frames,
        "webp": strip_metadata(ImageFormat.WEBP, sample_photos.webp(frames=3)).frames,
        "png": strip_metadata(ImageFormat.PNG, sample_photos.apng(3)).frames,
        "still": strip_metadata(ImageFormat.GIF, sample_photos.gif()).frames,
    }
    assert counted == {"gif": 3, "webp": 3, "png": 3, "still": 1}
