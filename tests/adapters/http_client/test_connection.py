"""Dead addresses, slow far sides and TLS."""

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


def test_an_unknown_name() -> None:
    with raises_link_error(errors.LinkUnresolved):
        fetch("http://nowhere.test/")


@pytest.mark.parametrize("answer", [[], ["nonsense"]])
def test_a_name_without_addresses(answer: list[str], dns: FakeDns) -> None:
    dns["photos.test"] = answer
    with raises_link_error(errors.LinkUnresolved):
        fetch("http://photos.test/")


def test_the_next_address_is_tried_but_not_a_hundred(
    dns: FakeDns, connected_addresses: list[str]
) -> None:
    with OriginServer(respond_with(b"abc")) as far:
        dns["photos.test"] = ["127.0.0.3", ADDRESS]
        assert fetch(far.url(), allow=("127.0.0.0/8",)) == b"abc"
    assert connected_addresses == ["127.0.0.3", ADDRESS]
    connected_addresses.clear()
    dns["photos.test"] = [f"8.8.8.{part}" for part in range(100)]
    with raises_link_error(errors.LinkUnreachable):
        fetch("http://photos.test/")
    assert connected_addresses == ["8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3"]


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    dial, shares = connection._connect, list[float]()

    def swallowing(ip: Address, port: int, seconds: float) -> socket.socket:
        shares.append(seconds)
        if str(ip) != ADDRESS:
            raise TimeoutError
        return dial(ip, port, seconds)

    monkeypatch.setattr(connection, "_connect", swallowing)
    dns["photos.test"] = ["127.0.0.3", ADDRESS]
    with OriginServer(respond_with(b"abc")) as far:
        assert fetch(far.url(), allow=("127.0.0.0/8",), seconds=8) == b"abc"
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
def test_a_drip_is_cut_at_the_budget(start: bytes) -> None:
    def script(call: ServerConnection) -> None:
        call.send(start)
        call.send_slowly(b"H" * 1000, 0.02)

    with (
        OriginServer(script) as far,
        finishes_within(0.4),
        raises_link_error(errors.LinkTimeout, limit=0.4),
    ):
        fetch(far.url(), seconds=0.4)


def test_a_drip_of_interim_answers_is_cut_too() -> None:
    def script(call: ServerConnection) -> None:
        call.send_slowly(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.02)

    with (
        OriginServer(script) as far,
        finishes_within(0.4),
        raises_link_error(errors.LinkTimeout, limit=0.4),
    ):
        fetch(far.url(), seconds=0.4)


def test_silence_is_cut_at_the_budget() -> None:
    def script(call: ServerConnection) -> None:
        call.wait()

    with (
        OriginServer(script) as far,
        finishes_within(0.3),
        raises_link_error(errors.LinkTimeout, limit=0.3),
    ):
        fetch(far.url(), seconds=0.3)


def test_slow_redirects_share_one_budget() -> None:
    def script(call: ServerConnection) -> None:
        if not call.wait(0.25):
            call.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")

    with OriginServer(script) as far:
        with finishes_within(0.6), raises_link_error(errors.LinkTimeout, limit=0.6):
            fetch(far.url(), seconds=0.6)
        assert len(far.requests) in {2, 3}


def test_a_far_side_that_does_not_read_is_cut_too() -> None:
    ours, theirs = socket.socketpair()
    busy = connection.Connection(ours, connection.Deadline(0.3))
    with busy, theirs, finishes_within(0.3), raises_link_error(errors.LinkTimeout, limit=0.3):
        busy.write(bytes(10_000_000))


def test_waiting_for_a_name_server_ends_at_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        done.wait(30)
        return []

    monkeypatch.setattr(resolver, "getaddrinfo", hanging)
    few = resolver.Resolver(max_lookups=2)
    try:
        for _ in range(3):
            with finishes_within(0.2), raises_link_error(errors.LinkTimeout, limit=0.2):
                few.resolve("photos.test", connection.Deadline(0.2))
        assert sum("_lookup" in thread.name for thread in threading.enumerate()) == 2
    finally:
        done.set()


def test_a_slow_sink_spends_the_budget_too() -> None:
    def script(call: ServerConnection) -> None:
        call.send(HEAD + b"\r\nabc")
        call.wait()

    downloader = Downloader(policy=AddressPolicy.parse([ADDRESS]), seconds=0.3, user_agent="x")
    with OriginServer(script) as far, raises_link_error(errors.LinkTimeout, limit=0.3):
        downloader.fetch(far.url(host=ADDRESS), lambda _: time.sleep(0.4))


def test_tls_proves_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dns: FakeDns
) -> None:
    dns["other.test"] = [ADDRESS]
    with OriginServer(respond_with(b"abc"), tls=True) as far:
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, far)))
        assert fetch(far.url()) == b"abc"
        for host in ("other.test", ADDRESS):
            with raises_link_error(errors.LinkCertificateHost, host=host):
                fetch(far.url(host=host))
        assert far.server_names == ["photos.test", "other.test", None]
        assert len(far.requests) == 1


def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    with OriginServer(respond_with(b"abc"), tls=True) as far:
        install_certificate(tmp_path, far)
        with raises_link_error(errors.LinkCertificateUntrusted):
            fetch(far.url())
        assert far.requests == []


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_far_side_without_tls_is_refused(answer: bytes) -> None:
    with socket.create_server((ADDRESS, 0)) as server:

        def answering() -> None:
            with server.accept()[0] as sock:
                sock.recv(65536)
                sock.sendall(answer)

        thread = threading.Thread(target=answering)
        thread.start()
        with raises_link_error(errors.LinkTls):
            fetch(f"https://photos.test:{server.getsockname()[1]}/")
        thread.join()


def test_a_slow_handshake_is_cut_at_the_budget() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        url = f"https://photos.test:{server.getsockname()[1]}/"
        with finishes_within(0.3), raises_link_error(errors.LinkTimeout, limit=0.3):
            fetch(url, seconds=0.3)


def test_from_https_to_http_a_redirect_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        OriginServer(respond_with(b"abc")) as plain,
        OriginServer(redirect_to(plain.url()), tls=True) as far,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, far)))
        assert fetch(far.url()) == b"abc"


@pytest.mark.parametrize(
    ("code", "leaf"),
    [
        (9, errors.LinkCertificateExpired),
        (10, errors.LinkCertificateExpired),
        (18, errors.LinkCertificateUntrusted),
        (19, errors.LinkCertificateUntrusted),
        (20, errors.LinkCertificateUntrusted),
        (21, errors.LinkCertificateUntrusted),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(code: int, leaf: type[errors.LinkError]) -> None:
    wrong = ssl.SSLCertVerificationError("certificate verify failed")
    wrong.verify_code = code
    assert type(connection._tls_error(wrong, "photos.test")) is leaf


def test_a_connection_to_another_address_than_the_checked_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, dns: FakeDns
) -> None:
    class Diverted(socket.socket):
        def connect(self, address: object) -> None:
            super().connect(("127.0.0.1", far.port))

    dns["photos.test"] = [ADDRESS]
    with OriginServer(respond_with(b"secret"), address="127.0.0.1") as far:
        monkeypatch.setattr("fatrina.adapters.http_client.connection.socket.socket", Diverted)
        with raises_link_error(errors.LinkAddressNotAllowed):
            fetch(f"http://photos.test:{far.port}/")
        assert not any(far.requests)
