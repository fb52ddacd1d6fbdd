"""Checks of the data directory: permissions, free space, file system, lock."""

import os
import shutil
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fatrina.data_directory import DataDirectory, lock_data_directory
from fatrina.doctor import database_checks
from fatrina.doctor.report import Report
from fatrina.settings import Settings

_MAX_AHEAD_SECONDS: Final = 60.0
"""How far the start of a server may be ahead of the clock."""
_NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"}
)
_TEMPORARY_FILE_SYSTEMS: Final = frozenset({"tmpfs", "ramfs", "overlay"})


def check_directory(report: Report, settings: Settings, *, deep: bool = False) -> None:
    """Check the data directory; do not create it if it is missing."""
    path = settings.data
    if not path.is_dir():
        _report_missing(report, path)
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        finding = f"cannot be written by user {os.geteuid()}"
        report.fail("directory", finding, f"Run as its owner, or change its owner: chown {path}")
        return
    report.ok("directory", "is readable and writable")
    _check_modes(report, path)
    _check_space(report, settings)
    _check_file_system(report, path)
    try:
        with lock_data_directory(settings) as directory:
            pass  # released, so that a server can start during the other checks
        _report_owner(report, directory)
        database_checks.check_database(report, replace(directory, is_owner=False), deep=deep)
    except OSError as exc:
        report.fail("lock", f"cannot be acquired: {exc}", f"Check {path / 'lock'}.")


def _check_modes(report: Report, path: Path) -> None:
    """Report the directory or subdirectories to which every user may write."""
    for entry in (path, *sorted(path.iterdir())):
        mode = entry.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IWOTH:
            name = "it" if entry == path else f"{entry.name}/"
            finding = f"every user may write to {name} ({stat.S_IMODE(mode):o})"
            report.fail("mode", finding, f"Anyone can add files: chmod o-w {entry}")


def _report_missing(report: Report, path: Path) -> None:
    if path.exists():
        report.fail("directory", "is a file", "Set --data or FATRINA_DATA to a directory.")
        return
    parent = next(each for each in path.absolute().parents if each.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        report.warn("directory", "does not exist yet", "fatrina serve creates it.")
    else:
        finding = f"does not exist, and {parent} is not writable for user {os.geteuid()}"
        report.fail("directory", finding, "Create it and change its owner, or set --data.")


def _check_space(report: Report, settings: Settings) -> None:
    free = shutil.disk_usage(settings.data).free
    finding = f"{free / 1e9:,.1f} GB free"
    if free < 2 * settings.photo_bytes:
        report.fail("space", finding, "There is no space for a photo: free some.")
    elif free < settings.incoming_bytes:
        advice = "Less than uploads in progress may use (FATRINA_INCOMING_BYTES): free some."
        report.warn("space", finding, advice)
    else:
        report.ok("space", finding)


def _check_file_system(report: Report, path: Path) -> None:
    file_system = _file_system_type(path)
    if file_system in _NETWORK_FILE_SYSTEMS:
        advice = "SQLite's write-ahead log does not work on it: use a local disk."
        report.fail("file system", f"{file_system}, a network file system", advice)
        return
    try:
        _write_probe(path)
    except OSError as exc:
        report.fail(
            "file system",
            f"{file_system}: {exc}",
            "It must support fsync on directories: use another.",
        )
        return
    if file_system in _TEMPORARY_FILE_SYSTEMS:
        finding = f"{file_system}: its files may be lost at a restart"
        report.warn("file system", finding, "Use a disk for data that must be kept.")
    else:
        report.ok("file system", f"{file_system}: files can be flushed and renamed durably")


def _write_probe(path: Path) -> None:
    """Do the same as the storage: write, flush and rename a file, then flush the directory."""
    with TemporaryDirectory(prefix=".doctor-", dir=path) as name:
        directory = Path(name)
        with (directory / "before").open("wb") as file:
            file.write(b"?")
            file.flush()
            os.fsync(file.fileno())
        (directory / "before").rename(directory / "after")
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _file_system_type(path: Path) -> str:
    """Return the type of the file system of `path`, from its longest mount point (proc(5))."""
    path = path.resolve()
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mounts[Path(left.split()[4].replace("\\040", " "))] = right.split()[0]
    return next((mounts[each] for each in (path, *path.parents) if each in mounts), "unknown")


def _report_owner(report: Report, directory: DataDirectory) -> None:
    if directory.is_owner:
        report.ok("server", "none is running")
    else:
        since = datetime.fromtimestamp(directory.since, UTC)
        finding = f"{directory.owner} uses it, since {since.isoformat(timespec='seconds')}"
        if directory.since > time.time() + _MAX_AHEAD_SECONDS:
            report.warn("server", f"{finding}: in the future", "Check the clock, then restart it.")
        elif not directory.since:
            advice = "The file `lock` was deleted or damaged: restart the server to write it again."
            report.warn("server", f"{directory.owner} uses it", advice)
        else:
            report.ok("server", finding)
