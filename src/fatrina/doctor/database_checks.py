"""Checks of the database and the storage, and whether they are consistent."""

import stat
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from fatrina.adapters.database import Database, inspection, migrations, versions
from fatrina.adapters.database.schema import REVISION
from fatrina.data_directory import DataDirectory, NotReadyError
from fatrina.doctor import bucket_checks, file_checks, row_checks, server_checks, webhook_checks
from fatrina.doctor.report import Report
from fatrina.domain import errors

_RESTORE_ADVICE: Final = "Restore it from the backup: see docs/operations.md."
_SERVER_ADVICE: Final = "Check the server and FATRINA_DATABASE: see docs/nodes.md."


def check_database(report: Report, directory: DataDirectory, *, deep: bool = False) -> None:
    """Check the database and the stored files; create neither.

    The sizes of all files are checked, and the first bytes of the newest; with `deep`, every file
    is decoded completely.
    """
    path = directory.path / "fatrina.sqlite3"
    if not directory.settings.database and not path.exists():
        if any((directory.path / "media").glob("*/*/*")):
            report.fail("database", "is missing, but image files are stored", _RESTORE_ADVICE)
        else:
            report.warn("database", "does not exist yet", "fatrina serve creates it.")
        return
    try:
        with directory.open_database(migrate=False) as database:
            if directory.settings.database:
                server_checks.check_server(report, database)
            else:
                _check_mode(report, path)
            if _check_integrity(report, database):
                webhook_checks.check_webhooks(report, database)
                row_checks.check_rows(report, database)
                _check_storage(report, directory, database, deep=deep)
    except NotReadyError as exc:
        report.fail("database", "cannot be opened", str(exc))
    except errors.ServiceError as exc:
        cause = getattr(exc.__cause__, "orig", exc.__cause__)
        advice = _SERVER_ADVICE if directory.settings.database else _RESTORE_ADVICE
        report.fail("database", f"cannot be used: {cause or exc.reason}", advice)


def _check_mode(report: Report, path: Path) -> None:
    """Warn if users outside the owner's group can open the database."""
    mode = path.stat().st_mode
    if mode & stat.S_IRWXO:
        finding = f"can be opened by every user ({stat.S_IMODE(mode):o})"
        report.warn("database", finding, f"It contains webhook secrets: chmod 600 {path}")


def _check_integrity(report: Report, database: Database) -> bool:
    with database.reading() as conn:
        if (damage := inspection.find_damage(conn)) is not None:
            report.fail("database", f"is damaged: {damage}", _RESTORE_ADVICE)
            return False
        if not _check_revision(report, conn):
            return False
        rows = inspection.count_rows(conn)
    database.check_writable()
    counts = f"merchants {rows.merchants}, products {rows.products}, images {rows.images}"
    report.ok("database", counts)
    return True


def _check_revision(report: Report, conn: Connection) -> bool:
    revision = migrations.read_revision(conn)
    if revision == REVISION:
        report.ok("tables", f"up to date ({revision})")
        return True
    finding = f"have revision {revision or 'none'}; this version of Fatrina needs {REVISION}"
    report.fail("tables", finding, "Start fatrina serve once: it migrates older tables.")
    return False


def _check_storage(
    report: Report, directory: DataDirectory, database: Database, *, deep: bool
) -> None:
    if directory.settings.bucket:
        if (bucket := bucket_checks.check_bucket(report, directory)) is not None:
            file_checks.check_files(report, database, bucket, deep=deep)
        return
    if not (directory.path / "media").is_dir():
        with database.reading() as conn:
            named = versions.count_unpurged(conn) > 0
        if named:
            report.fail(
                "storage", "media/ is missing, but the database has images", _RESTORE_ADVICE
            )
        else:
            report.warn("storage", "does not exist yet", "fatrina serve creates it.")
        return
    storage = directory.storage()
    try:
        storage.check_writable()
    except OSError as exc:
        report.fail("storage", f"cannot be written: {exc}", "Check the owner and mode of media/.")
        return
    report.ok("storage", "is writable")
    file_checks.check_files(report, database, storage, deep=deep)
