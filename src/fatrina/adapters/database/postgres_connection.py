"""A PostgreSQL connection whose waits for the server are limited in time."""

import select
from collections.abc import Generator
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

T = TypeVar("T")
CONNECT_SECONDS: Final = 2
_CHECK_INTERVAL_SECONDS: Final = 0.1


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that closes itself when the server does not respond in time.

    The server's own timeouts do not help when the network or the server's machine stalls: without
    this limit, a thread would wait until the operating system gives up, after minutes.
    """

    seconds: float | None = None
    """Limit on the wait for one response; None for no limit."""

    def wait(
        self,
        gen: Generator[Any, Any, T],
        interval: float = _CHECK_INTERVAL_SECONDS,
        timeout: float | None = None,
    ) -> T:
        """Wait for the result of one exchange with the server.

        Raises:
            psycopg.OperationalError: also if the server did not respond in time.
        """
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.OperationalError as exc:
            if exc.sqlstate is None:  # raised by the client: the state of the session is unknown
                self.pgconn.finish()
            raise

    def has_ended(self) -> bool:
        """Return whether an idle connection was closed by the server or the network.

        The server sends nothing to an idle session unless it ends it. This needs no round trip.
        """
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))

    @classmethod
    def open(cls, address: str) -> Self:
        """Connect to `address`, as returned by `complete_address`.

        BEGIN is sent by the caller, together with its settings. Statements are not prepared:
        PgBouncer before 1.22 does not support it in transaction mode. Among several hosts, the
        one that accepts writes is chosen.
        """
        return cls.connect(address, autocommit=True, prepare_threshold=None)


def complete_address(address: str) -> str:
    """Return a connection string with this service's defaults for what `address` omits.

    Raises:
        ValueError: the address is invalid.
    """
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "target_session_attrs": "read-write",
        "fallback_application_name": "fatrina",
    }
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError as exc:
        raise ValueError(str(exc)) from None
    return make_conninfo(**(defaults | given))
