"""A connection to one judged address, every operation on it paid from one budget of time."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from time import monotonic
from typing import Final, Self

from fatrina.domain import errors
from fatrina.domain.address_policy import Address

MAX_ATTEMPTS: Final = 4
"""Addresses of one host that are tried: a name with a thousand is no order to knock on all."""
CHUNK_BYTES: Final = 65_536
"""Bytes that are read at once, at most."""

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


class Deadline:
    """The wall-clock seconds that a whole fetch may take, however many steps it has."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than none.

        Raises:
            errors.LinkTimeout: there are none.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise self.timeout_error()
        return left

    def timeout_error(self) -> errors.LinkTimeout:
        """The refusal for a budget that has run out."""
        return errors.LinkTimeout(limit=self._seconds)


class Connection:
    """A socket, plain or TLS, that knows no time-out but the budget's end.

    Every method raises `errors.LinkTimeout` when the budget runs out, and
    `errors.LinkUnreachable` when the connection fails.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def start_tls(self, trust: ssl.SSLContext, host: str) -> None:
        """Start TLS with the server that proves to be `host`.

        Raises:
            errors.LinkTls: one of its leaves where the certificate is at fault.
        """
        try:
            with self._timed():
                self._sock = trust.wrap_socket(self._sock, server_hostname=host)
        except errors.LinkUnreachable as failed:
            raise _tls_error(failed.__cause__, host) from failed.__cause__

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            with self._timed():
                rest = rest[self._sock.send(rest) :]

    def read(self) -> bytes:
        """What came, 65,536 bytes at most; nothing at the end."""
        with self._timed():
            return self._sock.recv(CHUNK_BYTES)

    def shut_down(self) -> None:
        """End the connection from another thread: what waits on it fails at once."""
        with suppress(OSError):
            # Not the method of a TLS socket, which would change what the other thread is using.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        self._sock.settimeout(self._deadline.remaining())
        try:
            yield
        except TimeoutError as late:
            raise self._deadline.timeout_error() from late
        # ValueError: a host that the TLS library will not take as a name.
        except (OSError, ValueError) as failed:
            raise errors.LinkUnreachable from failed


# X509_V_ERR_* of OpenSSL.
_EXPIRED: Final = frozenset({9, 10})
_OTHER_HOST: Final = frozenset({62, 64})


def _tls_error(cause: BaseException | None, host: str) -> errors.LinkUnreachable:
    """Return the error for a failed handshake, by what OpenSSL found wrong."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        if cause.verify_code in _EXPIRED:
            return errors.LinkCertificateExpired()
        if cause.verify_code in _OTHER_HOST:
            return errors.LinkCertificateHost(host=host)
        return errors.LinkCertificateUntrusted()
    return errors.LinkTls() if isinstance(cause, ssl.SSLError) else errors.LinkUnreachable()


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> Connection:
    """Connect to the first of `addresses` that answers, and to nothing else.

    Each of the first four gets an even share of the time that is left, so that a dead one
    does not starve the next.

    Raises:
        errors.LinkUnreachable: none answers.
        errors.LinkTimeout: the budget ran out.
        errors.LinkAddressNotAllowed: the other end is not the judged address.
    """
    failure: OSError | None = None
    attempts = addresses[:MAX_ATTEMPTS]
    for index, ip in enumerate(attempts):
        try:
            return Connection(
                _connect(ip, port, deadline.remaining() / (len(attempts) - index)), deadline
            )
        except OSError as failed:
            failure = failed
    if isinstance(failure, TimeoutError):
        raise deadline.timeout_error() from failure
    raise errors.LinkUnreachable from failure


def _connect(ip: Address, port: int, seconds: float) -> socket.socket:
    sock = socket.socket(_FAMILIES[ip.version])
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(ip), port))
        _verify(sock, ip)
    except BaseException:
        sock.close()
        raise
    return sock


def _verify(sock: socket.socket, ip: Address) -> None:
    if ip_address(sock.getpeername()[0]) != ip:
        raise errors.LinkAddressNotAllowed
