"""Receivers that misbehave: they accept and never answer, or answer what no server should."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class SilentServer:
    """A receiver that accepts connections, and what was done on each."""

    url: str
    connections: list[socket.socket] = field(default_factory=list)


@contextmanager
def run_silent_server(
    handle: Callable[[socket.socket], None] = lambda _: None,
) -> Iterator[SilentServer]:
    """Accept connections on 127.0.0.1 and keep them; `act` runs in a thread for each."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = SilentServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def one(line: socket.socket) -> None:
            with suppress(OSError):
                handle(line)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    server.connections.append(line)
                    threading.Thread(target=one, args=(line,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in server.connections:
                line.close()
