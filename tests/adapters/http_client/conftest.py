"""Fixtures of all HTTP client tests: a fake DNS, and connections to this machine only."""

import socket

import pytest

from fatrina.adapters.http_client import connection, resolver
from fatrina.domain.address_policy import Address
from tests.adapters.http_client.fetching import FakeDns


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> FakeDns:
    dns = FakeDns()
    monkeypatch.setattr(resolver, "getaddrinfo", dns.getaddrinfo)
    return dns


@pytest.fixture(autouse=True)
def connected_addresses(monkeypatch: pytest.MonkeyPatch, dns: FakeDns) -> list[str]:
    """Return the addresses to which connections were attempted; only loopback is connected."""
    connected_addresses: list[str] = []
    connect = connection._connect

    def record(ip: Address, port: int, seconds: float) -> socket.socket:
        connected_addresses.append(str(ip))
        if not ip.is_loopback:
            raise ConnectionRefusedError
        return connect(ip, port, seconds)

    monkeypatch.setattr(connection, "_connect", record)
    return connected_addresses
