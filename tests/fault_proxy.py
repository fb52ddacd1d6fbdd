"""A TCP proxy between a service and a server on which it depends, which injects network faults."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

_CHUNK_BYTES = 65_536


@dataclass
class Faults:
    """What happens to the traffic; tests change it at any time."""

    delay: float = 0.0
    """Seconds by which every chunk is delayed, in both directions."""
    stalled: bool = False
    """Connections are accepted, and nothing is forwarded any more."""
    cut_at: bytes = b""
    """The next connection that sends these bytes is cut."""
    forwarded: bool = False
    """Whether those bytes arrive, and only the response is lost."""
    cuts: int = 0
    """Number of connections cut because of `cut_at`."""


class FaultProxy:
    """A running proxy in front of a server at `target`, a host and a port."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.faults = Faults()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Accept connections on a free port of 127.0.0.1."""
        self._thread.start()
        self._call(self._listen())

    def stop(self) -> None:
        """Cut all connections and stop."""
        self.refuse()
        self._call(asyncio.sleep(0.01))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_at(self, pattern: bytes, *, forwarded: bool) -> None:
        """Cut the next connection that sends `pattern`, with or without forwarding it."""
        self.faults.cut_at, self.faults.forwarded = pattern, forwarded

    def cut(self) -> None:
        """Cut all connections."""
        self._call(self._cut())

    def refuse(self) -> None:
        """Cut all connections and refuse new ones, until `accept`."""
        self._call(self._refuse())

    def accept(self) -> None:
        """Accept connections again, on the same port."""
        self._call(self._listen())

    def resume(self) -> None:
        """Forward again; stalled connections are cut."""
        self.faults.stalled, self.faults.delay = False, 0.0
        self.cut()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._connected, sock=listener)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(
        self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter
    ) -> None:
        try:
            server_in, server_out = await asyncio.open_connection(*self._target)
        except OSError:
            client_out.transport.abort()
            return
        pair = {client_out, server_out}
        self._writers |= pair
        lost = asyncio.Event()
        try:
            await asyncio.gather(
                self._forward(client_in, server_out, pair, lost, from_client=True),
                self._forward(server_in, client_out, pair, lost, from_client=False),
            )
        finally:
            self._writers -= pair
            for writer in pair:
                writer.transport.abort()

    async def _forward(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        pair: set[asyncio.StreamWriter],
        lost: asyncio.Event,
        *,
        from_client: bool,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK_BYTES):
                if self.faults.delay:
                    await asyncio.sleep(self.faults.delay)
                while self.faults.stalled:  # noqa: ASYNC110  set from another thread
                    await asyncio.sleep(0.01)
                if lost.is_set():  # the response to the bytes at which the connection is cut
                    break
                pattern = self.faults.cut_at
                if from_client and pattern and pattern in data:
                    self.faults.cut_at, self.faults.cuts = b"", self.faults.cuts + 1
                    if not self.faults.forwarded:
                        break
                    lost.set()
                target.write(data)
                await target.drain()
        for writer in pair:
            writer.transport.abort()


@contextmanager
def run_proxy(host: str, port: int) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server."""
    proxy = FaultProxy((host, port))
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
