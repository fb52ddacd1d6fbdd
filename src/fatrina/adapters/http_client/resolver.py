"""Name resolution with a deadline, in threads that can be abandoned."""

from ipaddress import ip_address
from queue import Empty, SimpleQueue
from socket import SOCK_STREAM, getaddrinfo
from threading import BoundedSemaphore, Thread
from typing import Final

from fatrina.adapters.http_client.connection import Deadline
from fatrina.domain import errors
from fatrina.domain.address_policy import Address

LookupResult = list[Address] | Exception

MAX_LOOKUPS: Final = 16
"""Concurrent lookups; an unresponsive name server blocks each for up to a minute."""


class Resolver:
    """The system's resolver with a deadline: `getaddrinfo` itself has no timeout."""

    def __init__(self, max_lookups: int = MAX_LOOKUPS) -> None:
        self._slots = BoundedSemaphore(max_lookups)

    def resolve(self, host: str, deadline: Deadline) -> list[Address]:
        """Return all addresses that `host` resolves to, in the system's order, at least one.

        Raises:
            errors.LinkUnresolved: there is no address, or no name server responds.
            errors.LinkTimeout: the deadline expired; the lookup continues, and its result is
                ignored.
        """
        if not self._slots.acquire(timeout=deadline.remaining()):
            raise deadline.timeout_error()
        results: SimpleQueue[LookupResult] = SimpleQueue()
        try:
            Thread(target=self._lookup, args=(host, results), daemon=True).start()
        except BaseException:
            self._slots.release()
            raise
        try:
            result = results.get(timeout=deadline.remaining())
        except Empty:
            raise deadline.timeout_error() from None
        if isinstance(result, Exception):
            raise errors.LinkUnresolved from result
        return result

    def _lookup(self, host: str, results: SimpleQueue[LookupResult]) -> None:
        try:
            results.put(_get_addresses(host))
        except (OSError, ValueError) as exc:
            results.put(exc)
        finally:
            self._slots.release()


def _get_addresses(host: str) -> list[Address]:
    found = getaddrinfo(host, None, type=SOCK_STREAM)
    if not found:
        raise ValueError("no address")
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))
