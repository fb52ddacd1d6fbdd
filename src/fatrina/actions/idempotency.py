"""Idempotency: store the response of a request in the transaction of its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from fatrina.adapters.database import Database, idempotency
from fatrina.domain import errors
from fatrina.domain.idempotency import Slot, StoredRequest, StoredResponse
from fatrina.domain.types import Millis

T = TypeVar("T")


class DatabaseAndClock(Protocol):
    """The part of `Services` that this module uses; `Services` contains a recorder."""

    @property
    def database(self) -> Database:
        """The database of the service."""

    @property
    def clock(self) -> Callable[[], Millis]:
        """The current time."""


class Recorder(Protocol):
    """Records the result of an action as the last step of its transaction."""

    def record(self, tx: Connection, result: T) -> T:
        """Record the result as part of transaction `tx`, and return it."""


class NullRecorder:
    """Records nothing: the request has no key."""

    def record(self, tx: Connection, result: T) -> T:  # noqa: ARG002
        """Return the result."""
        return result


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with a key, and for how long its response is kept."""

    slot: Slot
    fingerprint: str
    retention_ms: Millis

    def store(self, tx: Connection, response: StoredResponse, now: Millis) -> None:
        """Store the response as part of transaction `tx`.

        Raises:
            errors.IdempotencyRunning: another request with this key was committed meanwhile.
        """
        request = StoredRequest(self.fingerprint, Millis(now + self.retention_ms), response)
        idempotency.add(tx, self.slot, request, now)


@dataclass(frozen=True, slots=True)
class ResponseRecorder:
    """Renders the result of an action as a response, and stores it."""

    request: KeyedRequest
    clock: Callable[[], Millis]
    render: Callable[[Any], StoredResponse]
    """Gets the result of the action."""

    def record(self, tx: Connection, result: T) -> T:
        """Store the response as part of transaction `tx`."""
        self.request.store(tx, self.render(result), self.clock())
        return result


def find(services: DatabaseAndClock, slot: Slot) -> StoredRequest | None:
    """Return the request that was executed with this key, unless it has expired."""
    with services.database.lookup() as conn:
        return idempotency.find(conn, slot, services.clock())


def store_error(
    services: DatabaseAndClock, request: KeyedRequest, response: StoredResponse
) -> None:
    """Store the response of a request that failed and changed nothing.

    A response of a concurrent request with the same key is kept.
    """
    try:
        with services.database.writing() as tx:
            request.store(tx, response, services.clock())
    except errors.IdempotencyRunning:
        return
