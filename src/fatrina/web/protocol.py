"""HTTP on the wire: what is no request gets the envelope, who dawdles is cut."""

import asyncio
import json
import socket
from secrets import token_hex
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from fatrina import wire
from fatrina.domain import errors

HEAD_SECONDS: Final = 30.0
"""Seconds in which a request's head must be whole, and an unread body must end."""
READ_SECONDS: Final = 60.0
"""Seconds in which a client must take what of an answer waits for it, about 256 KB."""
_BROKEN: Final = json.dumps(wire.failure(errors.HttpBroken(), "ar"), ensure_ascii=False).encode()


class Protocol(H11Protocol):
    """uvicorn's h11 protocol with four gaps closed.

    It answers broken requests with plain text, waits for ever for the rest of a head and for a
    client that reads nothing, and leaves to the listening socket whether the second packet of an
    answer waits for a receipt of the first.
    """

    _cut_off: asyncio.TimerHandle | None = None
    _given_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request's head."""
        super().connection_made(transport)
        # asyncio does so only where the socket names its protocol, which `create_server`'s do not.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; stop the clock while a request is being answered."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clocks."""
        self._rest()
        self._go_on_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read; closing would wait too, for what it left unread."""
        super().pause_writing()
        self._given_up = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        super().resume_writing()
        self._go_on_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's words
        """Answer what is not HTTP in the envelope, and close."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        headers = [
            ("content-type", "application/json; charset=utf-8"),
            ("content-language", "ar"),
            ("content-length", str(len(_BROKEN))),
            ("cache-control", "no-store"),
            ("fatrina-reason", errors.HttpBroken.reason),
            ("x-request-id", token_hex(8)),
            ("connection", "close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=_BROKEN), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        if self._answering():
            self._rest()
        elif self._cut_off is None:
            self._cut_off = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _rest(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None

    def _go_on_writing(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None

    def _cut(self) -> None:
        self._cut_off = None
        if not self._answering() and not self.transport.is_closing():
            self.transport.close()

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete


def as_uvicorn() -> dict[str, Any]:
    """The settings with which uvicorn serves Fatrina."""
    return {
        "http": Protocol,
        "ws": "none",
        "server_header": False,
        "date_header": True,
        "access_log": False,
        "log_config": None,
        "proxy_headers": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": 60,
        "backlog": 2048,
    }
