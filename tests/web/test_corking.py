"""Corking: a head is sent with the data that follows it, and is never kept back."""

import asyncio

import pytest

from fatrina.web.http.corking import CorkedTransport

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LARGE = bytes(70_000)


class Below(asyncio.Transport):
    """A transport that records writes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b"bo", b"dy"], [HEAD + b"bo", b"dy"]),
        ([HEAD, b""], [HEAD]),
        ([HEAD, LARGE], [HEAD, LARGE]),
        ([HEAD], []),
        ([CONTINUE], [CONTINUE]),
        ([CONTINUE, HEAD, b"body"], [CONTINUE, HEAD + b"body"]),
        ([HEAD, HEAD], [HEAD + HEAD]),  # a body may look like a head
        ([HEAD, b"body", HEAD, b"body"], [HEAD + b"body"] * 2),
    ],
)
def test_writes_are_combined(written: list[bytes], sent: list[bytes]) -> None:
    below = Below()
    joining = CorkedTransport(below)
    for data in written:
        joining.write(data)
    assert below.sent == sent


@pytest.mark.parametrize(("end", "after"), [("flush", []), ("close", [b"closed"])])
def test_no_data_stays_buffered(end: str, after: list[bytes]) -> None:
    below = Below()
    joining = CorkedTransport(below)
    joining.write(HEAD)
    getattr(joining, end)()
    assert below.sent == [HEAD, *after]
