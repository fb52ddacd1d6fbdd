"""The decoder pool: acquiring, waiting, replacing and closing."""

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
def open_pool(count: int = 1, max_waiting: int = 8, seconds: float = 8.0) -> Iterator[DecoderPool]:
    decoders = DecoderPool(count, Limits(seconds=seconds), max_waiting)
    try:
        decoders.handshake()
        yield decoders
    finally:
        decoders.close()


def can_render(decoders: DecoderPool) -> bool:
    with decoders.acquire() as decoder:
        return decode_and_render(decoder, sample_photos.png()).info.width == sample_photos.WIDTH


def kill(decoders: DecoderPool) -> None:
    """Kill the only decoder and wait until it has exited."""
    (decoder,) = decoders._all
    os.kill(decoder.pid, signal.SIGKILL)
    until = monotonic() + 5
    while decoder.alive and monotonic() < until:
        sleep(0.005)


def test_decoder_killed_while_idle_is_replaced() -> None:
    with open_pool() as decoders:
        for _ in range(3):
            (pid,) = decoders.pids
            kill(decoders)
            assert can_render(decoders)
            assert decoders.pids != [pid]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_decoder_killed_while_busy_is_replaced_quickly(end: signal.Signals) -> None:
    with open_pool(seconds=1) as decoders:
        with photo_files(sample_photos.png()) as (photo, outputs), decoders.acquire() as decoder:
            decoder.open(photo, decoders.limits)
            os.kill(decoder.pid, end)
            with pytest.raises(errors.ServiceError):
                decoder.render(outputs)
        start = monotonic()
        assert can_render(decoders)
        assert monotonic() - start < 1.5  # half a second on an idle machine


class KillingPool(DecoderPool):
    """A pool that kills some decoders as soon as they have a photo."""

    kills = 0

    @contextmanager
    def acquire(self) -> Iterator[Decoder]:
        with super().acquire() as decoder:
            if self.kills:
                self.kills -= 1
                os.kill(decoder.pid, signal.SIGKILL)
            yield decoder


@pytest.mark.parametrize(("kills", "succeeds"), [(1, True), (2, False)])
def test_photo_is_retried_once_after_its_decoder_is_killed(
    tmp_path: Path, *, kills: int, succeeds: bool
) -> None:
    spool = Spool(tmp_path, 1_000_000)
    decoders = KillingPool(1, Limits(), max_waiting=2)
    with ExitStack() as ends:
        ends.callback(decoders.close)
        photo, *outputs = (ends.enter_context(spool.create_file()) for _ in range(5))
        photo.write(sample_photos.png())
        decoders.handshake()
        decoders.kills = kills
        clock = SimpleNamespace(stage=lambda _: nullcontext())
        parts = cast(Services, SimpleNamespace(decoders=decoders, clock=clock))
        if succeeds:
            assert (
                rendering._decode(parts, IncomingPhoto(photo), outputs).width == sample_photos.WIDTH
            )
        else:
            with pytest.raises(errors.DecoderFailed):
                rendering._decode(parts, IncomingPhoto(photo), outputs)
        assert can_render(decoders)


def test_full_queue_raises_busy() -> None:
    with open_pool(max_waiting=1) as decoders:
        with decoders.acquire():
            waiting = Thread(target=can_render, args=(decoders,))
            waiting.start()
            until = monotonic() + 5
            while not decoders.waiting and monotonic() < until:
                sleep(0.005)
            with pytest.raises(errors.Busy) as raised:
                decoders.check_capacity()
            with pytest.raises(errors.Busy), decoders.acquire():
                pass
        assert raised.value.params == {"retry": 2}
        waiting.join()
        decoders.check_capacity()
        assert can_render(decoders)


def test_queue_timeout_raises_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_QUEUE_TIMEOUT_SECONDS", 0.05)
    with open_pool() as decoders:
        with decoders.acquire(), pytest.raises(errors.Busy), decoders.acquire():
            pass
        assert decoders.waiting == 0
        assert can_render(decoders)


def test_many_threads_share_few_decoders() -> None:
    photos = [sample_photos.png(), sample_photos.jpeg(), sample_photos.webp(), b"none"]
    expected = ["png", "jpg", "webp", "photo_not_an_image"]
    with open_pool(2, max_waiting=40) as decoders, ThreadPoolExecutor(8) as threads:

        def one(at: int) -> str:
            try:
                with decoders.acquire() as decoder:
                    return decode_and_render(decoder, photos[at % 4]).info.format.value
            except errors.PhotoError as exc:
                return exc.reason

        assert [*threads.map(one, range(40))] == expected * 10
        assert len(decoders.pids) == 2


def child_pids() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found.update(int(pid) for pid in (task / "child_pids").read_text().split())
    return found


def test_no_descriptors_or_processes_leak() -> None:
    with open_pool() as decoders:
        can_render(decoders)
        before = count_descriptors(), len(child_pids())
        for turn in range(100):
            if turn % 12 == 0:
                kill(decoders)
            assert can_render(decoders)
        assert (count_descriptors(), len(child_pids())) == before
        pids = set(decoders.pids)
    assert not pids & child_pids()


def test_failed_start_is_retried_by_the_next_photo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_pool() as decoders:
        with monkeypatch.context() as broken:
            broken.setattr(process, "PROGRAM", ("/nowhere/python",))
            kill(decoders)
            for _ in range(3):
                with pytest.raises(errors.DecoderFailed):
                    can_render(decoders)
        assert can_render(decoders)


def test_decoder_acquired_during_close_is_not_replaced() -> None:
    decoders = DecoderPool(1, Limits(), max_waiting=1)
    acquired, closed = Event(), Event()

    def hold() -> None:
        with decoders.acquire():
            acquired.set()
            closed.wait(5)

    holder = Thread(target=hold)
    holder.start()
    acquired.wait(5)
    before = child_pids()
    decoders.close()
    closed.set()
    holder.join()
    assert not child_pids() & before & set(decoders.pids)
