"""A host's addresses, asked for once, in threads that may be left behind."""

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
"""Lookups under way at once; a dead name server holds each for up to a minute."""


class Resolver:
    """The system's resolver with an end to waiting: `getaddrinfo` itself knows no time-out."""

    def __init__(self, max_lookups: int = MAX_LOOKUPS) -> None:
        self._slots = BoundedSemaphore(max_lookups)

    def resolve(self, host: str, deadline: Deadline) -> list[Address]:
        """All that `host` resolves to, in the system's order, at least one.

        Raises:
            errors.LinkUnresolved: there is none, or no name server to ask.
            errors.LinkTimeout: the budget ran out; the lookup ends by itself, unheard.
        """
        if not self._slots.acquire(timeout=deadline.remaining()):
            raise deadline.timeout_error()
        answers: SimpleQueue[LookupResult] = SimpleQueue()
        try:
            Thread(target=self._lookup, args=(host, answers), daemon=True).start()
        except BaseException:
            self._slots.release()
            raise
        try:
            answer = answers.get(timeout=deadline.remaining())
        except Empty:
            raise deadline.timeout_error() from None
        if isinstance(answer, Exception):
            raise errors.LinkUnresolved from answer
        return answer

    def _lookup(self, host: str, answers: SimpleQueue[LookupResult]) -> None:
        try:
            answers.put(_look_up(host))
        except (OSError, ValueError) as failed:
            answers.put(failed)
        finally:
            self._slots.release()


def _look_up(host: str) -> list[Address]:
    found = getaddrinfo(host, None, type=SOCK_STREAM)
    if not found:
        raise ValueError("no address")
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))
