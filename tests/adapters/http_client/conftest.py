"""What every download test has: a name server of its own, and no way off this machine."""

import socket

import pytest

from fatrina.adapters.http_client import connection, resolver
from fatrina.domain.address_policy import Address
from tests.adapters.http_client.fetching import Names


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(resolver, "getaddrinfo", names.getaddrinfo)
    return names


@pytest.fixture(autouse=True)
def dialled(monkeypatch: pytest.MonkeyPatch, names: Names) -> list[str]:
    """All addresses that a connection was tried to; only loopback is let through."""
    dialled: list[str] = []
    dial = connection._connect

    def guarded(ip: Address, port: int, seconds: float) -> socket.socket:
        dialled.append(str(ip))
        if not ip.is_loopback:
            raise ConnectionRefusedError
        return dial(ip, port, seconds)

    monkeypatch.setattr(connection, "_connect", guarded)
    return dialled
