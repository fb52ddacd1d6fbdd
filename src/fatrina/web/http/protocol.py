"""HTTP/1.1 protocol: malformed requests get a JSON error, slow clients are disconnected."""

import asyncio
import json
import socket
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from fatrina import wire
from fatrina.domain import errors
from fatrina.web.http import context
from fatrina.web.http.corking import CorkedTransport

HEAD_SECONDS: Final = 30.0
"""Timeout for receiving the head of a request, and for the end of a body that is not read."""
WRITE_STALL_SECONDS: Final = 60.0
"""Timeout for a client to read the buffered part of a response, about 256 KB."""
_MAX_HEAD_BYTES: Final = 16_384
"""Maximum bytes of a request head, and of data that the parser has not recognized yet."""
DRAIN_IDLE_SECONDS: Final = 1.0
"""Seconds that a connection without a request stays open when the server stops, because a request
may be in transit."""
DRAIN_BODY_SECONDS: Final = 5.0
"""Seconds without data after which an upload is aborted when the server stops."""
_MAX_PIPELINED: Final = 8
"""Maximum requests on one connection that wait for the response to an earlier request."""


def _error_response(
    status_line: str, error: errors.ServiceError, extra_headers: str = ""
) -> tuple[str, bytes]:
    """Return the head, with the placeholder `{name}` for the request id, and the body."""
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


Headers = list[tuple[bytes, bytes]]
Respond = Callable[[bytes, Headers, Headers], bytes | None]
"""Responds to a GET request without an ASGI task, or returns None: given the request target, the
headers of the request and the default headers of the server."""


class _MalformedRequestError(Exception):
    """A request that the parser accepts violates HTTP or a limit."""


class Protocol(HttpToolsProtocol):
    """uvicorn's httptools protocol with limits and timeouts that uvicorn and llhttp lack.

    Without them, a head may have any size and any number of Host headers; the body of an Upgrade
    request is lost; malformed requests get plain text, even in the middle of another response;
    pipelined requests are queued without limit; there is no timeout for the rest of a head or for
    a client that does not read; and TCP_NODELAY depends on the listening socket, without which the
    second packet of a response waits for the acknowledgement of the first.
    """

    _unparsed_bytes = 0
    """Bytes received since the last event of the parser."""
    _malformed = False
    _draining = False
    _last_received = 0.0
    _corked: CorkedTransport
    _is_answered = False
    """True from a response by `respond` until the next head begins."""
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, respond: Respond | None = None, **kwargs: Any) -> None:
        """Let `respond` try each GET request first; its response needs no ASGI task."""
        super().__init__(*args, **kwargs)
        self._respond = respond

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout for the head of the first request."""
        self._corked = CorkedTransport(transport)
        super().connection_made(self._corked)
        # asyncio sets it only if the socket has a protocol number; `create_server` sets none.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._update_head_timer()
        if getattr(self.server_state, "draining", False):
            self.drain()

    def data_received(self, data: bytes) -> None:
        """Parse received data; the head timeout runs only while no response is pending."""
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
            self.send_400_response(f"no request head within {_MAX_HEAD_BYTES} bytes")
        self._update_head_timer()

    def on_headers_complete(self) -> None:
        """Check the head of a request and start its response.

        Raises:
            _MalformedRequestError: the head is too large, it does not have exactly one Host header
                (RFC 9112, section 3.2), the transfer coding is not supported (section 6.1), or too
                many pipelined requests are waiting.
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
        if not self.parser.should_upgrade() and not self._send_direct_response():
            request_context = context.get(cast("dict[str, Any]", self.scope))
            request_context.abort = self.transport.abort
            request_context.is_client_gone = self.transport.is_closing
            previous = self._latest_cycle()
            super().on_headers_complete()
            if self._draining:
                self._close_after_last_response(previous)

    def on_message_begin(self) -> None:
        """Begin the head of the next request."""
        self._is_answered = False
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Append a chunk to the body; if the buffer is empty, without a copy."""
        self._unparsed_bytes = 0
        if self.cycle.body or self.cycle.response_complete:
            super().on_body(body)
        else:
            self.cycle.body = body  # type: ignore[assignment]  # never modified in place
            super().on_body(b"")

    def on_message_complete(self) -> None:
        """End the body, except after an Upgrade request, which is parsed again."""
        if not self.parser.should_upgrade() and not self._is_answered:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the next pipelined request; after the last, send the error for malformed data."""
        self._corked.flush()
        is_last = not self.pipeline
        super().on_response_complete()
        if self._malformed and is_last and not self.transport.is_closing():
            self._send_error_and_close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        self._cancel_head_timer()
        self._cancel_write_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the write timeout; it aborts, because closing would wait for the unread data."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(WRITE_STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Cancel the write timeout."""
        super().resume_writing()
        self._cancel_write_timer()

    def send_400_response(self, msg: str) -> None:
        """Send a JSON error after the responses to earlier requests, and close the connection."""
        self.logger.warning("Malformed HTTP request: %s", msg)
        self._malformed = True
        self.flow.pause_reading()
        cycle = self._latest_cycle()
        if self.pipeline:
            if self.pipeline[0][0].more_body:  # the malformed data is the body of a queued request
                self.pipeline.popleft()
            return
        if cycle is not None and cycle.more_body:
            cycle.more_body = False
            cycle.disconnected = not cycle.response_started
            cycle.message_event.set()
        if cycle is None or cycle.disconnected or cycle.response_complete:
            self._send_error_and_close()

    def _parse(self, data: bytes) -> None:
        """Parse received data; ignore a request for a protocol upgrade (RFC 9110, section 7.8)."""
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

    def _send_direct_response(self) -> bool:
        """Send the response of `respond`; return False if the application must respond.

        It must if an earlier response is not complete, the client is slow, the connection closes
        after the request, or the server is stopping.
        """
        if (
            self._respond is None
            or self.parser.get_method() != b"GET"
            or self.parser.get_http_version() != "1.1"
            or not self.parser.should_keep_alive()
            or self.flow.write_paused
            or self._draining
            or self._is_responding()
            or self.transport.is_closing()
        ):
            return False
        response = self._respond(self.url, self.headers, self.server_state.default_headers)
        if response is None:
            return False
        self._is_answered = True
        self._corked.write_response(response)
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        return True

    def _send_error_and_close(self, response: tuple[str, bytes] = _BAD_REQUEST) -> None:
        head, body = response
        self.transport.write(head.format(name=token_hex(8)).encode() + body)
        self.transport.close()

    def drain(self) -> None:
        """Respond to requests that have arrived or are in transit, then close; the server stops.

        The last response has `Connection: close`. A stalled upload gets 503.
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
            previous.keep_alive = True  # another request has arrived after it
        latest.keep_alive = False

    def _abort_stalled_upload(self) -> None:
        cycle = self._latest_cycle()
        if self.transport.is_closing() or cycle is None or cycle.response_complete:
            return
        remaining = self._last_received + DRAIN_BODY_SECONDS - self.loop.time()
        if not cycle.more_body or remaining > 0:
            self.loop.call_later(max(remaining, DRAIN_BODY_SECONDS / 5), self._abort_stalled_upload)
            return
        can_respond = not cycle.response_started
        cycle.more_body, cycle.disconnected = False, True
        cycle.message_event.set()
        if can_respond and not self.pipeline:
            self._send_error_and_close(_SERVICE_UNAVAILABLE)
        else:
            self.transport.close()

    def _update_head_timer(self) -> None:
        if self._is_responding() or self._is_answered:
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
        """Return the latest request, complete or not; None before the first."""
        return self.cycle


def uvicorn_settings(respond: Respond | None = None) -> dict[str, Any]:
    """Return the keyword arguments of uvicorn.Config for Fatrina; see `Respond`."""
    return {
        "http": partial(Protocol, respond=respond),
        "loop": "uvloop",
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
