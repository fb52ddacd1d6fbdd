"""HTTP on the wire: what is no request gets the envelope, who dawdles is cut."""

import asyncio
import json
import socket
from secrets import token_hex
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from fatrina import wire
from fatrina.domain import errors
from fatrina.web.http import context
from fatrina.web.http.corking import CorkedTransport

HEAD_SECONDS: Final = 30.0
"""Seconds in which a request's head must be whole, and an unread body must end."""
WRITE_STALL_SECONDS: Final = 60.0
"""Seconds in which a client must take what of an answer waits for it, about 256 KB."""
_MAX_HEAD_BYTES: Final = 16_384
"""Bytes of a head, or of anything else that is neither a head nor a body."""
DRAIN_IDLE_SECONDS: Final = 1.0
"""Seconds in which a connection without a request stays open when the server stops: a request
may be on its way."""
DRAIN_BODY_SECONDS: Final = 5.0
"""Seconds without a byte after which an upload is given up when the server stops."""
_MAX_PIPELINED: Final = 8
"""Requests on one connection that may wait for the answer to another."""


def _error_response(
    status_line: str, error: errors.ServiceError, extra_headers: str = ""
) -> tuple[str, bytes]:
    """Return the head, with a place for the request's id, and the body of an error response."""
    body = json.dumps(wire.failure(error, "ar"), ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status_line}\r\n"
        "content-type: application/json; charset=utf-8\r\n"
        "content-language: ar\r\n"
        f"content-length: {len(body)}\r\n"
        "cache-control: no-store\r\n"
        f"fatrina-reason: {error.reason}\r\n"
        f"{extra_headers}"
        "x-request-id: {name}\r\n"
        "connection: close\r\n\r\n"
    )
    return head, body


_BAD_REQUEST: Final = _error_response("400 Bad Request", errors.MalformedRequest())
_SERVICE_UNAVAILABLE: Final = _error_response(
    "503 Service Unavailable", errors.Stopping(retry=5), "retry-after: 5\r\n"
)


class _MalformedRequestError(Exception):
    """What the parser takes for a request breaks HTTP all the same."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol over llhttp, with the gaps closed that the two leave.

    They take a head of any size and any number of hosts, lose the body of a request that asks for
    another protocol, answer broken requests with plain text even amid another answer, queue
    requests without end, wait for ever for the rest of a head and for a client that reads nothing,
    and leave to the listening socket whether the second packet of an answer waits for a receipt
    of the first.
    """

    _unparsed_bytes = 0
    """Bytes since the parser last told of something."""
    _malformed = False
    _draining = False
    _last_received = 0.0
    _corked: CorkedTransport
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request's head."""
        self._corked = CorkedTransport(transport)
        super().connection_made(self._corked)
        # asyncio does so only where the socket names its protocol, which `create_server`'s do not.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._update_head_timer()
        if getattr(self.server_state, "draining", False):
            self.drain()

    def data_received(self, data: bytes) -> None:
        """Take bytes; stop the clock while a request is being answered."""
        if self._malformed:
            return
        self._last_received = self.loop.time()
        self._unset_keepalive_if_required()
        self._unparsed_bytes += len(data)
        try:
            self._parse(data)
        except (httptools.HttpParserError, _MalformedRequestError) as exc:
            self.send_400_response(str(exc))
        if self._unparsed_bytes > _MAX_HEAD_BYTES and not self._malformed:
            self.send_400_response("no end of it")
        self._update_head_timer()

    def on_headers_complete(self) -> None:
        """Begin to answer a request, if it is one.

        Raises:
            _NoRequestError: it has too large a head, not one host (RFC 9112, 3.2), or a body in a
                coding that is not read here (6.1); or too many wait already.
        """
        self._unparsed_bytes = 0
        names = [name for name, _ in self.headers]
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        hosts = names.count(b"host")
        if (
            size > _MAX_HEAD_BYTES
            or hosts > 1
            or (hosts == 0 and self.parser.get_http_version() != "1.0")
            or any(n == b"transfer-encoding" and v.lower() != b"chunked" for n, v in self.headers)
            or len(self.pipeline) >= _MAX_PIPELINED
        ):
            raise _MalformedRequestError
        if not self.parser.should_upgrade():
            request_context = context.get(cast("dict[str, Any]", self.scope))
            request_context.abort = self.transport.abort
            request_context.is_client_gone = self.transport.is_closing
            previous = self._latest_cycle()
            super().on_headers_complete()
            if self._draining:
                self._close_after_last_response(previous)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body: most are read one by one, and so need no copy."""
        self._unparsed_bytes = 0
        if self.cycle.body or self.cycle.response_complete:
            super().on_body(body)
        else:
            self.cycle.body = body  # type: ignore[assignment]  # only added to
            super().on_body(b"")

    def on_message_complete(self) -> None:
        """End a body."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile."""
        self._corked.flush()
        last = not self.pipeline
        super().on_response_complete()
        if self._malformed and last and not self.transport.is_closing():
            self._send_error_and_close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clocks."""
        self._cancel_head_timer()
        self._cancel_write_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read; closing would wait too, for what it left unread."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(WRITE_STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        super().resume_writing()
        self._cancel_write_timer()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP in the envelope, after what was asked before it, and close."""
        self.logger.warning("No HTTP request: %s", msg)
        self._malformed = True
        self.flow.pause_reading()
        cycle = self._latest_cycle()
        if self.pipeline:
            if self.pipeline[0][0].more_body:  # it waits, and its body is what is broken
                self.pipeline.popleft()
            return
        if cycle is not None and cycle.more_body:
            cycle.more_body = False
            cycle.disconnected = not cycle.response_started
            cycle.message_event.set()
        if cycle is None or cycle.disconnected or cycle.response_complete:
            self._send_error_and_close()

    def _parse(self, data: bytes) -> None:
        """Parse; a request that asks for another protocol (RFC 9110, 7.8) as if it did not."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
        else:
            return
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise _MalformedRequestError
        version = self.parser.get_http_version().encode()
        head = [b"%b %b HTTP/%b\r\n" % (method, self.url, version)]
        head += [b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade"]
        self._parse(b"".join([*head, b"\r\n", rest]))

    def _send_error_and_close(self, response: tuple[str, bytes] = _BAD_REQUEST) -> None:
        head, body = response
        self.transport.write(head.format(name=token_hex(8)).encode() + body)
        self.transport.close()

    def drain(self) -> None:
        """Answer what has arrived or is on its way, then close; the server stops.

        Every response says `Connection: close`. An upload that stalls is given up with 503.
        """
        self._draining = True
        self._last_received = self.loop.time()
        self._close_after_last_response(None)
        self.loop.call_later(DRAIN_BODY_SECONDS, self._abort_stalled_upload)

    def _close_after_last_response(self, previous: RequestResponseCycle | None) -> None:
        latest = self._latest_cycle()
        if latest is None or latest.response_complete:
            return
        if previous is not None and previous is not latest and not previous.response_started:
            previous.keep_alive = True  # another request came behind it
        latest.keep_alive = False

    def _abort_stalled_upload(self) -> None:
        cycle = self._latest_cycle()
        if self.transport.is_closing() or cycle is None or cycle.response_complete:
            return
        left = self._last_received + DRAIN_BODY_SECONDS - self.loop.time()
        if not cycle.more_body or left > 0:
            self.loop.call_later(max(left, DRAIN_BODY_SECONDS / 5), self._abort_stalled_upload)
            return
        answer = not cycle.response_started
        cycle.more_body, cycle.disconnected = False, True
        cycle.message_event.set()
        if answer and not self.pipeline:
            self._send_error_and_close(_SERVICE_UNAVAILABLE)
        else:
            self.transport.close()

    def _update_head_timer(self) -> None:
        if self._is_responding():
            self._cancel_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._on_head_timeout)

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _on_head_timeout(self) -> None:
        self._head_timer = None
        if not self._is_responding() and not self.transport.is_closing():
            self.transport.close()

    def _is_responding(self) -> bool:
        cycle = self._latest_cycle()
        return cycle is not None and not cycle.response_complete

    def _latest_cycle(self) -> RequestResponseCycle | None:
        """The request that came last, answered or not; None before the first."""
        return self.cycle


def uvicorn_settings() -> dict[str, Any]:
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
