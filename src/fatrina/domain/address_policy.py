"""Which addresses a photo may be fetched from: the public ones, and what an operator allows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from fatrina.domain import errors
from fatrina.domain.link import Link, parse_host

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_PORTS: Final = frozenset({80, 443})
"""Where a link may lead without an operator's word."""

# IANA IPv4 Special-Purpose Address Registry, as updated on 2025-10-09, whole.
# https://www.iana.org/assignments/iana-ipv4-special-registry/
# The blocks it marks "globally reachable" are refused with the rest: they are anycast services
# that the nearest router or name server answers, maybe one of ours, and never a shop's photos.
SPECIAL_IPV4: Final = {
    "0.0.0.0/8": "this network",
    "0.0.0.0/32": "this host on this network",
    "10.0.0.0/8": "private use",
    "100.64.0.0/10": "shared address space (carrier-grade NAT)",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link local",
    "172.16.0.0/12": "private use",
    "192.0.0.0/24": "IETF protocol assignments",
    "192.0.0.0/29": "IPv4 service continuity prefix",
    "192.0.0.8/32": "IPv4 dummy address",
    "192.0.0.9/32": "port control protocol anycast (globally reachable)",
    "192.0.0.10/32": "TURN anycast (globally reachable)",
    "192.0.0.170/32": "NAT64/DNS64 discovery",
    "192.0.0.171/32": "NAT64/DNS64 discovery",
    "192.0.2.0/24": "documentation (TEST-NET-1)",
    "192.31.196.0/24": "AS112-v4 (globally reachable)",
    "192.52.193.0/24": "AMT (globally reachable)",
    "192.88.99.0/24": "deprecated (6to4 relay anycast)",
    "192.88.99.2/32": "6a44 relay anycast",
    "192.168.0.0/16": "private use",
    "192.175.48.0/24": "direct delegation AS112 service (globally reachable)",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation (TEST-NET-2)",
    "203.0.113.0/24": "documentation (TEST-NET-3)",
    "240.0.0.0/4": "reserved",
    "255.255.255.255/32": "limited broadcast",
    # Not of that registry: RFC 5771.
    "224.0.0.0/4": "multicast",
}

# IANA IPv6 Special-Purpose Address Registry, as updated on 2025-10-09, whole.
# https://www.iana.org/assignments/iana-ipv6-special-registry/
# Mapped, local NAT64, Teredo and 6to4 addresses carry an IPv4 address that a gateway on the way
# may unwrap. No host has a need of them, so they are refused whatever they carry.
SPECIAL_IPV6: Final = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::ffff:0:0/96": "IPv4-mapped",
    "64:ff9b::/96": "IPv4-IPv6 translation (globally reachable; see `is_public`)",
    "64:ff9b:1::/48": "IPv4-IPv6 translation, local",
    "100::/64": "discard only",
    "100:0:0:1::/64": "dummy prefix",
    "2001::/23": "IETF protocol assignments",
    "2001::/32": "Teredo",
    "2001:1::1/128": "port control protocol anycast (globally reachable)",
    "2001:1::2/128": "TURN anycast (globally reachable)",
    "2001:1::3/128": "DNS-SD service registration anycast (globally reachable)",
    "2001:2::/48": "benchmarking",
    "2001:3::/32": "AMT (globally reachable)",
    "2001:4:112::/48": "AS112-v6 (globally reachable)",
    "2001:10::/28": "deprecated (ORCHID)",
    "2001:20::/28": "ORCHIDv2 (globally reachable)",
    "2001:30::/28": "drone remote identifiers (globally reachable)",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "direct delegation AS112 service (globally reachable)",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing (SRv6) SIDs",
    "fc00::/7": "unique local",
    "fe80::/10": "link local",
}

_IPV4_BLOCKS: Final = tuple(IPv4Network(block) for block in SPECIAL_IPV4)
_IPV6_BLOCKS: Final = tuple(IPv6Network(block) for block in SPECIAL_IPV6)
# All that IANA gives out as global unicast; the rest is reserved, local or multicast (RFC 4291).
_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = 0x0000_5EFE
# The bits of an interface identifier's first half that ISATAP fixes: all but "u" and "g".
_ISATAP_MASK: Final = 0xFCFF_FFFF


def is_public(ip: Address) -> bool:
    """Tell whether `ip` is a host of the public internet, by the IANA registries above.

    An IPv6 address with a zone is none. ISATAP identifiers (RFC 5214) are refused under any
    prefix. `64:ff9b::/96` (RFC 6052) is how a host on an IPv6-only network sees every IPv4 site,
    so the IPv4 address within is judged instead. A translator with a prefix of its operator's
    own cannot be told from other hosts: it must not lead into the inner network.
    """
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _IPV4_BLOCKS)
    if ip.scope_id is not None:
        return False
    if ip in _NAT64:
        return is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
    if ip not in _UNICAST or (int(ip) >> 32) & _ISATAP_MASK == _ISATAP:
        return False
    return not any(ip in block for block in _IPV6_BLOCKS)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Places that photos may be fetched from although the rules forbid them."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    """Hosts as a link names them, each with its one port, or None for any."""
    networks: tuple[Network, ...] = ()
    """Networks that an address lies in, at any port."""

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "AddressPolicy":
        """Read `photos.lan`, `photos.lan:9000`, `[::1]:80`, `10.0.0.0/8` and the like.

        A host allows the links that name it so, whatever it resolves to; an address written
        as a host does not allow names that resolve to it: for that, write `127.0.0.1/32`.

        Raises:
            ValueError: an entry is no such thing.
        """
        texts = [entry.strip() for entry in entries]
        return cls(
            hosts=frozenset(_parse_entry(text) for text in texts if "/" not in text),
            networks=tuple(ip_network(text) for text in texts if "/" in text),
        )

    def check_port(self, link: Link) -> None:
        """Refuse a port before anything is resolved, unless a network may yet allow it.

        Raises:
            errors.LinkPortNotAllowed: neither 80 nor 443, nor allowed.
        """
        if link.port not in DEFAULT_PORTS and not (self._allows_host(link) or self.networks):
            raise errors.LinkPortNotAllowed(port=link.port)

    def check(self, link: Link, addresses: Sequence[Address]) -> None:
        """Judge all that the host of `link` resolves to; one bad address spoils the rest.

        Raises:
            errors.LinkPortNotAllowed: neither 80 nor 443, nor allowed.
            errors.LinkAddressNotAllowed: an address is neither public nor allowed. The error
                does not name it, so that it reveals nothing about Fatrina's network.
        """
        if self._allows_host(link):
            return
        others = [ip for ip in addresses if not self._allows_address(ip)]
        if others and link.port not in DEFAULT_PORTS:
            raise errors.LinkPortNotAllowed(port=link.port)
        if not all(is_public(ip) for ip in others):
            raise errors.LinkAddressNotAllowed

    def _allows_host(self, link: Link) -> bool:
        return not self.hosts.isdisjoint({(link.host, None), (link.host, link.port)})

    def _allows_address(self, ip: Address) -> bool:
        zoned = isinstance(ip, IPv6Address) and ip.scope_id is not None
        return not zoned and any(ip in network for network in self.networks)


def _parse_entry(text: str) -> tuple[str, int | None]:
    bare = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    try:
        host, port = parse_host(bare)
    except errors.LinkError as refused:
        raise ValueError(f"not a host, a host:port or a network: {text!r}") from refused
    if port == 0 or text.endswith(":"):
        raise ValueError(f"not a port: {text!r}")
    return host, port
