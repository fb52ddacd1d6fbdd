"""Classification of PostgreSQL's errors: internal, full, busy, or unavailable."""

from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fatrina.domain import errors
from fatrina.domain.errors import ServiceError

_RETRY_SECONDS: Final = 1
_DISK_FULL: Final = frozenset({"53100"})
# Serialization failure, deadlock, lock timeout.
_BUSY: Final = frozenset({"40001", "40P01", "55P03"})
# Insufficient privilege, undefined schema or table: faults of the installation.
_INSTALLATION: Final = frozenset({"42501", "3F000", "42P01"})
READ_ONLY: Final = "25006"
# Statements or values that no database accepts: bugs in this program; a retry cannot succeed.
_PROGRAM_ERRORS: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.NotSupportedError,
    psycopg.ProgrammingError,
)


def sqlstate(exc: DBAPIError | PoolTimeoutError) -> str | None:
    """Return the SQLSTATE of an error; None if the server did not send one."""
    original = getattr(exc, "orig", None)
    return original.sqlstate if isinstance(original, psycopg.Error) else None


def classify(exc: DBAPIError | PoolTimeoutError) -> ServiceError | None:
    """Return the error that clients see; None for a bug in this program."""
    code = sqlstate(exc)
    if isinstance(exc, DBAPIError) and exc.connection_invalidated:
        lost = errors.DatabaseUnavailable()
        lost.connection_lost = True
        return lost
    if code in _DISK_FULL:
        return errors.StorageFull()
    original = getattr(exc, "orig", None)
    if code in _BUSY or _is_id_taken(original):
        return errors.DatabaseBusy(retry=_RETRY_SECONDS)
    if code not in _INSTALLATION and isinstance(original, _PROGRAM_ERRORS):
        return None
    return errors.DatabaseUnavailable()


def _is_id_taken(original: object) -> bool:
    """Return whether two transactions drew the same random id; a repetition draws another."""
    return isinstance(original, psycopg.errors.UniqueViolation) and (
        original.diag.constraint_name or ""
    ).startswith("pk_")
