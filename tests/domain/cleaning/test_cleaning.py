"""Photos of every kind and with everything in them: what is told goes, what is seen stays."""

from collections.abc import Iterator

import pytest

from fatrina.domain import errors
from fatrina.domain.cleaning import clean
from fatrina.domain.photo import Kind, sniff
from tests import drawn, hostile, marked
from tests.domain.cleaning.seen import cleaned, look, opened

PROFILE = drawn.profile()
TURNS = range(1, 9)


def sound() -> Iterator[tuple[str, bytes]]:
    yield from ((f"{kind} plain", photo) for kind, photo in hostile.plain().items())
    yield "jpeg progressive", drawn.jpeg(progressive=True)
    yield "jpeg grey with restarts", drawn.jpeg(grey=True, restart=1)
    yield "jpeg in cmyk", drawn.jpeg(cmyk=True, icc=drawn.profile("cmyk"))
    yield "png of 16 bits", drawn.png(sixteen=True, alpha=True, icc=PROFILE)
    yield "png in grey", drawn.png(grey=True)
    yield "png with palette", drawn.png(palette=True)
    yield "png interlaced", drawn.png(interlaced=True)
    yield "png animated", drawn.apng()
    yield "webp with alpha", drawn.webp(alpha=True)
    yield "webp without loss", drawn.webp(lossless=True, alpha=True, icc=PROFILE)
    yield "webp animated", drawn.webp(frames=3, alpha=True, icc=PROFILE)
    yield "gif animated", drawn.gif(frames=3)
    yield "avif with alpha", drawn.avif(alpha=True, icc=PROFILE)
    for turn in TURNS:
        yield f"jpeg turned {turn}", drawn.jpeg(orientation=turn, icc=PROFILE)
        yield f"png turned {turn}", drawn.png(orientation=turn, icc=PROFILE)
        yield f"webp turned {turn}", drawn.webp(orientation=turn, icc=PROFILE)
        yield f"avif turned {turn}", drawn.avif(orientation=turn, icc=PROFILE)


@pytest.mark.parametrize("photo", [pytest.param(photo, id=name) for name, photo in sound()])
def test_a_photo_that_tells_nothing_is_served_to_the_last_byte(photo: bytes) -> None:
    assert clean(sniff(photo[:512]), photo).untouched(len(photo))


@pytest.mark.parametrize("place", marked.everywhere())
def test_a_secret_goes_and_the_look_stays(place: str) -> None:
    kind, photo = marked.everywhere()[place]
    assert marked.SECRET in photo or kind is Kind.AVIF
    served = cleaned(kind, photo)
    assert marked.SECRET not in served
    assert b"SECR" not in served
    assert look(kind, served) == look(kind, photo)
    assert clean(kind, served).untouched(len(served))


@pytest.mark.parametrize("name", hostile.polyglots())
def test_a_photo_is_nothing_else_besides(name: str) -> None:
    photo = hostile.polyglots()[name]
    kind = sniff(photo[:512])
    served = cleaned(kind, photo)
    assert hostile.HTML not in served
    assert hostile.ZIP not in served
    assert look(kind, served) == look(kind, photo)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_of_exif_the_orientation_alone_stays(kind: str, turn: int) -> None:
    photo = getattr(drawn, kind)(orientation=turn)
    told = opened(sniff(photo[:512]), cleaned(sniff(photo[:512]), photo))
    assert (told.get("orientation") if turn > 1 else 1) == turn
    ours = [field for field in told.get_fields() if field.startswith("exif-ifd0")]
    assert all("Resolution" in field or "Orientation" in field for field in ours)


@pytest.mark.parametrize("kind", hostile.plain())
def test_a_photo_cut_short_is_damaged(kind: str) -> None:
    photo = hostile.plain()[kind]
    for rest in hostile.cuts(photo):
        if kind == "gif" and rest == photo[:-1]:
            continue  # only its trailer is missing
        if kind == "jpeg" and rest.startswith(photo[: photo.rindex(b"\xff\xda") + 20]):
            continue  # a decoder finds out whether its last scan is complete
        with pytest.raises(errors.PhotoDamaged):
            clean(sniff(photo[:512]), rest)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HEIC])
def test_nothing_and_nonsense_are_damaged(kind: Kind) -> None:
    for data in (b"", b"\xff", b"\0" * 100, hostile.HTML * 10):
        with pytest.raises(errors.PhotoDamaged):
            clean(kind, data)


def test_heic_has_no_cleaner() -> None:
    with pytest.raises(ValueError, match="heic"):
        clean(Kind.HEIC, drawn.heic())


def test_the_frames_are_counted() -> None:
    counted = {
        "gif": clean(Kind.GIF, drawn.gif(frames=3)).frames,
        "webp": clean(Kind.WEBP, drawn.webp(frames=3)).frames,
        "png": clean(Kind.PNG, drawn.apng(3)).frames,
        "still": clean(Kind.GIF, drawn.gif()).frames,
    }
    assert counted == {"gif": 3, "webp": 3, "png": 3, "still": 1}
