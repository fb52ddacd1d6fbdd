"""Run the service on a socket until SIGTERM or SIGINT."""

import asyncio
import ctypes
import errno
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import structlog
import uvicorn

from fatrina import app
from fatrina.data_directory import DataDirectory, NotReadyError, lock_data_directory
from fatrina.domain.access import is_guessable
from fatrina.settings import CERTIFICATE_FILE, KEY_FILE, Settings
from fatrina.web.http import protocol

_TRIM_INTERVAL_SECONDS: Final = 10.0
"""Seconds between two calls of `malloc_trim`."""
_POLL_INTERVAL_SECONDS: Final = 0.05
"""Seconds between two checks for open connections while stopping."""
_LOCK_TIMEOUT_SECONDS: Final = 30.0
"""Maximum seconds that a start waits for a command that uses the data directory."""
log = structlog.get_logger("fatrina")


def serve(
    settings: Settings, on_ready: Callable[[app.Service, Settings], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in progress.

    `on_ready` is called when the service is built and its socket listens.

    Raises:
        NotReadyError: Another process uses the data directory, the address is in use, or the
            admin token is easy to guess.
        OSError: The address or the data directory is not available.
    """
    if settings.admin_token and is_guessable(settings.admin_token):
        message = "FATRINA_ADMIN_TOKEN is easy to guess. Use the output of: openssl rand -hex 16"
        raise NotReadyError(message)
    with (
        lock_data_directory(settings, create=True, timeout=_LOCK_TIMEOUT_SECONDS) as data_directory,
        bind_socket(settings) as listener,
    ):
        if not data_directory.is_owner:
            raise NotReadyError(_describe_conflict(settings, data_directory))
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        stopped = threading.Event()
        tls_options = _tls_options(settings)
        with app.build(settings, data_directory) as service:
            service.stack.callback(stopped.set)
            _warn_of_missing_sandbox(service)
            log.info("serving", url=settings.base, data=str(settings.data))
            service.start()
            if on_ready is not None:
                on_ready(service, settings)
            threading.Thread(target=_trim_memory, args=(stopped,), daemon=True).start()
            config = uvicorn.Config(
                service.app,
                lifespan="off",
                **protocol.uvicorn_settings(service.fast_path.respond),
                **tls_options,
            )
            uvicorn_server = DrainingServer(config)
            # Before uvicorn handles signals, SIGTERM ends the start. After its shutdown, uvicorn
            # raises the signal again: the default handler would end the process before it has
            # closed its resources.
            signal.signal(signal.SIGTERM, lambda *_: setattr(uvicorn_server, "should_exit", True))
            uvicorn_server.run(sockets=[listener])


def _tls_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments of uvicorn.Config for HTTPS, if it is enabled.

    Raises:
        NotReadyError: the certificate cannot be used.
    """
    if settings.tls is None:
        return {}
    certificate, key = (str(settings.tls / name) for name in (CERTIFICATE_FILE, KEY_FILE))
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        message = f"{settings.tls} has no usable certificate ({exc}): run fatrina tls."
        raise NotReadyError(message) from exc
    return {"ssl_certfile": certificate, "ssl_keyfile": key}


def _describe_conflict(settings: Settings, data_directory: DataDirectory) -> str:
    owner = data_directory.owner
    if owner.is_server:
        conflict = f"Another Fatrina serves {settings.data} already: {owner}."
        return f"{conflict} Stop it, or choose another directory with --data."
    return f"{settings.data} is in use by {owner}. Wait until it has finished, or stop it."


class DrainingServer(uvicorn.Server):
    """Server that answers every request it has received before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, answer pending requests, then run uvicorn's shutdown.

        uvicorn closes idle connections immediately, which resets a request that a client has
        just sent on one of them.
        """
        setattr(self.server_state, "draining", True)  # noqa: B010  read by `Protocol`
        await asyncio.sleep(0)  # accept the connections that wait in the backlog
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        connections = self.server_state.connections
        for connection in list(connections):
            if isinstance(connection, protocol.Protocol):
                connection.drain()
        deadline = monotonic() + protocol.DRAIN_IDLE_SECONDS
        # uvicorn has no event for the end of the last connection.
        while connections and monotonic() < deadline and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_INTERVAL_SECONDS)
        await super().shutdown(sockets)


def bind_socket(settings: Settings) -> socket.socket:
    """Return a socket that listens on the host and port of the settings.

    Raises:
        NotReadyError: The address is in use.
        OSError: The address does not belong to this machine.
    """
    address = f"{settings.host} port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server(
            (settings.host, settings.port), family=family, backlog=2048, reuse_port=False
        )
    except OSError as exc:
        reason = (exc.strerror or "").partition(" (while")[0]
        if exc.errno == errno.EADDRINUSE:
            message = f"{reason}: {address}. Choose another port with --port."
            raise NotReadyError(message) from exc
        raise OSError(exc.errno, reason, address) from exc


def _trim_memory(stopped: threading.Event) -> None:
    """Return freed memory to the system periodically until `stopped` is set.

    Stalled uploads leave small live blocks between large freed ones, which the C library keeps:
    after 10,000 uploads, half of the memory of the process is unused.
    """
    # glibc only; other C libraries keep less memory.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None and not stopped.wait(_TRIM_INTERVAL_SECONDS):
        trim(0)


def _warn_of_missing_sandbox(service: app.Service) -> None:
    handshake = service.services.decoders.handshake()
    if not handshake.landlock:
        log.warning(
            "sandbox_incomplete",
            missing="Landlock",
            help="Decoders can read files. Run fatrina doctor.",
        )
    if not handshake.seccomp:
        log.warning(
            "sandbox_incomplete", missing="libseccomp", help="Decoders can make any system call."
        )
