"""Delete what nothing refers to any more: bytes kept long enough, and the litter of crashes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fatrina.adapters.database import Database, apps, deliveries, timestamps, versions
from fatrina.adapters.housekeeping import Housekeeping, Lease
from fatrina.adapters.storage import Storage, StoredFile
from fatrina.domain import errors
from fatrina.domain.durations import DAY
from fatrina.domain.renditions import handle_from_key

_BATCH: Final = 500
_PATIENCE: Final = 2.0
"""Seconds that updates are kept waiting for a batch of files to be checked."""
_ATTEMPTS: Final = 5
_GAP: Final = 8 * DAY
"""Milliseconds between the last sign of life and now, beyond which the clock may be wrong."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found, and deleted unless it only looked."""

    versions: int
    """Replaced or removed pictures whose time of keeping is over."""
    files: int
    """Stored files that no version owns: left by a crash."""
    skipped: int = 0
    """Stored files that could not be checked, as updates never paused."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """A sweep over one database and its storage."""

    database: Database
    storage: Storage
    housekeeping: Housekeeping
    dry_run: bool = False
    progress: Callable[[int], None] = lambda _: None
    """Told of progress: how many more files were looked at."""
    trust_clock: bool = False
    """Purge although nothing was recorded in the last eight days."""

    def sweep(self, now: int, keep: int) -> SweepResult:
        """Purge versions retired over `keep` milliseconds ago, then delete the litter.

        A file is litter when no version owns it at a moment at which no update is between storing
        its files and its commit (`Storage.alone`). No clock decides that.

        Raises:
            errors.HousekeepingBusy: seed, restore, reset or another sweep is at work.
            errors.ClockUncertain: pictures are due, but nothing was recorded in the last eight
                days: no row, no sweep. The clock may be far ahead.
        """
        with self.housekeeping.exclusive("sweep") as lease:
            self._check_clock(now, now - keep)
            if not self.dry_run:
                self.database.overwrite_failed_commit()
            purged = self._purge(now, now - keep, lease)
            files, skipped = self._delete_expired_rows(lease)
            return SweepResult(purged, files, skipped)

    def _check_clock(self, now: int, before: int) -> None:
        gap = now - self.housekeeping.last_sweep()
        if gap > _GAP and not self.trust_clock:
            with self.database.reading() as conn:
                gap = min(gap, now - timestamps.newest_timestamp(conn))
                due = versions.count_retired(conn, before) if gap > _GAP else 0
            if due:
                raise errors.ClockUncertain(count=due, days=gap // DAY)
        if not self.dry_run and (gap <= _GAP or self.trust_clock):
            self.housekeeping.record_sweep(now)

    def _purge(self, now: int, before: int, lease: Lease) -> int:
        """Rows first, bytes second: a crash in between leaves litter, never a row without bytes."""
        if self.dry_run:
            with self.database.reading() as conn:
                return versions.count_retired(conn, before)
        with self.database.writing() as tx:
            deliveries.delete_finished(tx, before)
            apps.delete_expired(tx, before)
        count = 0
        while True:
            lease.check_held()
            with self.database.writing() as tx:
                batch = versions.list_retired(tx, before, _BATCH)
                versions.purge(tx, (each.id for each in batch), now)
            self.storage.delete(key for each in batch for key in each.original.keys().values())
            count += len(batch)
            if len(batch) < _BATCH:
                return count

    def _delete_expired_rows(self, lease: Lease) -> tuple[int, int]:
        """Delete the litter; how many files that were, and how many could not be checked."""
        count = 0
        left = [[each.key for each in batch] for batch in _batches(self.storage.list())]
        for _ in range(_ATTEMPTS):
            again: list[list[str]] = []
            for batch in left:
                lease.check_held()
                litter = self._delete_orphans(batch)
                if litter is None:
                    again.append(batch)
                else:
                    count += len(litter)
                    self.progress(len(batch))
            left = again
        return count, sum(map(len, left))

    def _delete_orphans(self, keys: list[str]) -> list[str] | None:
        """What of these files nothing owns, deleted unless it is a dry run; None if unknown."""
        with self.storage.exclusive(_PATIENCE) as alone:
            if not alone:
                return None
            with self.database.reading() as conn:
                owners = versions.find_unpurged(conn, {handle_from_key(key) for key in keys})
            owned = {key for original in owners for key in original.keys().values()}
            litter = [key for key in keys if key not in owned]
            if not self.dry_run:
                self.storage.delete(litter)
            return litter


def _batches(listed: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    rows = iter(listed)
    while batch := list(islice(rows, _BATCH)):
        yield batch
