"""Commit stored versions exactly once, even if the connection is lost during the commit."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, TypeVar

from sqlalchemy import Connection

from fatrina.actions import Services, storing
from fatrina.adapters.database import Database
from fatrina.domain import errors
from fatrina.domain.version import Version

T = TypeVar("T")
_ROLLED_BACK: Final = (
    errors.NotFound,
    errors.ValidationFailed,
    errors.InvalidToken,
    errors.PreconditionFailed,
    errors.StorageFull,
    errors.IdempotencyRunning,
)
"""Errors after which the transaction has certainly been rolled back."""


def commit(
    services: Services,
    run: Callable[[Connection], T],
    find_committed: Callable[[Connection], T | None] | None = None,
    versions: Collection[Version] = (),
) -> T:
    """Call `run` in one transaction, which makes `versions` current; record and return its result.

    The files of `versions` are deleted at once if a rule rejects the change or the disk is full.

    If the connection is lost, `run_once` looks for the result with `find_committed`. From then on
    no files are deleted here, because rows may refer to them; the sweep decides.
    """

    def cleanup() -> AbstractContextManager[None]:
        return cleanup_on_error(services, versions, *_ROLLED_BACK)

    def run_recorded(tx: Connection) -> T:
        return services.recorder.record(tx, run(tx))

    with services.clock.stage("commit"):
        return run_once(services.database, run_recorded, find_committed, cleanup)


def run_once(
    database: Database,
    run: Callable[[Connection], T],
    find_committed: Callable[[Connection], T | None] | None,
    first: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> T:
    """Call `run` in one transaction and return its result; `first` surrounds it.

    If the connection is lost, the commit may have succeeded. If `find_committed` is given, a
    second transaction calls it: it returns the committed result that it finds, or None, after
    which `run` is called again. To find it, `find_committed` must first take the lock that `run`
    takes: that lock is granted only when the lost transaction has ended.
    """
    try:
        with first(), database.writing() as tx:
            return run(tx)
    except errors.DatabaseUnavailable as exc:
        if find_committed is None or not exc.connection_lost:
            raise
    with database.writing() as tx:
        found = find_committed(tx)
        return run(tx) if found is None else found


@contextmanager
def cleanup_on_error(
    services: Services, versions: Iterable[Version], *rolled_back: type[BaseException]
) -> Iterator[None]:
    """Delete the files of `versions` after an error of the `rolled_back` types.

    After these no row can refer to the files. After any other database error the commit may have
    succeeded: the sweep decides.
    """
    try:
        yield
    except rolled_back:
        for version in versions:
            storing.discard(services, version.original)
        raise
