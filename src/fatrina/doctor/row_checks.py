"""Checks of the rows: references between them, and timestamps."""

import time
from typing import Final

from fatrina.adapters.database import Database, inspection, timestamps
from fatrina.doctor.report import Report
from fatrina.domain.durations import HOUR, MINUTE

_MAX_AHEAD_MILLIS: Final = MINUTE
"""How far a timestamp may be ahead of the clock."""


def check_rows(report: Report, database: Database) -> None:
    """Check references between rows, and that no timestamp is in the future."""
    with database.reading() as conn:
        orphans = inspection.list_orphaned_rows(conn)
        newest = timestamps.newest_timestamp(conn)
    if orphans:
        tables = ", ".join(sorted(set(orphans)))
        finding = f"{len(orphans)} refer to missing rows: {tables}"
        report.fail(
            "rows", finding, "Restore the database from the backup: see docs/operations.md."
        )
    else:
        report.ok("rows", "all references are valid")
    ahead = newest - time.time_ns() // 1_000_000
    if ahead > _MAX_AHEAD_MILLIS:
        difference = f"{ahead / HOUR:,.1f} hours" if ahead > HOUR else f"{ahead // MINUTE} minutes"
        finding = f"the newest row is {difference} ahead of the clock"
        report.warn("clock", finding, "Check this machine's clock: timedatectl status")
    else:
        report.ok("clock", "no timestamp is in the future")
