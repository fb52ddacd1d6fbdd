"""Run one service on a socket until it is told to stop."""

import asyncio
import ctypes
import errno
import signal
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

import structlog
import uvicorn

from fatrina import app
from fatrina.data_directory import DataDirectory, NotReadyError, lock_data_directory
from fatrina.domain.access import is_guessable
from fatrina.settings import Settings
from fatrina.web.http import protocol

_TRIM: Final = 10.0
"""Seconds between two returns of freed memory."""
_LOOK: Final = 0.05
_PATIENCE: Final = 30.0
"""Seconds that a start waits for a command which uses the data folder."""
log = structlog.get_logger("fatrina")


def serve(
    settings: Settings, on_ready: Callable[[app.Service, Settings], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way.

    Raises:
        NotReadyError: another service holds the data folder, the address is in use, or the
            admin token is easily guessed.
        OSError: the address or the folder cannot be had.
    """
    if settings.admin_token and is_guessable(settings.admin_token):
        message = "FATRINA_ADMIN_TOKEN is easily guessed: take what openssl rand -hex 16 prints."
        raise NotReadyError(message)
    with (
        lock_data_directory(settings.data, create=True, timeout=_PATIENCE) as folder,
        bind_socket(settings) as listener,
    ):
        if not folder.is_owner:
            raise NotReadyError(_locked_service(settings, folder))
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        stopped = threading.Event()
        with app.build(settings, folder) as service:
            service.stack.callback(stopped.set)
            _warn_of_missing_sandbox(service)
            log.info("serving", url=settings.base, data=str(settings.data))
            service.start()
            if on_ready is not None:
                on_ready(service, settings)
            # uvicorn raises the signal that stopped it once more when all is finished, which would
            # end the process before it has let go of its own.
            signal.signal(signal.SIGTERM, lambda *_: None)
            threading.Thread(target=_restore_signals, args=(stopped,), daemon=True).start()
            config = uvicorn.Config(service.app, lifespan="off", **protocol.as_uvicorn())
            DrainingServer(config).run(sockets=[listener])


def _locked_service(settings: Settings, folder: DataDirectory) -> str:
    if folder.owner.serves:
        seen = f"Another Fatrina serves {settings.data} already: {folder.owner}."
        return f"{seen} Stop it, or use --data."
    owner = folder.owner
    return f"{settings.data} is in use by {owner}. Wait until it has ended, or stop it."


class DrainingServer(uvicorn.Server):
    """A server that answers every request that has reached it before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer what has arrived or is on its way, then stop as uvicorn does.

        uvicorn closes idle connections at once, and a request that a client has just sent on one
        of them is reset.
        """
        setattr(self.server_state, "draining", True)  # noqa: B010  read by `Protocol`
        await asyncio.sleep(0)  # connections that wait in the listening socket are accepted
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        connections = self.server_state.connections
        for connection in list(connections):
            if isinstance(connection, protocol.Protocol):
                connection.drain()
        end = monotonic() + protocol.DRAIN_IDLE
        while connections and monotonic() < end and not self.force_exit:  # noqa: ASYNC110  no event
            await asyncio.sleep(_LOOK)
        await super().shutdown(sockets)


def bind_socket(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises:
        NotReadyError: the address is in use.
        OSError: the address is not this machine's.
    """
    address = f"{settings.host} port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server(
            (settings.host, settings.port), family=family, backlog=2048, reuse_port=False
        )
    except OSError as exc:
        words = (exc.strerror or "").partition(" (while")[0]
        if exc.errno == errno.EADDRINUSE:
            message = f"{words}: {address}. Choose another port with --port."
            raise NotReadyError(message) from exc
        raise OSError(exc.errno, words, address) from exc


def _restore_signals(stopped: threading.Event) -> None:
    """Give freed memory back to the system now and then.

    Uploads that stand still leave small live pieces between large freed ones, which the C library
    keeps: of 10,000 uploads, half of what the process holds is of no use to it.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others keep less
    while trim is not None and not stopped.wait(_TRIM):
        trim(0)


def _warn_of_missing_sandbox(service: app.Service) -> None:
    hello = service.services.decoders.handshake()
    if not hello.landlock:
        log.warning("unconfined", missing="Landlock", help="decoders may read files; see doctor")
    if not hello.seccomp:
        log.warning("unconfined", missing="libseccomp", help="decoders may make any call")
