"""Successful downloads, redirects, cookies, and a sink that raises."""

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


def test_photo_with_content_length() -> None:
    with OriginServer(respond_with(PHOTO)) as origin:
        assert fetch(origin.url()) == PHOTO


def test_chunked_photo() -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with OriginServer(
        respond_raw(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n")
    ) as origin:
        assert fetch(origin.url()) == b"abcde"


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_photo_delimited_by_connection_close(version: bytes) -> None:
    with OriginServer(respond_raw(b"HTTP/" + version + b" 200 OK\r\n\r\n" + PHOTO)) as origin:
        assert fetch(origin.url()) == PHOTO


def test_photo_at_the_size_limit_and_empty_photo() -> None:
    with OriginServer(respond_with(PHOTO), respond_with(b"")) as origin:
        assert fetch(origin.url(), limit=len(PHOTO)) == PHOTO
        assert fetch(origin.url()) == b""


def test_interim_response_is_skipped() -> None:
    with OriginServer(
        respond_raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD + b"\r\nabc")
    ) as origin:
        assert fetch(origin.url()) == b"abc"


def test_downloader_is_thread_safe() -> None:
    downloader = Downloader(
        policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="Fatrina/test"
    )
    bodies: list[list[bytes]] = [[] for _ in range(8)]
    with OriginServer(respond_with(PHOTO)) as origin, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: downloader.fetch(origin.url(), body.append), bodies))
    assert {b"".join(body) for body in bodies} == {PHOTO}


def test_identity_coding_is_ignored() -> None:
    with OriginServer(respond_with(b"abc", "Content-Encoding: identity")) as origin:
        assert fetch(origin.url()) == b"abc"


def test_ipv6() -> None:
    with OriginServer(respond_with(b"abc"), address="::1") as origin:
        assert fetch(origin.url(host="[::1]"), allow=("[::1]",)) == b"abc"
        assert f"Host: [::1]:{origin.port}\r\n".encode() in origin.requests[0]


def test_exact_request_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = "Set-Cookie: a=b"
    with (
        OriginServer(respond_with(b"")) as other,
        OriginServer(respond_with(b"", cookie), respond_with(b"")) as origin,
    ):
        for scheme in ("http", "https", "all"):
            monkeypatch.setenv(f"{scheme}_proxy", other.url(host=ADDRESS))
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", other.url(host=ADDRESS))
        downloader = Downloader(
            policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="Fatrina/test"
        )
        for _ in range(2):
            downloader.fetch(origin.url("/a?b#c"), lambda _: None)
        assert other.requests == []
        assert len(origin.requests) == 2
        assert set(origin.requests) == {
            b"GET /a?b HTTP/1.1\r\n"
            b"Host: photos.test:%d\r\n"
            b"User-Agent: Fatrina/test\r\n"
            b"Accept: image/*, */*;q=0.5\r\n"
            b"Accept-Encoding: identity\r\n"
            b"Connection: close\r\n\r\n" % origin.port
        }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/b", "b", "//photos.test:PORT/b", "http://photos.test:PORT/b"]
)
def test_redirect_is_followed(status: int, location: str, dns: FakeDns) -> None:
    with OriginServer(redirect_to(location, status), respond_with(b"abc")) as origin:
        assert fetch(origin.url("/a")) == b"abc"
        assert origin.requests[1].startswith(b"GET /b ")
        assert b"Referer" not in origin.requests[1]
    assert dns.queried_hosts == ["photos.test"] * 2


def test_redirect_limit() -> None:
    with OriginServer(
        *[redirect_to(f"/{hop}") for hop in range(5)], respond_with(b"abc")
    ) as origin:
        assert fetch(origin.url()) == b"abc"
    with OriginServer(redirect_to("/photo.jpg")) as origin:
        with raises_link_error(errors.LinkTooManyRedirects, limit=5):
            fetch(origin.url())
        assert len(origin.requests) == 6


def test_cookie_is_sent_only_to_the_site_that_set_it(dns: FakeDns) -> None:
    dns["other.test"] = [ADDRESS]
    cookie_redirect = respond_raw(
        b"HTTP/1.1 302 Found\r\nLocation: /photo.jpg\r\nSet-Cookie: seen=1; Path=/; HttpOnly\r\n"
        b'Set-Cookie: bad="a b"\r\nSet-Cookie: x=\x01\r\n\r\n'
    )
    with OriginServer(
        cookie_redirect,
        redirect_to("http://other.test:PORT/b"),
        respond_with(b"abc"),
        respond_with(b"abc"),
    ) as origin:
        assert fetch(origin.url()) == b"abc"
        assert fetch(origin.url()) == b"abc"
        first, second, third, fourth = origin.requests
    assert b"Cookie" not in first
    assert b"\r\nCookie: seen=1; bad=; x=\r\n" in second
    assert b"Cookie" not in third
    assert b"Cookie" not in fourth


def test_scheme_relative_link_tries_https_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OriginServer(respond_with(b"secure"), tls=True) as origin:
        monkeypatch.setenv("SSL_CERT_FILE", str(install_certificate(tmp_path, origin)))
        assert fetch(f"//photos.test:{origin.port}/a") == b"secure"
    with OriginServer(respond_with(b"plain")) as origin:
        assert fetch(f"//photos.test:{origin.port}/a", seconds=2) == b"plain"


@pytest.mark.parametrize(
    ("location", "error_class"),
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
def test_redirect_is_checked_like_a_link(
    location: str, error_class: type[errors.LinkError], dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["inner.test"] = ["10.0.0.1"]
    with OriginServer(redirect_to(location)) as origin, raises_link_error(error_class):
        fetch(origin.url())
    assert connected_addresses == [ADDRESS]


def test_redirect_to_another_port_is_rejected() -> None:
    with (
        OriginServer(redirect_to("http://photos.test:22/")) as origin,
        raises_link_error(errors.LinkPortNotAllowed, port=22),
    ):
        fetch(origin.url(), allow=(f"photos.test:{origin.port}",))


def test_redirect_with_two_locations_is_invalid() -> None:
    two_locations = respond_raw(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n")
    with OriginServer(two_locations) as origin, raises_link_error(errors.LinkInvalidResponse):
        fetch(origin.url())


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/my cup.jpg", b"/my%20cup.jpg"),
        (b"/caf\xe9.jpg", b"/caf%E9.jpg"),
        ("/كوب.jpg".encode(), b"/%D9%83%D9%88%D8%A8.jpg"),
    ],
)
def test_redirect_location_is_percent_encoded(location: bytes, target: bytes) -> None:
    redirect = respond_raw(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
    with OriginServer(redirect, respond_with(b"abc")) as origin:
        assert fetch(origin.url()) == b"abc"
        assert origin.requests[1].startswith(b"GET " + target + b" HTTP/1.1\r\n")


def test_redirect_without_location_is_a_status_error() -> None:
    no_location = respond_raw(b"HTTP/1.1 302 Found\r\n\r\n")
    with OriginServer(no_location) as origin, raises_link_error(errors.LinkStatus, status=302):
        fetch(origin.url())


@pytest.mark.parametrize(
    "failure",
    [errors.StorageFull(), OSError(28, "No space left"), TimeoutError(), ValueError("mine")],
)
def test_sink_exceptions_propagate(failure: Exception) -> None:
    def sink(_: bytes) -> None:
        raise failure

    downloader = Downloader(policy=AddressPolicy.parse([f"{ADDRESS}/32"]), user_agent="x")
    with OriginServer(respond_with(PHOTO)) as origin, pytest.raises(type(failure)) as raised:
        downloader.fetch(origin.url(), sink)
    assert raised.value is failure
