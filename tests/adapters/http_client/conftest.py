"""What every download test has: a name server of its own, and no way off this machine."""

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
    """All addresses that a connection was tried to; only loopback is let through."""
    connected_addresses: list[str] = []
    dial = connection._connect

    def guarded(ip: Address, port: int, seconds: float) -> socket.socket:
        connected_addresses.append(str(ip))
        if not ip.is_loopback:
            raise ConnectionRefusedError
        return dial(ip, port, seconds)

    monkeypatch.setattr(connection, "_connect", guarded)
    return connected_addresses
