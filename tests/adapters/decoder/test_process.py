"""One decoder process: what becomes of it, and of the photo, when either goes wrong."""

import json
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from fatrina.adapters.decoder import Decoder, DecoderInternalError, process
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat, Limits
from tests import sample_photos
from tests.adapters.decoder.rendering import (
    count_descriptors,
    decode_and_render,
    exits_within,
    photo_files,
)

HELLO = {"cage": {"landlock": 7, "seccomp": True}, "vips": "8.18.7", "heic": True}
FACTS = {"format": "png", "width": 96, "height": 64, "frames": 1, "buffered": False}

# Stands in for a child that a photo has taken over: it says what it is given to say.
PARROT = """
import socket, sys, zlib
line = socket.socket(fileno=int(sys.argv[-2]))
for said in sys.argv[1:-2]:
    line.send(zlib.decompress(bytes.fromhex(said)))
    line.recv(65536)
sys.exit(bool(len(sys.argv) == 4))
"""
# A child whose faster code is broken, and for which `plain` libvips works.
BROKEN = """
import sys
from fatrina.adapters.decoder import pipeline, raster, worker
def broken(pixels, info, render_all=pipeline.render_all):
    if raster.is_libvips_only():
        return render_all(pixels, info)
    raise ValueError("secret bytes of the photo")
pipeline.render_all = broken
worker.main(int(sys.argv[1]), int(sys.argv[2]))
"""
# A child that never finishes a photo.
SPINNER = """
import sys
from fatrina.adapters.decoder import worker
def spin(session, photo_fd):
    while True:
        pass
worker.DecodeSession._open = spin
worker.main(int(sys.argv[1]), int(sys.argv[2]))
"""


@contextmanager
def parrot(monkeypatch: pytest.MonkeyPatch, *says: object) -> Iterator[Decoder]:
    said = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in says]
    words = [zlib.compress(each).hex() for each in said]
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", PARROT, *words))
    decoder = Decoder(Limits().memory)
    yield decoder
    decoder.kill()


def test_it_tells_what_holds_it(decoder: Decoder) -> None:
    hello = decoder.handshake()
    assert hello.vips.startswith("8.")
    assert hello.heic
    assert decoder.alive
    assert decoder.handshake() is hello


def test_it_takes_one_photo_after_the_other(decoder: Decoder) -> None:
    for kind in ("jpeg", "png", "webp", "gif", "avif", "heic"):
        assert (
            decode_and_render(decoder, getattr(sample_photos, kind)()).info.format
            is ImageFormat[kind.upper()]
        )


def test_a_refusal_leaves_it_ready(decoder: Decoder) -> None:
    for _ in range(3):
        with pytest.raises(errors.PhotoNotAnImage):
            decode_and_render(decoder, b"hello")
        assert decode_and_render(decoder, sample_photos.png()).info.width == sample_photos.WIDTH
    assert decoder.alive


def test_a_photo_left_alone_is_forgotten(decoder: Decoder) -> None:
    with photo_files(sample_photos.jpeg()) as (photo, _):
        decoder.open(photo, Limits())
    assert decode_and_render(decoder, sample_photos.png()).info.format is ImageFormat.PNG


def test_a_file_that_takes_no_bytes_is_no_fault_of_the_photo(decoder: Decoder) -> None:
    with photo_files(sample_photos.png()) as (photo, made), Path("/dev/full").open("wb") as full:
        decoder.open(photo, Limits())
        with pytest.raises(OSError, match="No space left"):
            decoder.render([full.fileno(), *made[1:]])
    assert decode_and_render(decoder, sample_photos.png()).info.format is ImageFormat.PNG


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_told_to_the_whole_group_does_not_reach_it(
    decoder: Decoder, stop: signal.Signals
) -> None:
    with photo_files(sample_photos.png()) as (photo, made):
        decoder.open(photo, Limits())
        os.kill(decoder.pid, stop)
        decoder.render(made)
    assert decoder.alive


@pytest.mark.parametrize(
    ("end", "leaf"),
    [
        (signal.SIGKILL, errors.DecoderFailed),
        (signal.SIGSEGV, errors.PhotoCrashedDecoder),
        (signal.SIGABRT, errors.PhotoCrashedDecoder),
        (signal.SIGBUS, errors.PhotoCrashedDecoder),
        (signal.SIGALRM, errors.PhotoTimeout),
    ],
)
def test_its_death_at_work_is_told(
    decoder: Decoder, end: signal.Signals, leaf: type[errors.ServiceError]
) -> None:
    with photo_files(sample_photos.png()) as (photo, made):
        decoder.open(photo, Limits())
        os.kill(decoder.pid, end)
        with pytest.raises(leaf):
            decoder.render(made)
    assert not decoder.alive


def test_an_exception_is_a_fault_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", BROKEN))
    decoder = Decoder(Limits().memory)
    with pytest.raises(DecoderInternalError) as fault:
        decode_and_render(decoder, sample_photos.jpeg())
    assert str(fault.value).startswith("ValueError < worker.py:")
    assert "broken" in str(fault.value)
    assert "secret" not in str(fault.value)
    with photo_files(sample_photos.jpeg()) as (photo, made):
        decoder.open(photo, Limits(), libvips_only=True)
        decoder.render(made)
    assert decoder.alive
    decoder.kill()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "avif", "heic"])
def test_libvips_alone_makes_the_pictures_in_the_cage(decoder: Decoder, kind: str) -> None:
    with photo_files(getattr(sample_photos, kind)()) as (photo, made):
        decoder.open(photo, Limits(), libvips_only=True)
        decoder.render(made)
        assert all(os.fstat(file).st_size for file in made)
    assert decode_and_render(decoder, sample_photos.jpeg()).info.format is ImageFormat.JPEG


def test_what_a_fault_says_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    says = {"fault": ["x" * 900, "line\nbreak", "\u0643", 7] * 30}
    with (
        parrot(monkeypatch, HELLO, says) as decoder,
        photo_files(sample_photos.png()) as (photo, _),
        pytest.raises(DecoderInternalError) as fault,
    ):
        decoder.open(photo, Limits())
    text = str(fault.value)
    assert len(text) < 5_000
    assert text.isascii()
    assert text.isprintable()


def test_one_that_exits_by_itself_has_not_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    with parrot(monkeypatch, HELLO) as decoder:
        decoder.handshake()
        with photo_files(sample_photos.png()) as (photo, _), pytest.raises(DecoderInternalError):
            decoder.open(photo, Limits())
        assert not decoder.alive


def test_one_that_hangs_is_killed_in_time(decoder: Decoder) -> None:
    with photo_files(sample_photos.png()) as (photo, made):
        decoder.open(photo, Limits(seconds=0.5))
        os.kill(decoder.pid, signal.SIGSTOP)
        start = monotonic()
        with pytest.raises(errors.PhotoTimeout) as refusal:
            decoder.render(made)
    assert monotonic() - start < 1
    assert refusal.value.params == {"limit": 0.5}
    assert not decoder.alive


def test_one_that_is_gone_is_lost_at_once(decoder: Decoder) -> None:
    decoder.kill()
    decoder.kill()
    with pytest.raises(errors.DecoderFailed):
        decode_and_render(decoder, sample_photos.png())


NONSENSE: dict[str, object] = {
    "no bytes": b"",
    "no text": b"\xff\xfe\x00",
    "no json": b"hello",
    "cut off": b'{"facts": {"format": "png"',
    "deep": b"[" * 60_000,
    "deep and sound": b"[" * 30_000 + b"]" * 30_000,
    "too large": b'{"facts": "' + b"a" * 70_000 + b'"}',
    "too long a number": b'{"errno": ' + b"9" * 5000 + b"}",
    "nothing": None,
    "a list": [1],
    "another answer": {"made": [1, 2, 3, 4]},
    "no facts": {"facts": {}},
    "facts of another shape": {"facts": [1, 2]},
    "a negative width": {"facts": FACTS | {"width": -96}},
    "no height": {"facts": FACTS | {"height": 0}},
    "part of a pixel": {"facts": FACTS | {"width": 96.5}},
    "a width in words": {"facts": FACTS | {"width": "96"}},
    "a width over the limit": {"facts": FACTS | {"width": 2**40}},
    "pixels over the limit": {"facts": FACTS | {"width": 16_000, "height": 16_000}},
    "no frames": {"facts": FACTS | {"frames": 0}},
    "an unknown kind": {"facts": FACTS | {"format": "exe"}},
    "an unknown reason": {"refused": "photo_ugly", "seen": {}},
    "a reason of another branch": {"refused": "invalid_token", "seen": {}},
    "a reason that takes problems": {"refused": "validation_failed", "seen": {"a": 1}},
    "a link's reason": {"refused": "link_status", "seen": {"status": 200}},
    "a reason of the parent's": {"refused": "photo_timeout", "seen": {"limit": 1}},
    "a reason without what was seen": {"refused": "photo_damaged", "seen": {}},
    "a reason with more than that": {"refused": "photo_empty", "seen": {"field": "sku"}},
    "a reason that is none": {"refused": 7, "seen": {}},
    "a number in words": {"refused": "photo_too_many_frames", "seen": {"limit": "1", "frames": 2}},
    "words in a list": {"refused": "photo_damaged", "seen": {"problem": ["a"]}},
    "seen of another shape": {"refused": "photo_empty", "seen": []},
    "an error in words": {"errno": "5"},
    "an error that is none": {"errno": -1},
    "a large error": {"errno": 2**70},
}


@pytest.mark.parametrize("name", NONSENSE)
def test_one_that_talks_nonsense_is_ended(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with parrot(monkeypatch, HELLO, NONSENSE[name]) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decode_and_render(decoder, sample_photos.png())
        assert not decoder.alive


@pytest.mark.parametrize("name", ["no json", "nothing", "another answer"])
def test_one_that_makes_nonsense_is_ended(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    said = {"facts": FACTS} if name == "another answer" else NONSENSE[name]
    with parrot(monkeypatch, HELLO, {"facts": FACTS}, said) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decode_and_render(decoder, sample_photos.png())
        assert not decoder.alive


@pytest.mark.parametrize(
    "said",
    [b"hello", {}, {"cage": {}}, HELLO | {"vips": 8}, HELLO | {"cage": {"landlock": 7}}],
    ids=str,
)
def test_one_that_begins_with_nonsense_is_ended(
    monkeypatch: pytest.MonkeyPatch, said: object
) -> None:
    with parrot(monkeypatch, said) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decoder.handshake()
        assert not decoder.alive


def test_what_it_saw_is_passed_on_in_small_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"refused": "photo_damaged", "seen": {"problem": "x" * 60_000}}
    with parrot(monkeypatch, HELLO, said) as decoder:
        with pytest.raises(errors.PhotoDamaged) as refusal:
            decode_and_render(decoder, sample_photos.png())
        assert len(str(refusal.value.params["problem"])) == 200


def test_one_that_does_not_come_up_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", "raise SystemExit(3)"))
    decoder = Decoder(Limits().memory)
    with pytest.raises(errors.DecoderFailed):
        decoder.handshake()
    assert not decoder.alive


def test_one_that_closes_its_line_and_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, sys, time; os.close(int(sys.argv[-2])); time.sleep(60)"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", script))
    monkeypatch.setattr(process, "_EXIT_SECONDS", 0.2)
    decoder = Decoder(Limits().memory)
    with pytest.raises(errors.DecoderFailed):
        decoder.handshake()
    assert not decoder.alive


def test_no_descriptor_is_left_when_no_process_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", ("/nowhere/python",))
    before = count_descriptors()
    with pytest.raises(FileNotFoundError):
        Decoder(Limits().memory)
    assert count_descriptors() == before


PARENT = """
import os, sys, time
from fatrina.adapters.decoder import Decoder, process
from fatrina.domain.photo import Limits
if sys.argv[1]:
    process.PROGRAM = (sys.executable, "-c", sys.argv[1])
decoder = Decoder(Limits().memory)
decoder.handshake()
print(decoder.pid, flush=True)
if sys.argv[1]:
    decoder.open(os.memfd_create("photo"), Limits(seconds=1))
time.sleep(60)
"""


@pytest.mark.parametrize(("program", "seconds"), [("", 1.0), (SPINNER, 4.0)], ids=["idle", "busy"])
def test_it_ends_with_its_parent(program: str, seconds: float) -> None:
    """An idle one sees its line closed; a busy one has an alarm two seconds after its time."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        sleep(0.2)
        parent.kill()
        assert exits_within(child, seconds + 1)


def test_without_libheif_a_heic_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys; sys.modules['pi_heif'] = None; from fatrina.adapters.decoder import worker; "
    )
    run = "worker.main(int(sys.argv[1]), int(sys.argv[2]))"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", script + run))
    decoder = Decoder(Limits().memory)
    assert decoder.handshake().heic is False
    with pytest.raises(errors.PhotoHeicUnavailable):
        decode_and_render(decoder, sample_photos.heic())
    assert decode_and_render(decoder, sample_photos.png()).info.format is ImageFormat.PNG
    decoder.kill()
