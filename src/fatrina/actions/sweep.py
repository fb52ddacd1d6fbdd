"""Delete the files of versions retired long enough ago, and files that a crash left behind."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fatrina.adapters.database import Database, apps, deliveries, idempotency, timestamps, versions
from fatrina.adapters.housekeeping import Housekeeping, Lease
from fatrina.adapters.storage import Storage, StoredFile
from fatrina.domain import errors
from fatrina.domain.durations import DAY
from fatrina.domain.renditions import handle_from_key
from fatrina.domain.types import Millis

_BATCH_SIZE: Final = 500
_LOCK_TIMEOUT_SECONDS: Final = 2.0
"""Maximum time that updates wait while a batch of files is checked."""
_ATTEMPTS: Final = 5
_MAX_GAP_MS: Final = 8 * DAY
"""If nothing was recorded for longer than this, the clock may be wrong."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The numbers of versions and files that a sweep deleted, or would delete in a dry run."""

    versions: int
    """Retired versions whose retention period is over."""
    files: int
    """Orphans: stored files that no version owns, left by a crash."""
    skipped: int = 0
    """Stored files that could not be checked, because updates never paused."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Sweeps one database and its storage."""

    database: Database
    storage: Storage
    housekeeping: Housekeeping
    dry_run: bool = False
    progress: Callable[[int], None] = lambda _: None
    """Called with the number of files checked since the last call."""
    trust_clock: bool = False
    """Purge even if nothing was recorded in the last eight days."""

    def sweep(self, now: Millis, keep: Millis) -> SweepResult:
        """Purge versions retired more than `keep` milliseconds ago, then delete orphaned files.

        A file is an orphan if no version owns it at a moment at which no update is between storing
        its files and its commit (`Storage.exclusive`), or a day after it was stored by the clock
        of a bucket (`Storage.settled_before`). This does not depend on the clock of this machine.

        Raises:
            errors.HousekeepingBusy: a seed, a restore, a reset or another sweep is running.
            OSError: the storage does not respond.
            errors.ClockUncertain: versions are due, but in the last eight days no row was written
                and no sweep ran. The clock may be far ahead.
        """
        with self.housekeeping.exclusive("sweep") as lease:
            self._check_clock(now, Millis(now - keep))
            if not self.dry_run:
                self.database.overwrite_failed_commit()
            purged = self._purge(now, Millis(now - keep), lease)
            files, skipped = self._delete_orphans(lease)
            return SweepResult(purged, files, skipped)

    def _check_clock(self, now: Millis, before: Millis) -> None:
        gap = now - self.housekeeping.last_sweep()
        if gap > _MAX_GAP_MS and not self.trust_clock:
            with self.database.reading() as conn:
                gap = min(gap, now - timestamps.newest_timestamp(conn))
                due = versions.count_due(conn, before) if gap > _MAX_GAP_MS else 0
            if due:
                raise errors.ClockUncertain(count=due, days=gap // DAY)
        if not self.dry_run and (gap <= _MAX_GAP_MS or self.trust_clock):
            self.housekeeping.record_sweep(now)

    def _purge(self, now: Millis, before: Millis, lease: Lease) -> int:
        """Purge rows, then delete their files; return the number of versions.

        A crash in between leaves orphaned files, never a row without its files.
        """
        if self.dry_run:
            with self.database.reading() as conn:
                return versions.count_due(conn, before)
        with self.database.writing(bulk=True) as tx:
            deliveries.delete_finished(tx, before)
            apps.delete_expired(tx, before)
            idempotency.delete_expired(tx, now)
        count = 0
        while True:
            lease.check_held()
            with self.database.writing() as tx:
                batch = versions.list_due(tx, before, _BATCH_SIZE)
                purged = versions.purge(tx, batch, before, now)
            self.storage.delete(key for each in purged for key in each.keys().values())
            count += len(purged)
            if not batch:
                return count

    def _delete_orphans(self, lease: Lease) -> tuple[int, int]:
        """Delete orphaned files; return the numbers of deleted and of unchecked files."""
        count = 0
        before = self.storage.settled_before()
        settled = (each for each in self.storage.list() if each.changed_at < before)
        pending = [[each.key for each in batch] for batch in _batches(settled)]
        for _ in range(_ATTEMPTS):
            unchecked: list[list[str]] = []
            for batch in pending:
                lease.check_held()
                orphans = self._delete_batch(batch)
                if orphans is None:
                    unchecked.append(batch)
                else:
                    count += len(orphans)
                    self.progress(len(batch))
            pending = unchecked
        return count, sum(map(len, pending))

    def _delete_batch(self, keys: list[str]) -> list[str] | None:
        """Delete the orphans among these files and return their keys; None if updates never paused.

        A dry run deletes nothing.
        """
        with self.storage.exclusive(_LOCK_TIMEOUT_SECONDS) as locked:
            if not locked:
                return None
            with self.database.reading() as conn:
                owners = versions.find_unpurged(conn, {handle_from_key(key) for key in keys})
            owned = {key for original in owners for key in original.keys().values()}
            orphans = [key for key in keys if key not in owned]
            if not self.dry_run:
                self.storage.delete(orphans)
            return orphans


def _batches(files: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    iterator = iter(files)
    while batch := list(islice(iterator, _BATCH_SIZE)):
        yield batch
