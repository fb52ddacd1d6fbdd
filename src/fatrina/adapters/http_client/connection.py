"""A connection to one checked address; all operations share one deadline."""

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
"""Maximum addresses of one host that are tried; a name can resolve to a thousand."""
CHUNK_BYTES: Final = 65_536
"""Maximum bytes per read."""

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


class Deadline:
    """The wall-clock time limit of a complete request, however many steps it has."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left, always more than 0.

        Raises:
            errors.LinkTimeout: no time is left.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise self.timeout_error()
        return left

    def timeout_error(self) -> errors.LinkTimeout:
        """Return the error for an expired deadline."""
        return errors.LinkTimeout(limit=self._seconds)


class Connection:
    """A socket, plain or TLS, with no other timeout than the deadline.

    Every method raises `errors.LinkTimeout` when the deadline expires, and `errors.LinkUnreachable`
    when the connection fails.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Start TLS and verify that the server is `host`.

        Raises:
            errors.LinkTls: a subclass if the certificate is invalid.
        """
        try:
            with self._timed():
                self._sock = context.wrap_socket(self._sock, server_hostname=host)
        except errors.LinkUnreachable as exc:
            raise _tls_error(exc.__cause__, host) from exc.__cause__

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            with self._timed():
                rest = rest[self._sock.send(rest) :]

    def read(self) -> bytes:
        """Return received bytes, at most 65,536; empty at the end."""
        with self._timed():
            return self._sock.recv(CHUNK_BYTES)

    def shut_down(self) -> None:
        """Close the connection from another thread: operations that wait on it fail immediately."""
        with suppress(OSError):
            # Not the TLS socket's method, which would change state that the other thread is using.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        self._sock.settimeout(self._deadline.remaining())
        try:
            yield
        except TimeoutError as exc:
            raise self._deadline.timeout_error() from exc
        # ValueError: a host that the TLS library rejects as a name.
        except (OSError, ValueError) as exc:
            raise errors.LinkUnreachable from exc


# X509_V_ERR_* of OpenSSL.
_EXPIRED: Final = frozenset({9, 10})
_OTHER_HOST: Final = frozenset({62, 64})


def _tls_error(cause: BaseException | None, host: str) -> errors.LinkUnreachable:
    """Return the error for a failed handshake, by OpenSSL's verification code."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        if cause.verify_code in _EXPIRED:
            return errors.LinkCertificateExpired()
        if cause.verify_code in _OTHER_HOST:
            return errors.LinkCertificateHost(host=host)
        return errors.LinkCertificateUntrusted()
    return errors.LinkTls() if isinstance(cause, ssl.SSLError) else errors.LinkUnreachable()


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> Connection:
    """Connect to the first of `addresses` that accepts, and to no other.

    Each of the first four gets an equal share of the remaining time, so that an unresponsive
    address leaves time for the next one.

    Raises:
        errors.LinkUnreachable: no address accepts.
        errors.LinkTimeout: the deadline expired.
        errors.LinkAddressNotAllowed: the peer is not the checked address.
    """
    failure: OSError | None = None
    attempts = addresses[:MAX_ATTEMPTS]
    for index, ip in enumerate(attempts):
        try:
            return Connection(
                _connect(ip, port, deadline.remaining() / (len(attempts) - index)), deadline
            )
        except OSError as exc:
            failure = exc
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
