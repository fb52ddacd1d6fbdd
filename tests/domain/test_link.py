"""URLs as merchants write them, and as attackers do."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.link import Link, parse


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
def test_a_url_is_read(text: str, scheme: str, host: str, port: int, target: str) -> None:
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
        "http://photos.test/a b",
        "http://photos.test/a\tb",
        "http://photos.test/\r\nHost: x",
        "http://photos.test/\x00",
        "http://photos.test/\u00a0",
        "http://photos.test/\u2028",
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
        "http://photos.test/" + "a" * 2030,
        "http://" + "ä" * 2000,
    ],
)
def test_no_url_is_refused(text: str) -> None:
    with pytest.raises(errors.LinkMalformed):
        parse(text)


@pytest.mark.parametrize("user", ["@", ":@", "user@", "user:secret@", "photos.test@", "a@b@"])
def test_credentials_are_refused(user: str) -> None:
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
def test_addresses_in_disguise_are_refused(host: str) -> None:
    with pytest.raises(errors.LinkForbidden):
        parse(f"http://{host}/")


def test_2048_characters_are_the_most() -> None:
    assert parse("http://photos.test/" + "ä" * 2029).target == "/" + "%C3%A4" * 2029


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
def test_redirects_are_joined(location: str, url: str) -> None:
    assert str(parse("http://photos.test:81/x/a?q").join(location)) == url


@pytest.mark.parametrize(
    ("location", "refusal"),
    [
        ("file:///etc/passwd", errors.LinkMalformed),
        ("http://[::1", errors.LinkMalformed),
        ("/a b", errors.LinkMalformed),
        ("\thttp://x/", errors.LinkMalformed),
        ("/" + "a" * 2048, errors.LinkMalformed),
        ("//u:p@photos.test/", errors.LinkCredentials),
        ("//0x7f.1/", errors.LinkForbidden),
    ],
)
def test_redirects_are_judged_too(location: str, refusal: type[errors.LinkRefused]) -> None:
    with pytest.raises(refusal):
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
def test_the_authority_names_the_port_only_when_it_must(text: str, authority: str) -> None:
    assert parse(text).authority == authority


urlish = st.text(st.sampled_from("htps:/@[]%.\\?#0x1a-_ä\n 。٣|"), max_size=30)


@given(st.builds(str.__add__, st.sampled_from(["", "http://", "https://a.test", "//"]), urlish))
def test_whatever_is_read_is_fit_to_send_and_reads_the_same_again(text: str) -> None:
    try:
        link = parse(text)
    except errors.LinkRefused:
        return
    again = parse(str(link))
    assert again == link
    h11.Request(method="GET", target=link.target, headers=[("Host", link.authority)])


@given(urlish)
def test_no_redirect_breaks_the_reader(location: str) -> None:
    try:
        parse("http://photos.test/a").join(location)
    except errors.LinkRefused:
        return
