"""Answers that are broken, compressed or without end."""

import pytest

from fatrina.domain import errors
from tests.adapters.download.far_side import HEAD, Call, FarSide, gives, says
from tests.adapters.download.fetching import fetch, refused, within


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 404, 500, 999])
def test_any_status_but_200_is_refused(status: int) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nLocation: \r\n\r\n"
    with FarSide(says(answer.encode())) as far, refused(errors.LinkStatus, status=status):
        fetch(far.url())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n" * 3,
        b"HTTP/1.1 200",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"<html>",
        bytes(range(256)) * 400,
        HEAD,
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 200_000,
        HEAD + b"Broken Header: x\r\n\r\n",
        HEAD + b"A: " + b"x" * 200_000,
        HEAD + b"A: x\r\n" * 40_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + HEAD + b"\r\n",
    ],
)
def test_what_is_not_sound_http_is_broken(answer: bytes) -> None:
    with FarSide(says(answer)) as far, refused(errors.LinkBroken):
        fetch(far.url())


def test_a_body_in_crumbs_is_broken() -> None:
    few, many = (b"1\r\nx\r\n" * count + b"0\r\n\r\n" for count in (10_000, 11_000))
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with FarSide(says(head + few), says(head + many)) as far:
        assert fetch(far.url()) == b"x" * 10_000
        with refused(errors.LinkBroken):
            fetch(far.url())


def test_a_reset_amid_the_body() -> None:
    def script(call: Call) -> None:
        call.send(HEAD + b"Content-Length: 100\r\n\r\nabc")
        call.rest(0.1)
        call.reset()

    with FarSide(script) as far, refused(errors.LinkUnreachable):
        fetch(far.url())


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [("gzip", "gzip"), ("X-GZIP", "gzip"), ("identity, br", "br"), ("<script>", "other")],
)
def test_a_compressed_answer_is_refused_unread(encoding: str, seen: str) -> None:
    bomb = gives(b"\x1f\x8b" + bytes(1000), f"Content-Encoding: {encoding}")
    with FarSide(bomb) as far, refused(errors.LinkEncoded, encoding=seen):
        fetch(far.url())


def test_a_declared_gigabyte_is_refused_unread() -> None:
    def script(call: Call) -> None:
        call.send(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        call.rest()

    with FarSide(script) as far, within(0), refused(errors.LinkTooLarge, limit=1000):
        fetch(far.url(), limit=1000)


@pytest.mark.parametrize(
    ("header", "piece"),
    [(b"", bytes(65536)), (b"Transfer-Encoding: chunked\r\n", b"10000\r\n%b\r\n" % bytes(65536))],
)
def test_an_undeclared_gigabyte_is_cut_at_the_limit(header: bytes, piece: bytes) -> None:
    def script(call: Call) -> None:
        call.send(HEAD + header + b"\r\n")
        for _ in range(16384):
            call.send(piece)

    with FarSide(script) as far, refused(errors.LinkTooLarge, limit=1_000_000):
        fetch(far.url())
