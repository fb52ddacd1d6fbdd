"""Addresses that a link must not lead to, in any notation, by DNS or by redirect."""

import socket
from ipaddress import ip_address

import pytest

from fatrina.adapters.http_client import connection
from fatrina.domain import errors
from tests.adapters.http_client.fetching import PUBLIC, FakeDns, fetch, raises_link_error
from tests.adapters.http_client.origin_server import (
    ADDRESS,
    OriginServer,
    redirect_to,
    respond_with,
)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::808:808]",
        "[2002:7f00:1::]",
        "[2001:0:1:2::80ff:fffe]",
        "[2606:4700::5efe:7f00:1]",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
    ],
)
def test_internal_address_in_any_notation_is_rejected(
    host: str, dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["localhost"] = ["::1", "127.0.0.1"]
    with raises_link_error(errors.LinkAddressNotAllowed):
        fetch(f"http://{host}/")
    assert connected_addresses == []


@pytest.mark.parametrize(
    "addresses", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC] * 9 + ["fe80::1%2"]]
)
def test_one_internal_address_rejects_the_host(
    addresses: list[str], dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["photos.test"] = addresses
    with raises_link_error(errors.LinkAddressNotAllowed):
        fetch("https://photos.test/")
    assert connected_addresses == []


def test_open_and_closed_internal_ports_raise_the_same_error(dns: FakeDns) -> None:
    dns["inner.test"] = ["127.0.0.1"]
    with OriginServer(respond_with(b""), address="127.0.0.1") as origin:
        for port in (origin.port, 1):
            with raises_link_error(errors.LinkPortNotAllowed, port=port):
                fetch(f"http://inner.test:{port}/")


def test_host_is_resolved_once_per_request(dns: FakeDns, connected_addresses: list[str]) -> None:
    dns.answers["photos.test"] = [[ADDRESS], ["127.0.0.1"]]
    with OriginServer(respond_with(b"abc")) as origin:
        assert fetch(origin.url()) == b"abc"
    assert dns.queried_hosts == ["photos.test"]
    assert connected_addresses == [ADDRESS]


def test_dns_rebinding_between_redirects_is_rejected(
    dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns.answers["photos.test"] = [[ADDRESS], ["127.0.0.1"]]
    with (
        OriginServer(redirect_to("http://photos.test/")) as origin,
        raises_link_error(errors.LinkAddressNotAllowed),
    ):
        fetch(origin.url())
    assert connected_addresses == [ADDRESS]


def test_peer_address_must_equal_the_checked_address() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((ADDRESS, port)) as sock:
            connection._verify(sock, ip_address(ADDRESS))
            with raises_link_error(errors.LinkAddressNotAllowed):
                connection._verify(sock, ip_address("127.0.0.1"))


@pytest.mark.parametrize("port", [0, 22, 6379, 8080])
def test_other_port_is_rejected_before_resolution(port: int, dns: FakeDns) -> None:
    with raises_link_error(errors.LinkPortNotAllowed, port=port):
        fetch(f"http://photos.test:{port}/", allow=())
    assert dns.queried_hosts == []


def test_host_can_be_allowed_by_name_and_port(dns: FakeDns) -> None:
    dns["inner.test"] = ["127.0.0.1"]
    with OriginServer(respond_with(b"abc"), address="127.0.0.1") as origin:
        for allow in (f"inner.test:{origin.port}", "Inner.Test", "127.0.0.0/8"):
            assert fetch(origin.url(host="inner.test"), allow=(allow,)) == b"abc"
        with raises_link_error(errors.LinkAddressNotAllowed):
            fetch("http://inner.test/", allow=(f"inner.test:{origin.port}",))


def test_credentials_are_rejected(dns: FakeDns) -> None:
    with raises_link_error(errors.LinkCredentials):
        fetch("http://user:secret@photos.test/")
    assert dns.queried_hosts == []
