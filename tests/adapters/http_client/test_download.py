"""Photos that arrive, redirects that are followed, and a sink that fails."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fatrina.adapters.http_client import Downloader
from fatrina.domain import errors
from fatrina.domain.address_policy import AddressPolicy
from tests.adapters.http_client.fetching import FakeDns, fetch, raises_link_error
from tests.adapters.http_client.origin_server import (
    ADDRESS,
    HEAD,
    OriginServer,
    install_certificate,
    redirect_to,
    respond_raw,
    respond_with,
)

PHOTO = bytes(range(256)) * 1000


def test_a_photo_of_declared_length() -> None:
    with OriginServer(respond_with(PHOTO)) as far:
        assert fetch(far.url()) == PHOTO


def test_a_chunked_photo() -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with OriginServer(
        respond_raw(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n")
    ) as far:
        assert fetch(far.url()) == b"abcde"


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_photo_that_ends_with_the_connection(version: bytes) -> None:
    with OriginServer(respond_raw(b"HTTP/" + version + b" 200 OK\r\n\r\n" + PHOTO)) as far:
        assert fetch(far.url()) == PHOTO


def test_a_photo_of_exactly_the_limit_and_an_empty_one() -> None:
    with OriginServer(respond_with(PHOTO), respond_with(b"")) as far:
        assert fetch(far.url(), limit=len(PHOTO)) == PHOTO
        assert fetch(far.url()) == b""


def test_an_interim_answer_is_passed_over() -> None:
    with OriginServer(respond_raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD + b"\r\nabc")) as far:
        assert fetch(far.url()) == b"abc"


def test_one_downloader_serves_many_threads() -> None:
    downloader = Downloader(
        policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="Fatrina/test"
    )
    bodies: list[list[bytes]] = [[] for _ in range(8)]
    with OriginServer(respond_with(PHOTO)) as far, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: downloader.fetch(far.url(), body.append), bodies))
    assert {b"".join(body) for body in bodies} == {PHOTO}


def test_an_identity_encoding_is_none() -> None:
    with OriginServer(respond_with(b"abc", "Content-Encoding: identity")) as far:
        assert fetch(far.url()) == b"abc"


def test_over_version_6() -> None:
    with OriginServer(respond_with(b"abc"), address="::1") as far:
        assert fetch(far.url(host="[::1]"), allow=("[::1]",)) == b"abc"
        assert f"Host: [::1]:{far.port}\r\n".encode() in far.requests[0]


def test_the_far_side_sees_these_headers_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = "Set-Cookie: a=b"
    with (
        OriginServer(respond_with(b"")) as other,
        OriginServer(respond_with(b"", cookie), respond_with(b"")) as far,
    ):
        for scheme in ("http", "https", "all"):
            monkeypatch.setenv(f"{scheme}_proxy", other.url(host=ADDRESS))
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", other.url(host=ADDRESS))
        downloader = Downloader(
            policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="Fatrina/test"
        )
        for _ in range(2):
            downloader.fetch(far.url("/a?b#c"), lambda _: None)
        assert other.requests == []
        assert len(far.requests) == 2
        assert set(far.requests) == {
            b"GET /a?b HTTP/1.1\r\n"
            b"Host: photos.test:%d\r\n"
            b"User-Agent: Fatrina/test\r\n"
            b"Accept: image/*, */*;q=0.5\r\n"
            b"Accept-Encoding: identity\r\n"
            b"Connection: close\r\n\r\n" % far.port
        }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/b", "b", "//photos.test:PORT/b", "http://photos.test:PORT/b"]
)
def test_a_redirect_is_followed(status: int, location: str, dns: FakeDns) -> None:
    with OriginServer(redirect_to(location, status), respond_with(b"abc")) as far:
        assert fetch(far.url("/a")) == b"abc"
        assert far.requests[1].startswith(b"GET /b ")
        assert b"Referer" not in far.requests[1]
    assert dns.queried_hosts == ["photos.test"] * 2


def test_five_redirects_are_the_most() -> None:
    with OriginServer(*[redirect_to(f"/{hop}") for hop in range(5)], respond_with(b"abc")) as far:
        assert fetch(far.url()) == b"abc"
    with OriginServer(redirect_to("/photo.jpg")) as far:
        with raises_link_error(errors.LinkTooManyRedirects, limit=5):
            fetch(far.url())
        assert len(far.requests) == 6


def test_a_cookie_goes_back_to_the_site_that_set_it(dns: FakeDns) -> None:
    dns["other.test"] = [ADDRESS]
    wall = respond_raw(
        b"HTTP/1.1 302 Found\r\nLocation: /photo.jpg\r\nSet-Cookie: seen=1; Path=/; HttpOnly\r\n"
        b'Set-Cookie: bad="a b"\r\nSet-Cookie: x=\x01\r\n\r\n'
    )
    with OriginServer(
        wall, redirect_to("http://other.test:PORT/b"), respond_with(b"abc"), respond_with(b"abc")
    ) as far:
        assert fetch(far.url()) == b"abc"
        assert fetch(far.url()) == b"abc"
        first, second, third, fourth = far.requests
    assert b"Cookie" not in first
    assert b"\r\nCookie: seen=1; bad=; x=\r\n" in second
    assert b"Cookie" not in third
    assert b"Cookie" not in fourth


def test_a_link_without_a_scheme_is_tried_by_https_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OriginServer(respond_with(b"secure"), tls=True) as far:
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, far)))
        assert fetch(f"//photos.test:{far.port}/a") == b"secure"
    with OriginServer(respond_with(b"plain")) as far:
        assert fetch(f"//photos.test:{far.port}/a", seconds=2) == b"plain"


@pytest.mark.parametrize(
    ("location", "leaf"),
    [
        ("http://127.0.0.1/", errors.LinkAddressNotAllowed),
        ("http://[::ffff:127.0.0.1]/", errors.LinkAddressNotAllowed),
        ("http://inner.test/", errors.LinkAddressNotAllowed),
        ("//0x7f.1/", errors.LinkAddressNotAllowed),
        ("http://nowhere.test/", errors.LinkUnresolved),
        ("http://u:p@photos.test/", errors.LinkCredentials),
        ("file:///etc/passwd", errors.LinkMalformed),
        ("ftp://photos.test/", errors.LinkMalformed),
        ("gopher://photos.test/", errors.LinkMalformed),
        ("/a\\b", errors.LinkMalformed),
    ],
)
def test_a_redirect_is_judged_like_a_link(
    location: str, leaf: type[errors.LinkError], dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["inner.test"] = ["10.0.0.1"]
    with OriginServer(redirect_to(location)) as far, raises_link_error(leaf):
        fetch(far.url())
    assert connected_addresses == [ADDRESS]


def test_a_redirect_to_an_odd_port_is_refused() -> None:
    with (
        OriginServer(redirect_to("http://photos.test:22/")) as far,
        raises_link_error(errors.LinkPortNotAllowed, port=22),
    ):
        fetch(far.url(), allow=(f"photos.test:{far.port}",))


def test_a_redirect_to_two_places_is_broken() -> None:
    two = respond_raw(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n")
    with OriginServer(two) as far, raises_link_error(errors.LinkInvalidResponse):
        fetch(far.url())


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/my cup.jpg", b"/my%20cup.jpg"),
        (b"/caf\xe9.jpg", b"/caf%E9.jpg"),
        ("/كوب.jpg".encode(), b"/%D9%83%D9%88%D8%A8.jpg"),
    ],
)
def test_a_redirect_may_hold_spaces_and_any_bytes(location: bytes, target: bytes) -> None:
    redirect = respond_raw(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
    with OriginServer(redirect, respond_with(b"abc")) as far:
        assert fetch(far.url()) == b"abc"
        assert far.requests[1].startswith(b"GET " + target + b" HTTP/1.1\r\n")


def test_a_redirect_to_nowhere_is_a_status() -> None:
    nowhere = respond_raw(b"HTTP/1.1 302 Found\r\n\r\n")
    with OriginServer(nowhere) as far, raises_link_error(errors.LinkStatus, status=302):
        fetch(far.url())


@pytest.mark.parametrize(
    "failure",
    [errors.StorageFull(), OSError(28, "No space left"), TimeoutError(), ValueError("mine")],
)
def test_what_the_sink_raises_passes_unchanged(failure: Exception) -> None:
    def sink(_: bytes) -> None:
        raise failure

    downloader = Downloader(policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="x")
    with OriginServer(respond_with(PHOTO)) as far, pytest.raises(type(failure)) as caught:
        downloader.fetch(far.url(), sink)
    assert caught.value is failure
