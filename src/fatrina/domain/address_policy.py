"""The addresses that links may lead to: public ones, and those that the operator allows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from fatrina.domain import errors
from fatrina.domain.link import Link, parse_host

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_PORTS: Final = frozenset({80, 443})
"""Ports that a link may use unless the operator allows others."""

# IANA IPv4 Special-Purpose Address Registry, as updated on 2025-10-09, complete.
# https://www.iana.org/assignments/iana-ipv4-special-registry/ The blocks marked "globally
# reachable" are rejected too: they are anycast services, which the nearest router or name server
# answers, possibly one of the operator's own. They never hold a merchant's photos.
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
    # Not part of that registry: RFC 5771.
    "224.0.0.0/4": "multicast",
}

# IANA IPv6 Special-Purpose Address Registry, as updated on 2025-10-09, complete.
# https://www.iana.org/assignments/iana-ipv6-special-registry/ Mapped, local NAT64, Teredo and 6to4
# addresses contain an IPv4 address that a gateway on the path may unwrap. No host needs them, so
# they are rejected whatever address they contain.
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
# The range that IANA allocates for global unicast; the rest is reserved, local or multicast (RFC
# 4291).
_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = 0x0000_5EFE
# Bits of the first half of an interface identifier that ISATAP fixes: all except "u" and "g".
_ISATAP_MASK: Final = 0xFCFF_FFFF


def is_public(ip: Address) -> bool:
    """Return whether `ip` is an address on the public internet, by the IANA registries above.

    An IPv6 address with a zone is not public. ISATAP identifiers (RFC 5214) are rejected under any
    prefix. `64:ff9b::/96` (RFC 6052) is how a host on an IPv6-only network reaches every IPv4 site,
    so the embedded IPv4 address is checked instead. A translator with an operator-specific prefix
    cannot be distinguished from other hosts: it must not route into the internal network.
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
    """Hosts and networks that links may lead to although the default rules forbid them."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    """Host names as written in links, each with one port, or None for any port."""
    networks: tuple[Network, ...] = ()
    """Networks whose addresses are allowed on any port."""

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "AddressPolicy":
        """Parse entries such as `photos.lan`, `photos.lan:9000`, `[::1]:80` and `10.0.0.0/8`.

        A host entry allows links that name this host, whatever it resolves to. An address written
        as a host does not allow names that resolve to it; for that, use a network such as
        `127.0.0.1/32`.

        Raises:
            ValueError: an entry is neither a host, a host with a port, nor a network.
        """
        texts = [entry.strip() for entry in entries]
        return cls(
            hosts=frozenset(_parse_entry(text) for text in texts if "/" not in text),
            networks=tuple(ip_network(text) for text in texts if "/" in text),
        )

    def check_port(self, link: Link) -> None:
        """Reject a port before the name is resolved, unless an allowed network may permit it.

        Raises:
            errors.LinkPortNotAllowed: the port is neither 80 nor 443, nor allowed.
        """
        if link.port not in DEFAULT_PORTS and not (self._allows_host(link) or self.networks):
            raise errors.LinkPortNotAllowed(port=link.port)

    def check(self, link: Link, addresses: Sequence[Address]) -> None:
        """Check all addresses of the link's host; reject the link if one of them is not allowed.

        Raises:
            errors.LinkPortNotAllowed: the port is neither 80 nor 443, nor allowed.
            errors.LinkAddressNotAllowed: an address is neither public nor allowed. The error does
                not name the address, so that it reveals nothing about Fatrina's network.
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
    bracketed = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    try:
        host, port = parse_host(bracketed)
    except errors.LinkError as exc:
        raise ValueError(f"not a host, a host:port or a network: {text!r}") from exc
    if port == 0 or text.endswith(":"):
        raise ValueError(f"not a port: {text!r}")
    return host, port
