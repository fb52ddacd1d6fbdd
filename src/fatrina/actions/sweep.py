"""Delete what nothing refers to any more: bytes kept long enough, and the litter of crashes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fatrina.adapters.database import Database, apps, deliveries, versions
from fatrina.adapters.storage import Listed, Storage
from fatrina.domain.renditions import handle_of

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found, and deleted unless it only looked."""

    versions: int
    """Replaced or removed pictures whose time of keeping is over."""
    files: int
    """Stored files that no version owns: left by a crash."""


@dataclass(frozen=True, slots=True)
class Broom:
    """A sweep over one database and its storage."""

    database: Database
    storage: Storage
    dry_run: bool = False
    seen: Callable[[int], None] = lambda _: None
    """Told of progress: how many more files were looked at."""

    def sweep(self, now: int, keep: int, settled: float) -> Swept:
        """Purge versions retired over `keep` milliseconds ago, then delete the litter.

        A file is litter when no version owns it and it came into being before `settled` (seconds
        since the epoch): a younger one may belong to an update that is about to commit.
        """
        if not self.dry_run:
            self.database.settle()
        return Swept(self._purge(now, now - keep), self._tidy(settled))

    def _purge(self, now: int, before: int) -> int:
        """Rows first, bytes second: a crash in between leaves litter, never a row without bytes."""
        if self.dry_run:
            with self.database.reading() as look:
                return versions.count_retired(look, before)
        with self.database.writing() as tx:
            deliveries.forget(tx, before)
            apps.forget(tx, before)
        count = 0
        while True:
            with self.database.writing() as tx:
                batch = versions.retired(tx, before, _BATCH)
                versions.purge(tx, (each.id for each in batch), now)
            self.storage.delete(key for each in batch for key in each.original.keys().values())
            count += len(batch)
            if len(batch) < _BATCH:
                return count

    def _tidy(self, settled: float) -> int:
        # Listed first and looked up after: what was committed in between is found to be owned.
        count = 0
        for batch in _batches(self.storage.list()):
            old = [listed.key for listed in batch if listed.changed < settled]
            with self.database.reading() as look:
                owners = versions.with_bytes(look, {handle_of(key) for key in old})
            owned = {key for original in owners for key in original.keys().values()}
            litter = [key for key in old if key not in owned]
            if not self.dry_run:
                self.storage.delete(litter)
            count += len(litter)
            self.seen(len(batch))
        return count


def _batches(listed: Iterable[Listed]) -> Iterator[list[Listed]]:
    rows = iter(listed)
    while batch := list(islice(rows, _BATCH)):
        yield batch
