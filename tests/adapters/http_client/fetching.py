"""Downloads in tests: by name, from an allowed address, with the expected errors."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from fatrina.adapters.http_client import Downloader
from fatrina.domain import errors
from fatrina.domain.address_policy import AddressPolicy
from tests.adapters.http_client.origin_server import ADDRESS

PUBLIC = "8.8.8.8"


class FakeDns:
    """A fake DNS: the responses for each name, one after the other."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {"photos.test": [[ADDRESS]]}
        self.queried_hosts: list[str] = []

    def __setitem__(self, name: str, addresses: list[str]) -> None:
        self.answers[name] = [addresses]

    def getaddrinfo(self, host: str, port: object, **_: object) -> list[tuple[object, ...]]:
        self.queried_hosts.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(0, 0, 0, "", (address, 0)) for address in addresses]


def fetch(
    url: str,
    *,
    allow: tuple[str, ...] = (f"{ADDRESS}/32",),
    seconds: float = 5,
    limit: int = 1_000_000,
) -> bytes:
    body: list[bytes] = []
    downloader = Downloader(
        policy=AddressPolicy.parse(allow), seconds=seconds, limit=limit, user_agent="Fatrina/test"
    )
    try:
        downloader.fetch(url, body.append)
    finally:
        assert sum(map(len, body)) <= limit
    return b"".join(body)


@contextlib.contextmanager
def raises_link_error(error_class: type[errors.LinkError], **params: str | float) -> Iterator[None]:
    with pytest.raises(errors.LinkError) as raised:
        yield
    assert type(raised.value) is error_class
    assert raised.value.params == params


@contextlib.contextmanager
def finishes_within(seconds: float) -> Iterator[None]:
    """Assert that the block ends within `seconds`, with a tolerance of one second."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds + 1
