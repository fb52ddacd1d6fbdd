"""Address checks against the registries, known hosts, and embedded or obfuscated addresses."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.address_policy import (
    SPECIAL_IPV4,
    SPECIAL_IPV6,
    Address,
    AddressPolicy,
    is_public,
)
from fatrina.domain.link import parse

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "3fff:1000::1",
    "64:ff9b::8.8.8.8",
]
INTERNAL = [
    "0.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2002:808:808::1",
    "2606:4700::5efe:8.8.8.8",
    "2606:4700::200:5efe:10.0.0.1",
    "2606:4700::300:5efe:10.0.0.1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "::ffff:ffff",
    "2606:4700:4700::1111%eth0",
    "fe80::1%1",
]

v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(IPv6Address)
unicast = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address)
blocks = st.sampled_from([ip_network(block) for block in (*SPECIAL_IPV4, *SPECIAL_IPV6)])


def special(ip: Address) -> bool:
    return any(ip in ip_network(block) for block in (*SPECIAL_IPV4, *SPECIAL_IPV6))


@pytest.mark.parametrize("text", PUBLIC)
def test_internet_hosts_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", INTERNAL)
def test_internal_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("block", [*SPECIAL_IPV4, *SPECIAL_IPV6])
def test_ends_of_special_blocks_are_not_public(block: str) -> None:
    network = ip_network(block)
    if block != "64:ff9b::/96":
        assert not is_public(network[0])
        assert not is_public(network[-1])


@given(blocks.flatmap(lambda n: st.integers(0, n.num_addresses - 1).map(n.__getitem__)))
def test_addresses_of_special_blocks_are_not_public(ip: Address) -> None:
    if ip not in ip_network("64:ff9b::/96"):
        assert not is_public(ip)


@given(v4)
def test_ipv4_is_public_unless_special(ip: IPv4Address) -> None:
    assert is_public(ip) is not special(ip)


@given(v6 | unicast)
def test_ipv6_is_public_only_as_global_unicast(ip: IPv6Address) -> None:
    if is_public(ip) and ip not in ip_network("64:ff9b::/96"):
        assert int(ip) >> 125 == 1
        assert not special(ip)


@given(v4 | v6 | unicast)
def test_public_addresses_are_global_in_python(ip: Address) -> None:
    if is_public(ip) and not (ip.version == 6 and ip in ip_network("64:ff9b::/96")):
        assert ip.is_global


@given(v4, st.integers(0, 2**64 - 1))
def test_embedded_ipv4_is_never_more_public(ip: IPv4Address, noise: int) -> None:
    number = int(ip)
    nat64 = IPv6Address((0x64_FF9B << 96) | number)
    assert is_public(nat64) is is_public(ip)
    for embedded in (
        number,
        (0xFFFF << 32) | number,
        (0xFFFF << 48) | number,
        (0x64_FF9B_0001 << 80) | number,
        (0x2002 << 112) | (number << 80) | noise,
        (0x2001_0000 << 96) | (noise << 32) | (number ^ 0xFFFF_FFFF),
        (0x2606_4700 << 96) | (0x5EFE << 32) | number,
        (0x2606_4700 << 96) | (0x0200_5EFE << 32) | number,
    ):
        assert not is_public(IPv6Address(embedded))


def allowed(entry: str, url: str, *addresses: str) -> bool:
    policy, link = AddressPolicy.parse([entry]), parse(url)
    try:
        policy.check_port(link)
        policy.check(link, [ip_address(text) for text in addresses])
    except (errors.LinkPortNotAllowed, errors.LinkAddressNotAllowed):
        return False
    return True


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("localhost", "http://localhost/", "127.0.0.1"),
        ("localhost", "http://LOCALHOST:9000/", "127.0.0.1"),
        (" LocalHost. ", "http://localhost:9000/", "::1"),
        ("localhost:9000", "http://localhost:9000/", "127.0.0.1"),
        ("localhost:80", "http://localhost/", "127.0.0.1"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/", "127.0.0.1"),
        ("[::1]:80", "http://[0:0::1]/", "::1"),
        ("[::1]", "http://[::1]:81/", "::1"),
        ("::1", "http://[::1]:81/", "::1"),
        ("10.0.0.0/8", "http://nas.lan:5000/", "10.2.3.4"),
        ("fd00::/8", "https://nas.lan/", "fd00::5"),
        ("bücher.test", "http://xn--bcher-kva.test:8/", "10.0.0.1"),
    ],
)
def test_allowed_addresses(entry: str, url: str, address: str) -> None:
    assert allowed(entry, url, address)
    assert not AddressPolicy().hosts
    assert not allowed("elsewhere.test", url, address)


@pytest.mark.parametrize(
    ("entry", "url", "addresses"),
    [
        ("localhost:9000", "http://localhost:9001/", ["127.0.0.1"]),
        ("localhost:9000", "http://localhost/", ["127.0.0.1"]),
        ("localhost", "http://localhost.test/", ["127.0.0.1"]),
        ("127.0.0.1", "http://localhost/", ["127.0.0.1"]),
        ("10.0.0.0/8", "http://nas.lan/", ["10.0.0.1", "192.168.0.1"]),
        ("10.0.0.0/8", "http://nas.lan:5000/", ["10.0.0.1", "8.8.8.8"]),
        ("10.0.0.0/8", "http://nas.lan/", ["::ffff:10.0.0.1"]),
        ("10.0.0.0/8", "http://photos.test:81/", ["8.8.8.8"]),
        ("fe80::/10", "http://nas.lan/", ["fe80::1%eth0"]),
    ],
)
def test_similar_addresses_are_not_allowed(entry: str, url: str, addresses: list[str]) -> None:
    assert not allowed(entry, url, *addresses)


def test_other_addresses_follow_the_default_rules() -> None:
    assert allowed("10.0.0.0/8", "http://photos.test/", "10.0.0.1", "8.8.8.8")


def test_other_port_is_rejected_before_resolution() -> None:
    with pytest.raises(errors.LinkPortNotAllowed) as raised:
        AddressPolicy.parse(["localhost"]).check_port(parse("http://photos.test:22/"))
    assert raised.value.params == {"port": 22}


@pytest.mark.parametrize(
    "entry",
    [
        "",
        " ",
        "*",
        "*.lan",
        "http://localhost",
        "localhost/",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "a b",
        "host:",
        "host:0",
        "host:65536",
        "host:x",
        "user@host",
        "0x7f.1",
        "[::1",
        "[fe80::1%eth0]",
        "fe80::1%eth0",
        "[localhost]",
    ],
)
def test_invalid_entry_is_rejected(entry: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AddressPolicy.parse([entry])
