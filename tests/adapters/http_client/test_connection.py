"""Unresponsive addresses, slow servers and TLS."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from fatrina.adapters.http_client import Downloader, connection, resolver
from fatrina.domain import errors
from fatrina.domain.address_policy import Address, AddressPolicy
from tests.adapters.http_client.fetching import FakeDns, fetch, finishes_within, raises_link_error
from tests.adapters.http_client.origin_server import (
    ADDRESS,
    HEAD,
    OriginServer,
    ServerConnection,
    install_certificate,
    redirect_to,
    respond_with,
)


def test_unknown_host() -> None:
    with raises_link_error(errors.LinkUnresolved):
        fetch("http://nowhere.test/")


@pytest.mark.parametrize("response", [[], ["nonsense"]])
def test_host_without_addresses(response: list[str], dns: FakeDns) -> None:
    dns["photos.test"] = response
    with raises_link_error(errors.LinkUnresolved):
        fetch("http://photos.test/")


def test_at_most_four_addresses_are_tried(dns: FakeDns, connected_addresses: list[str]) -> None:
    with OriginServer(respond_with(b"abc")) as origin:
        dns["photos.test"] = ["127.0.0.3", ADDRESS]
        assert fetch(origin.url(), allow=("127.0.0.0/8",)) == b"abc"
    assert connected_addresses == ["127.0.0.3", ADDRESS]
    connected_addresses.clear()
    dns["photos.test"] = [f"8.8.8.{part}" for part in range(100)]
    with raises_link_error(errors.LinkUnreachable):
        fetch("http://photos.test/")
    assert connected_addresses == ["8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3"]


def test_unresponsive_address_leaves_time_for_the_next(
    dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, shares = connection._connect, list[float]()

    def unresponsive(ip: Address, port: int, seconds: float) -> socket.socket:
        shares.append(seconds)
        if str(ip) != ADDRESS:
            raise TimeoutError
        return connect(ip, port, seconds)

    monkeypatch.setattr(connection, "_connect", unresponsive)
    dns["photos.test"] = ["127.0.0.3", ADDRESS]
    with OriginServer(respond_with(b"abc")) as origin:
        assert fetch(origin.url(), allow=("127.0.0.0/8",), seconds=8) == b"abc"
    assert shares[0] == pytest.approx(4, abs=0.5)
    assert shares[1] == pytest.approx(8, abs=0.5)
    dns["photos.test"] = ["127.0.0.3"]
    with raises_link_error(errors.LinkTimeout, limit=8):
        fetch("http://photos.test/", allow=("127.0.0.0/8",), seconds=8)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nA: ",
        HEAD + b"Content-Length: 1000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n",
    ],
)
def test_slow_response_times_out(start: bytes) -> None:
    def script(connection_: ServerConnection) -> None:
        connection_.send(start)
        connection_.send_slowly(b"H" * 1000, 0.02)

    with (
        OriginServer(script) as origin,
        finishes_within(0.4),
        raises_link_error(errors.LinkTimeout, limit=0.4),
    ):
        fetch(origin.url(), seconds=0.4)


def test_slow_interim_responses_time_out() -> None:
    def script(connection_: ServerConnection) -> None:
        connection_.send_slowly(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.02)

    with (
        OriginServer(script) as origin,
        finishes_within(0.4),
        raises_link_error(errors.LinkTimeout, limit=0.4),
    ):
        fetch(origin.url(), seconds=0.4)


def test_silent_server_times_out() -> None:
    def script(connection_: ServerConnection) -> None:
        connection_.wait()

    with (
        OriginServer(script) as origin,
        finishes_within(0.3),
        raises_link_error(errors.LinkTimeout, limit=0.3),
    ):
        fetch(origin.url(), seconds=0.3)


def test_redirects_share_one_deadline() -> None:
    def script(connection_: ServerConnection) -> None:
        if not connection_.wait(0.25):
            connection_.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")

    with OriginServer(script) as origin:
        with finishes_within(0.6), raises_link_error(errors.LinkTimeout, limit=0.6):
            fetch(origin.url(), seconds=0.6)
        assert len(origin.requests) in {2, 3}


def test_write_to_a_server_that_does_not_read_times_out() -> None:
    ours, theirs = socket.socketpair()
    client = connection.Connection(ours, connection.Deadline(0.3))
    with client, theirs, finishes_within(0.3), raises_link_error(errors.LinkTimeout, limit=0.3):
        client.write(bytes(10_000_000))


def test_name_resolution_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        done.wait(30)
        return []

    monkeypatch.setattr(resolver, "getaddrinfo", hanging)
    limited = resolver.Resolver(max_lookups=2)
    try:
        for _ in range(3):
            with finishes_within(0.2), raises_link_error(errors.LinkTimeout, limit=0.2):
                limited.resolve("photos.test", connection.Deadline(0.2))
        assert sum("_lookup" in thread.name for thread in threading.enumerate()) == 2
    finally:
        done.set()


def test_slow_sink_counts_towards_the_deadline() -> None:
    def script(connection_: ServerConnection) -> None:
        connection_.send(HEAD + b"\r\nabc")
        connection_.wait()

    downloader = Downloader(policy=AddressPolicy.parse([ADDRESS]), seconds=0.3, user_agent="x")
    with OriginServer(script) as origin, raises_link_error(errors.LinkTimeout, limit=0.3):
        downloader.fetch(origin.url(host=ADDRESS), lambda _: time.sleep(0.4))


def test_tls_verifies_the_host_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dns: FakeDns
) -> None:
    dns["other.test"] = [ADDRESS]
    with OriginServer(respond_with(b"abc"), tls=True) as origin:
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, origin)))
        assert fetch(origin.url()) == b"abc"
        for host in ("other.test", ADDRESS):
            with raises_link_error(errors.LinkCertificateHost, host=host):
                fetch(origin.url(host=host))
        assert origin.server_names == ["photos.test", "other.test", None]
        assert len(origin.requests) == 1


def test_untrusted_certificate_is_rejected(tmp_path: Path) -> None:
    with OriginServer(respond_with(b"abc"), tls=True) as origin:
        install_certificate(tmp_path, origin)
        with raises_link_error(errors.LinkCertificateUntrusted):
            fetch(origin.url())
        assert origin.requests == []


@pytest.mark.parametrize("response", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_server_without_tls_is_rejected(response: bytes) -> None:
    with socket.create_server((ADDRESS, 0)) as server:

        def answering() -> None:
            with server.accept()[0] as sock:
                sock.recv(65536)
                sock.sendall(response)

        thread = threading.Thread(target=answering)
        thread.start()
        with raises_link_error(errors.LinkTls):
            fetch(f"https://photos.test:{server.getsockname()[1]}/")
        thread.join()


def test_slow_tls_handshake_times_out() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        url = f"https://photos.test:{server.getsockname()[1]}/"
        with finishes_within(0.3), raises_link_error(errors.LinkTimeout, limit=0.3):
            fetch(url, seconds=0.3)


def test_redirect_from_https_to_http_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        OriginServer(respond_with(b"abc")) as plain,
        OriginServer(redirect_to(plain.url()), tls=True) as origin,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, origin)))
        assert fetch(origin.url()) == b"abc"


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (9, errors.LinkCertificateExpired),
        (10, errors.LinkCertificateExpired),
        (18, errors.LinkCertificateUntrusted),
        (19, errors.LinkCertificateUntrusted),
        (20, errors.LinkCertificateUntrusted),
        (21, errors.LinkCertificateUntrusted),
    ],
)
def test_certificate_error_is_classified(code: int, error_class: type[errors.LinkError]) -> None:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    assert type(connection._tls_error(error, "photos.test")) is error_class


def test_connection_to_another_address_is_rejected(
    monkeypatch: pytest.MonkeyPatch, dns: FakeDns
) -> None:
    class Diverted(socket.socket):
        def connect(self, address: object) -> None:
            super().connect(("127.0.0.1", origin.port))

    dns["photos.test"] = [ADDRESS]
    with OriginServer(respond_with(b"secret"), address="127.0.0.1") as origin:
        monkeypatch.setattr("fatrina.adapters.http_client.connection.socket.socket", Diverted)
        with raises_link_error(errors.LinkAddressNotAllowed):
            fetch(f"http://photos.test:{origin.port}/")
        assert not any(origin.requests)
