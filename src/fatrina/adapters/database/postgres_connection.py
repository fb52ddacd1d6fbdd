"""A PostgreSQL connection whose waits for the server are limited in time."""

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

    @classmethod
    def open(cls, address: str) -> Self:
        """Connect to `address`, a libpq connection URI or string.

        BEGIN is sent by the caller, together with its settings. Statements are not prepared:
        PgBouncer before 1.22 does not support it in transaction mode. Among several hosts, the
        one that accepts writes is chosen.
        """
        return cls.connect(complete_address(address), autocommit=True, prepare_threshold=None)


def complete_address(address: str) -> str:
    """Return a connection string with this service's defaults for what `address` omits.

    Raises:
        psycopg.ProgrammingError: the address is invalid.
    """
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "target_session_attrs": "read-write",
        "fallback_application_name": "fatrina",
    }
    return make_conninfo(**(defaults | conninfo_to_dict(address)))
