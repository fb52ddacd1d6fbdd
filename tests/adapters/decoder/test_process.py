"""One decoder process: what happens to it and to the photo when either of them fails."""

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

HANDSHAKE = {"sandbox": {"landlock": 7, "seccomp": True}, "vips": "8.18.7", "heic": True}
INFO = {"format": "png", "width": 96, "height": 64, "frames": 1, "buffered": False}

# Stands in for a worker that a photo has taken over: it sends the given responses.
FAKE_WORKER = """
import socket, sys, zlib
connection = socket.socket(fileno=int(sys.argv[-2]))
for response in sys.argv[1:-2]:
    connection.send(zlib.decompress(bytes.fromhex(response)))
    connection.recv(65536)
sys.exit(bool(len(sys.argv) == 4))
"""
# A worker whose faster libraries fail, but whose libvips works.
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
# A worker that never finishes a photo.
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
def fake_worker(monkeypatch: pytest.MonkeyPatch, *responses: object) -> Iterator[Decoder]:
    packets = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in responses]
    arguments = [zlib.compress(each).hex() for each in packets]
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", FAKE_WORKER, *arguments))
    decoder = Decoder(Limits().memory)
    yield decoder
    decoder.kill()


def test_handshake_reports_versions(decoder: Decoder) -> None:
    handshake = decoder.handshake()
    assert handshake.vips.startswith("8.")
    assert handshake.heic
    assert decoder.alive
    assert decoder.handshake() is handshake


def test_consecutive_photos_of_every_format(decoder: Decoder) -> None:
    for kind in ("jpeg", "png", "webp", "gif", "avif", "heic"):
        assert (
            decode_and_render(decoder, getattr(sample_photos, kind)()).info.format
            is ImageFormat[kind.upper()]
        )


def test_decoder_is_ready_after_an_error(decoder: Decoder) -> None:
    for _ in range(3):
        with pytest.raises(errors.PhotoNotAnImage):
            decode_and_render(decoder, b"hello")
        assert decode_and_render(decoder, sample_photos.png()).info.width == sample_photos.WIDTH
    assert decoder.alive


def test_unrendered_photo_is_discarded(decoder: Decoder) -> None:
    with photo_files(sample_photos.jpeg()) as (photo, _):
        decoder.open(photo, Limits())
    assert decode_and_render(decoder, sample_photos.png()).info.format is ImageFormat.PNG


def test_write_error_is_not_a_photo_error(decoder: Decoder) -> None:
    with photo_files(sample_photos.png()) as (photo, outputs), Path("/dev/full").open("wb") as full:
        decoder.open(photo, Limits())
        with pytest.raises(OSError, match="No space left"):
            decoder.render([full.fileno(), *outputs[1:]])
    assert decode_and_render(decoder, sample_photos.png()).info.format is ImageFormat.PNG


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signals_are_ignored(decoder: Decoder, stop: signal.Signals) -> None:
    with photo_files(sample_photos.png()) as (photo, outputs):
        decoder.open(photo, Limits())
        os.kill(decoder.pid, stop)
        decoder.render(outputs)
    assert decoder.alive


@pytest.mark.parametrize(
    ("end", "error_class"),
    [
        (signal.SIGKILL, errors.DecoderFailed),
        (signal.SIGSEGV, errors.PhotoCrashedDecoder),
        (signal.SIGABRT, errors.PhotoCrashedDecoder),
        (signal.SIGBUS, errors.PhotoCrashedDecoder),
        (signal.SIGALRM, errors.PhotoTimeout),
    ],
)
def test_exit_signal_determines_the_error(
    decoder: Decoder, end: signal.Signals, error_class: type[errors.ServiceError]
) -> None:
    with photo_files(sample_photos.png()) as (photo, outputs):
        decoder.open(photo, Limits())
        os.kill(decoder.pid, end)
        with pytest.raises(error_class):
            decoder.render(outputs)
    assert not decoder.alive


def test_exception_is_an_internal_error_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", BROKEN))
    decoder = Decoder(Limits().memory)
    with pytest.raises(DecoderInternalError) as raised:
        decode_and_render(decoder, sample_photos.jpeg())
    assert str(raised.value).startswith("ValueError < worker.py:")
    assert "broken" in str(raised.value)
    assert "secret" not in str(raised.value)
    with photo_files(sample_photos.jpeg()) as (photo, outputs):
        decoder.open(photo, Limits(), libvips_only=True)
        decoder.render(outputs)
    assert decoder.alive
    decoder.kill()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "avif", "heic"])
def test_libvips_only_mode_works_in_the_sandbox(decoder: Decoder, kind: str) -> None:
    with photo_files(getattr(sample_photos, kind)()) as (photo, outputs):
        decoder.open(photo, Limits(), libvips_only=True)
        decoder.render(outputs)
        assert all(os.fstat(file).st_size for file in outputs)
    assert decode_and_render(decoder, sample_photos.jpeg()).info.format is ImageFormat.JPEG


def test_internal_error_text_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = {"internal_error": ["x" * 900, "line\nbreak", "\u0643", 7] * 30}
    with (
        fake_worker(monkeypatch, HANDSHAKE, responses) as decoder,
        photo_files(sample_photos.png()) as (photo, _),
        pytest.raises(DecoderInternalError) as raised,
    ):
        decoder.open(photo, Limits())
    text = str(raised.value)
    assert len(text) < 5_000
    assert text.isascii()
    assert text.isprintable()


def test_exit_code_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker(monkeypatch, HANDSHAKE) as decoder:
        decoder.handshake()
        with photo_files(sample_photos.png()) as (photo, _), pytest.raises(DecoderInternalError):
            decoder.open(photo, Limits())
        assert not decoder.alive


def test_hanging_decoder_is_killed_at_the_deadline(decoder: Decoder) -> None:
    with photo_files(sample_photos.png()) as (photo, outputs):
        decoder.open(photo, Limits(seconds=0.5))
        os.kill(decoder.pid, signal.SIGSTOP)
        start = monotonic()
        with pytest.raises(errors.PhotoTimeout) as raised:
            decoder.render(outputs)
    assert monotonic() - start < 1
    assert raised.value.params == {"limit": 0.5}
    assert not decoder.alive


def test_killed_decoder_fails_immediately(decoder: Decoder) -> None:
    decoder.kill()
    decoder.kill()
    with pytest.raises(errors.DecoderFailed):
        decode_and_render(decoder, sample_photos.png())


INVALID_RESPONSES: dict[str, object] = {
    "no bytes": b"",
    "no text": b"\xff\xfe\x00",
    "no json": b"hello",
    "cut off": b'{"info": {"format": "png"',
    "deep": b"[" * 60_000,
    "deep and valid": b"[" * 30_000 + b"]" * 30_000,
    "too large": b'{"info": "' + b"a" * 70_000 + b'"}',
    "too long a number": b'{"errno": ' + b"9" * 5000 + b"}",
    "nothing": None,
    "a list": [1],
    "another response": {"rendered": [1, 2, 3, 4]},
    "no information": {"info": {}},
    "information of another type": {"info": [1, 2]},
    "a negative width": {"info": INFO | {"width": -96}},
    "no height": {"info": INFO | {"height": 0}},
    "part of a pixel": {"info": INFO | {"width": 96.5}},
    "a width as text": {"info": INFO | {"width": "96"}},
    "a width over the limit": {"info": INFO | {"width": 2**40}},
    "pixels over the limit": {"info": INFO | {"width": 16_000, "height": 16_000}},
    "no frames": {"info": INFO | {"frames": 0}},
    "an unknown kind": {"info": INFO | {"format": "exe"}},
    "an unknown reason": {"error": "photo_ugly", "params": {}},
    "a reason of another branch": {"error": "invalid_token", "params": {}},
    "a reason that takes problems": {"error": "validation_failed", "params": {"a": 1}},
    "a link's reason": {"error": "link_status", "params": {"status": 200}},
    "a reason that only the parent uses": {"error": "photo_timeout", "params": {"limit": 1}},
    "a reason without its parameters": {"error": "photo_damaged", "params": {}},
    "a reason with other parameters": {"error": "photo_empty", "params": {"field": "sku"}},
    "a reason that is not text": {"error": 7, "params": {}},
    "a number as text": {"error": "photo_too_many_frames", "params": {"limit": "1", "frames": 2}},
    "text in a list": {"error": "photo_damaged", "params": {"problem": ["a"]}},
    "parameters of another type": {"error": "photo_empty", "params": []},
    "an error number as text": {"errno": "5"},
    "an error number that does not exist": {"errno": -1},
    "a large error": {"errno": 2**70},
}


@pytest.mark.parametrize("name", INVALID_RESPONSES)
def test_invalid_open_response_kills_the_decoder(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with fake_worker(monkeypatch, HANDSHAKE, INVALID_RESPONSES[name]) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decode_and_render(decoder, sample_photos.png())
        assert not decoder.alive


@pytest.mark.parametrize("name", ["no json", "nothing", "another response"])
def test_invalid_render_response_kills_the_decoder(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    response = {"info": INFO} if name == "another response" else INVALID_RESPONSES[name]
    with fake_worker(monkeypatch, HANDSHAKE, {"info": INFO}, response) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decode_and_render(decoder, sample_photos.png())
        assert not decoder.alive


@pytest.mark.parametrize(
    "response",
    [
        b"hello",
        {},
        {"sandbox": {}},
        HANDSHAKE | {"vips": 8},
        HANDSHAKE | {"sandbox": {"landlock": 7}},
    ],
    ids=str,
)
def test_invalid_handshake_kills_the_decoder(
    monkeypatch: pytest.MonkeyPatch, response: object
) -> None:
    with fake_worker(monkeypatch, response) as decoder:
        with pytest.raises(errors.DecoderFailed):
            decoder.handshake()
        assert not decoder.alive


def test_error_parameters_are_truncated(monkeypatch: pytest.MonkeyPatch) -> None:
    response = {"error": "photo_damaged", "params": {"problem": "x" * 60_000}}
    with fake_worker(monkeypatch, HANDSHAKE, response) as decoder:
        with pytest.raises(errors.PhotoDamaged) as raised:
            decode_and_render(decoder, sample_photos.png())
        assert len(str(raised.value.params["problem"])) == 200


def test_failed_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", "raise SystemExit(3)"))
    decoder = Decoder(Limits().memory)
    with pytest.raises(errors.DecoderFailed):
        decoder.handshake()
    assert not decoder.alive


def test_decoder_that_closes_its_socket_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, sys, time; os.close(int(sys.argv[-2])); time.sleep(60)"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", script))
    monkeypatch.setattr(process, "_EXIT_SECONDS", 0.2)
    decoder = Decoder(Limits().memory)
    with pytest.raises(errors.DecoderFailed):
        decoder.handshake()
    assert not decoder.alive


def test_failed_start_leaks_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_decoder_exits_with_its_parent(program: str, seconds: float) -> None:
    """An idle worker sees a closed socket; a busy one has an alarm two seconds after its limit."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        sleep(0.2)
        parent.kill()
        assert exits_within(pid, seconds + 1)


def test_heic_without_libheif_is_reported_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
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
