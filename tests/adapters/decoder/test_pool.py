"""As many decoders as were asked for: lent, waited for, replaced, ended."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from types import SimpleNamespace
from typing import cast

import pytest

from fatrina.actions import Services, rendering
from fatrina.actions.receiving import IncomingPhoto
from fatrina.adapters.decoder import Decoder, DecoderPool, pool, process
from fatrina.adapters.spool import Spool
from fatrina.domain import errors
from fatrina.domain.photo import Limits
from tests import sample_photos
from tests.adapters.decoder.rendering import count_descriptors, decode_and_render, photo_files


@contextmanager
def opened(count: int = 1, room: int = 8, seconds: float = 8.0) -> Iterator[DecoderPool]:
    decoders = DecoderPool(count, Limits(seconds=seconds), room)
    try:
        decoders.handshake()
        yield decoders
    finally:
        decoders.close()


def works(decoders: DecoderPool) -> bool:
    with decoders.acquire() as decoder:
        return decode_and_render(decoder, sample_photos.png()).info.width == sample_photos.WIDTH


def kill(decoders: DecoderPool) -> None:
    """Kill the only decoder, and see it gone to its last thread."""
    (decoder,) = decoders._all
    os.kill(decoder.pid, signal.SIGKILL)
    until = monotonic() + 5
    while decoder.alive and monotonic() < until:
        sleep(0.005)


def test_one_killed_while_idle_is_replaced_unseen() -> None:
    with opened() as decoders:
        for _ in range(3):
            (pid,) = decoders.pids
            kill(decoders)
            assert works(decoders)
            assert decoders.pids != [pid]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_one_that_dies_at_work_is_replaced_within_half_a_second(end: signal.Signals) -> None:
    with opened(seconds=1) as decoders:
        with photo_files(sample_photos.png()) as (photo, made), decoders.acquire() as decoder:
            decoder.open(photo, decoders.limits)
            os.kill(decoder.pid, end)
            with pytest.raises(errors.ServiceError):
                decoder.render(made)
        start = monotonic()
        assert works(decoders)
        assert monotonic() - start < 1.5  # half a second on an idle machine


class Clumsy(DecoderPool):
    """Decoders of which some are killed as soon as they have a photo."""

    deaths = 0

    @contextmanager
    def acquire(self) -> Iterator[Decoder]:
        with super().acquire() as decoder:
            if self.deaths:
                self.deaths -= 1
                os.kill(decoder.pid, signal.SIGKILL)
            yield decoder


@pytest.mark.parametrize(("deaths", "passes"), [(1, True), (2, False)])
def test_a_photo_whose_decoder_was_killed_gets_one_other(
    tmp_path: Path, *, deaths: int, passes: bool
) -> None:
    spool = Spool(tmp_path, 1_000_000)
    decoders = Clumsy(1, Limits(), max_waiting=2)
    with ExitStack() as ends:
        ends.callback(decoders.close)
        photo, *made = (ends.enter_context(spool.create_file()) for _ in range(5))
        photo.write(sample_photos.png())
        decoders.handshake()
        decoders.deaths = deaths
        clock = SimpleNamespace(stage=lambda _: nullcontext())
        parts = cast(Services, SimpleNamespace(decoders=decoders, clock=clock))
        if passes:
            assert rendering._decode(parts, IncomingPhoto(photo), made).width == sample_photos.WIDTH
        else:
            with pytest.raises(errors.DecoderFailed):
                rendering._decode(parts, IncomingPhoto(photo), made)
        assert works(decoders)


def test_who_finds_no_room_is_told_to_come_back() -> None:
    with opened(room=1) as decoders:
        with decoders.acquire():
            waiting = Thread(target=works, args=(decoders,))
            waiting.start()
            until = monotonic() + 5
            while not decoders.waiting and monotonic() < until:
                sleep(0.005)
            with pytest.raises(errors.Busy) as refusal:
                decoders.check_capacity()
            with pytest.raises(errors.Busy), decoders.acquire():
                pass
        assert refusal.value.params == {"retry": 2}
        waiting.join()
        decoders.check_capacity()
        assert works(decoders)


def test_who_has_waited_long_enough_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_QUEUE_TIMEOUT_SECONDS", 0.05)
    with opened() as decoders:
        with decoders.acquire(), pytest.raises(errors.Busy), decoders.acquire():
            pass
        assert decoders.waiting == 0
        assert works(decoders)


def test_many_threads_share_few_decoders() -> None:
    photos = [sample_photos.png(), sample_photos.jpeg(), sample_photos.webp(), b"none"]
    expected = ["png", "jpg", "webp", "photo_not_an_image"]
    with opened(2, room=40) as decoders, ThreadPoolExecutor(8) as threads:

        def one(at: int) -> str:
            try:
                with decoders.acquire() as decoder:
                    return decode_and_render(decoder, photos[at % 4]).info.format.value
            except errors.PhotoError as exc:
                return exc.reason

        assert [*threads.map(one, range(40))] == expected * 10
        assert len(decoders.pids) == 2


def children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


def test_nothing_is_left_of_many_photos_and_deaths() -> None:
    with opened() as decoders:
        works(decoders)
        before = count_descriptors(), len(children())
        for turn in range(100):
            if turn % 12 == 0:
                kill(decoders)
            assert works(decoders)
        assert (count_descriptors(), len(children())) == before
        pids = set(decoders.pids)
    assert not pids & children()


def test_when_no_process_can_be_had_the_next_photo_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened() as decoders:
        with monkeypatch.context() as broken:
            broken.setattr(process, "PROGRAM", ("/nowhere/python",))
            kill(decoders)
            for _ in range(3):
                with pytest.raises(errors.DecoderFailed):
                    works(decoders)
        assert works(decoders)


def test_one_lent_while_all_end_is_not_replaced() -> None:
    decoders = DecoderPool(1, Limits(), max_waiting=1)
    lent, ended = Event(), Event()

    def hold() -> None:
        with decoders.acquire():
            lent.set()
            ended.wait(5)

    holder = Thread(target=hold)
    holder.start()
    lent.wait(5)
    before = children()
    decoders.close()
    ended.set()
    holder.join()
    assert not children() & before & set(decoders.pids)
