"""Connect to another host: resolve its name, check all addresses, connect to one, start TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from ssl import SSLContext

from httpcore2 import default_ssl_context

from fatrina.adapters.http_client.connection import Connection, Deadline, connect
from fatrina.adapters.http_client.resolver import MAX_LOOKUPS, Resolver
from fatrina.domain.address_policy import Address, AddressPolicy
from fatrina.domain.link import Link


class Connector:
    """Connects to public addresses and to those that the operator allows; thread-safe.

    It reads nothing from the environment (no proxy, no netrc) except the system's trusted
    certificates, which `SSL_CERT_FILE` and `SSL_CERT_DIR` may name.
    """

    def __init__(self, policy: AddressPolicy, max_lookups: int = MAX_LOOKUPS) -> None:
        """Use this address policy, with at most `max_lookups` concurrent name lookups."""
        self._policy = policy
        self._resolver = Resolver(max_lookups)

    @contextmanager
    def connect(self, link: Link, deadline: Deadline) -> Iterator[Connection]:
        """Open a connection to the host of a link.

        Raises:
            errors.LinkError: a subclass for each failure.
        """
        with connect(self._allowed_addresses(link, deadline), link.port, deadline) as connection:
            if link.scheme == "https":
                connection.start_tls(self._tls_context, link.host)
            yield connection

    def _allowed_addresses(self, link: Link, deadline: Deadline) -> list[Address]:
        self._policy.check_port(link)
        literal = link.address
        addresses = [literal] if literal else self._resolver.resolve(link.host, deadline)
        self._policy.check(link, addresses)
        return addresses

    @cached_property
    def _tls_context(self) -> SSLContext:
        context = default_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context
