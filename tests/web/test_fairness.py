"""The fair limiter: slots are shared between merchants, and waiting requests can be cancelled."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fatrina.domain import errors
from fatrina.domain.types import MerchantId
from fatrina.web.http import fair_limiter
from fatrina.web.http.fair_limiter import FairLimiter


def run(test: Coroutine[Any, Any, None]) -> None:
    # In a thread: the browser of other tests runs an event loop in the main thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(test, 20)).result()


class Work:
    """Requests that hold a slot until they are released, in the order in which they got it."""

    def __init__(self, total: int) -> None:
        self.limiter = FairLimiter(total)
        self.running: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def start(self, merchant: int, *names: str) -> None:
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._hold(merchant, name))
            await asyncio.sleep(0)
        await self.settle()

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self._tasks[name]
        await self.settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _hold(self, merchant: int, name: str) -> None:
        async with self.limiter.slot(MerchantId(merchant)):
            self.running.append(name)
            await self._ends[name].wait()
        self.running.remove(name)


def test_one_merchant_uses_at_most_half_of_the_slots() -> None:
    async def test() -> None:
        work = Work(4)
        await work.start(1, *(f"a{n}" for n in range(48)))
        assert work.running == ["a0", "a1"]
        await work.start(2, "b0")
        await work.start(3, "c0")
        assert work.running == ["a0", "a1", "b0", "c0"]
        await work.end("a0")
        assert work.running == ["a1", "b0", "c0", "a2"]

    run(test())


def test_free_slot_goes_to_the_merchant_with_the_fewest() -> None:
    async def test() -> None:
        work = Work(4)
        await work.start(1, "a0", "a1", "a2")
        await work.start(2, "b0", "b1", "b2")
        assert work.running == ["a0", "a1", "b0", "b1"]
        await work.start(3, "c0")
        await work.end("b0")
        assert work.running == ["a0", "a1", "b1", "c0"]
        await work.end("a0", "a1")
        assert work.running == ["b1", "c0", "a2", "b2"]

    run(test())


def test_request_that_times_out_releases_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_limiter, "_MAX_WAIT_SECONDS", 0.01)

    async def test() -> None:
        work = Work(2)
        await work.start(1, "a0")
        with pytest.raises(errors.Busy):
            async with work.limiter.slot(MerchantId(1)):
                raise AssertionError
        await work.end("a0")
        await work.start(1, "a1")
        assert work.running == ["a1"]

    run(test())


def test_cancelled_request_releases_its_place() -> None:
    async def test() -> None:
        work = Work(2)
        await work.start(1, "a0", "a1", "a2")
        await work.cancel("a1")
        await work.cancel("a0")
        assert work.running == ["a0", "a2"]  # cancelled while running: it has not ended yet
        await work.start(2, "b0")
        assert work.running[-1] == "b0"

    run(test())


@pytest.mark.parametrize("total", [1, 2, 3, 34])
def test_every_slot_is_released(total: int) -> None:
    async def test() -> None:
        limiter = FairLimiter(total)
        most = running = 0

        async def one(merchant: int) -> None:
            nonlocal most, running
            async with limiter.slot(MerchantId(merchant)):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(one(number % 5) for number in range(200)))
        assert running == 0
        assert most <= total
        assert limiter._free == total
        assert not limiter._held
        assert not limiter._queues

    run(test())
