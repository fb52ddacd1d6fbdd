"""Servers that misbehave: they never respond, or send invalid responses."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class SilentServer:
    """A server that accepts connections without responding."""

    url: str
    connections: list[socket.socket] = field(default_factory=list)


@contextmanager
def run_silent_server(
    handle: Callable[[socket.socket], None] = lambda _: None,
) -> Iterator[SilentServer]:
    """Accept connections on 127.0.0.1 and keep them open; run `handle` in a thread for each."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = SilentServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def run_handler(connection: socket.socket) -> None:
            with suppress(OSError):
                handle(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    server.connections.append(connection)
                    threading.Thread(target=run_handler, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in server.connections:
                connection.close()
