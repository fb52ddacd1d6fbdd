"""URLs as merchants and attackers write them."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.link import MAX_LENGTH, Link, parse, parse_candidates


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "target"),
    [
        ("http://photos.test", "http", "photos.test", 80, "/"),
        ("HTTPS://Photos.TEST./a.jpg", "https", "photos.test", 443, "/a.jpg"),
        (" \r\nhttp://photos.test/a\n", "http", "photos.test", 80, "/a"),
        ("http://photos.test:8080?a=1#top", "http", "photos.test", 8080, "/?a=1"),
        ("https://photos.test:/a", "https", "photos.test", 443, "/a"),
        ("http://photos.test:443/a", "http", "photos.test", 443, "/a"),
        ("http://photos.test:0/", "http", "photos.test", 0, "/"),
        ("http://a_b.photos.test/@x", "http", "a_b.photos.test", 80, "/@x"),
        ("http://8.8.8.8/", "http", "8.8.8.8", 80, "/"),
        ("http://[2606:4700:0::1]:80/", "http", "2606:4700::1", 80, "/"),
        ("http://Bücher.test/ä?ö", "http", "xn--bcher-kva.test", 80, "/%C3%A4?%C3%B6"),
        ("http://صور.test/", "http", "xn--wgbh1d.test", 80, "/"),
        ("http://photos。test/", "http", "photos.test", 80, "/"),
        ("http://photos.test/%20b%2f%?q=%41|", "http", "photos.test", 80, "/%20b%2f%?q=%41%7C"),
    ],
)
def test_url_is_parsed(text: str, scheme: str, host: str, port: int, target: str) -> None:
    assert parse(text) == Link(scheme, host, port, target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "photos.test/a.jpg",
        "@http://photos.test/",
        "//photos.test/a",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://photos.test/",
        "gopher://photos.test/",
        "data:image/png;base64,AAAA",
        "http:photos.test",
        "http:/photos.test",
        "http:///photos.test",
        "http://?a",
        "http://:80/",
        "http://photos.test:http/",
        "http://photos.test:65536/",
        "http://photos.test:٨٠/",
        "http://photos.test:+80/",
        "http://photos.test:80:80/",
        "http://photos..test/",
        "http://.photos.test/",
        "http://.",
        "http://photos%2etest/",
        "http://photos.test\\@127.0.0.1/",
        "http://photos.test/\x00",
        "http://photos.test/\ud800",
        "http://pho\u200btos.te st/",
        "http://a\uff0fb.test/",
        "http://☃\ufffd.test/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]x/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[v1.a]/",
        "http://[127.0.0.1]/",
        "http://[photos.test]/",
        "http://" + "a" * 64 + ".test/",
        "http://" + "a." * 127 + "test/",
        "http://" + "ä" * 2000,
    ],
)
def test_malformed_url_is_rejected(text: str) -> None:
    with pytest.raises(errors.LinkMalformed):
        parse(text)


@pytest.mark.parametrize("user", ["@", ":@", "user@", "user:secret@", "photos.test@", "a@b@"])
def test_credentials_are_rejected(user: str) -> None:
    with pytest.raises(errors.LinkCredentials):
        parse(f"http://{user}photos.test/")


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "0x",
        "0",
        "256.1.1.1",
        "1.2.3.4.5",
        "\uff11\uff12\uff17.1",
    ],
)
def test_obfuscated_addresses_are_rejected(host: str) -> None:
    with pytest.raises(errors.LinkAddressNotAllowed):
        parse(f"http://{host}/")


def test_length_limit() -> None:
    text = "http://photos.test/".ljust(MAX_LENGTH, "ä")
    assert parse(text).target == "/" + "%C3%A4" * (MAX_LENGTH - 19)
    with pytest.raises(errors.LinkTooLong) as raised:
        parse(text + "ä")
    assert raised.value.params == {"limit": MAX_LENGTH}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("http://photos.test/my cup (1).jpg", "/my%20cup%20(1).jpg"),
        ("http://photos.test/a?q=my cup&b", "/a?q=my%20cup&b"),
        ("http://photos.test/a%20b c", "/a%20b%20c"),
        ("http://photos.test/100%/a%2Bb?S=a%2Bb%2F%3D&x=1+2", "/100%/a%2Bb?S=a%2Bb%2F%3D&x=1+2"),
        ("http://photos.test/a\tb\r\nc", "/abc"),
        ("http://photos.test/\r\nHost: x", "/Host:%20x"),
        ("http://photos.test/a\u00a0b\u200fc", "/a%C2%A0b%E2%80%8Fc"),
        ('http://photos.test/<a>"{b}|^`', "/%3Ca%3E%22%7Bb%7D%7C%5E%60"),
        ("http://photos.test?a b", "/?a%20b"),
    ],
)
def test_target_is_percent_encoded_like_browsers(text: str, target: str) -> None:
    assert parse(text).target == target


INVISIBLE = [" ", "\n", "\u00a0", "\u200b", "\u200e", "\u200f", "\ufeff", "\u2060"]
INVISIBLE += [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]


@pytest.mark.parametrize("mark", INVISIBLE, ids=lambda mark: f"{ord(mark):04X}")
def test_invisible_characters_around_a_link_are_removed(mark: str) -> None:
    assert str(parse(f"{mark} {mark}http://photos.test/a{mark}\n{mark}")) == "http://photos.test/a"


def test_scheme_relative_link_means_https_then_http() -> None:
    urls = [str(link) for link in parse_candidates("\u200f//photos.test/a b")]
    assert urls == ["https://photos.test/a%20b", "http://photos.test/a%20b"]
    assert [str(link) for link in parse_candidates("http://photos.test")] == ["http://photos.test/"]
    with pytest.raises(errors.LinkMalformed):
        parse_candidates("///photos.test/")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://photos.test:81/b"),
        ("b", "http://photos.test:81/x/b"),
        ("../b?c#d", "http://photos.test:81/b?c"),
        ("?c", "http://photos.test:81/x/a?c"),
        ("//other.test/", "http://other.test/"),
        ("https://other.test", "https://other.test/"),
        ("صورة.jpg", "http://photos.test:81/x/%D8%B5%D9%88%D8%B1%D8%A9.jpg"),
    ],
)
def test_redirect_target_is_resolved(location: str, url: str) -> None:
    assert str(parse("http://photos.test:81/x/a?q").join(location)) == url


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("file:///etc/passwd", errors.LinkMalformed),
        ("http://[::1", errors.LinkMalformed),
        ("/" + "a" * MAX_LENGTH, errors.LinkTooLong),
        ("//u:p@photos.test/", errors.LinkCredentials),
        ("//0x7f.1/", errors.LinkAddressNotAllowed),
    ],
)
def test_redirect_target_is_checked(location: str, error: type[errors.LinkError]) -> None:
    with pytest.raises(error):
        parse("http://photos.test/").join(location)


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("http://photos.test:80/", "photos.test"),
        ("https://photos.test:80/", "photos.test:80"),
        ("http://[::1]/", "[::1]"),
        ("https://[::1]:80/", "[::1]:80"),
    ],
)
def test_authority_omits_the_default_port(text: str, authority: str) -> None:
    assert parse(text).authority == authority


url_like = st.text(st.sampled_from("htps:/@[]%.\\?#0x1a-_ä\n 。٣|"), max_size=30)


@given(st.builds(str.__add__, st.sampled_from(["", "http://", "https://a.test", "//"]), url_like))
def test_parsed_link_round_trips_and_can_be_sent(text: str) -> None:
    try:
        link = parse(text)
    except errors.LinkError:
        return
    again = parse(str(link))
    assert again == link
    h11.Request(method="GET", target=link.target, headers=[("Host", link.authority)])


@given(url_like)
def test_redirect_target_raises_only_link_errors(location: str) -> None:
    try:
        parse("http://photos.test/a").join(location)
    except errors.LinkError:
        return
