"""The data folder: whether it is there, holds what it must, and keeps what is put there."""

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
"""Seconds that a start may be ahead of the clock."""
_NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"}
)
_TEMPORARY_FILE_SYSTEMS: Final = frozenset({"tmpfs", "ramfs", "overlay"})


def check_directory(report: Report, settings: Settings, *, deep: bool = False) -> None:
    """Look into the folder; one that is not there is not made."""
    path = settings.data
    if not path.is_dir():
        _report_missing(report, path)
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        finding = f"cannot be written by user {os.geteuid()}"
        report.fail("folder", finding, f"Run as its owner, or chown it: {path}")
        return
    report.ok("folder", "can be read and written")
    _check_modes(report, path)
    _check_space(report, settings)
    _check_file_system(report, path)
    try:
        with lock_data_directory(path) as directory:
            pass  # a server may start while the rest is examined
        _report_owner(report, directory)
        database_checks.check_database(report, replace(directory, is_owner=False), deep=deep)
    except OSError as exc:
        report.fail("lock", f"cannot be taken: {exc}", f"Look at {path / 'lock'}.")


def _check_modes(report: Report, path: Path) -> None:
    """Whether every user may add files to the folder or to those in it."""
    for entry in (path, *sorted(path.iterdir())):
        mode = entry.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IWOTH:
            name = "it" if entry == path else f"{entry.name}/"
            finding = f"every user may write to {name} ({stat.S_IMODE(mode):o})"
            report.fail("folder mode", finding, f"Anyone can put files there: chmod o-w {entry}")


def _report_missing(report: Report, path: Path) -> None:
    if path.exists():
        report.fail("folder", "is a file", "Name a folder by --data or FATRINA_DATA.")
        return
    parent = next(each for each in path.absolute().parents if each.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        report.warn("folder", "is not there yet", "fatrina serve makes it.")
    else:
        finding = f"is not there, and {parent} cannot be written by user {os.geteuid()}"
        report.fail("folder", finding, "Make it and chown it, or name another by --data.")


def _check_space(report: Report, settings: Settings) -> None:
    free = shutil.disk_usage(settings.data).free
    finding = f"{free / 1e9:,.1f} GB free"
    if free < 2 * settings.photo_bytes:
        report.fail("space", finding, "There is no room for one photo: make some.")
    elif free < settings.incoming_bytes:
        advice = "Less than uploads under way may take (FATRINA_INCOMING_BYTES): make room."
        report.warn("space", finding, advice)
    else:
        report.ok("space", finding)


def _check_file_system(report: Report, path: Path) -> None:
    file_system = _file_system_type(path)
    if file_system in _NETWORK_FILE_SYSTEMS:
        advice = "SQLite's log does not work there: use a local disk."
        report.fail("file system", f"{file_system}, over a network", advice)
        return
    try:
        _write_probe(path)
    except OSError as exc:
        report.fail(
            "file system", f"{file_system}: {exc}", "It must take fsync of folders: use another."
        )
        return
    if file_system in _TEMPORARY_FILE_SYSTEMS:
        finding = f"{file_system}: what is put there may be gone after a restart"
        report.warn("file system", finding, "Use a disk for anything worth keeping.")
    else:
        report.ok(
            "file system", f"{file_system}: files can be flushed, renamed, and flushed by name"
        )


def _write_probe(path: Path) -> None:
    """Do what storing does: write, flush, rename, flush the folder."""
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
    """The type of the file system that holds `path`: its longest mount point (proc(5))."""
    path = path.resolve()
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mounts[Path(left.split()[4].replace("\\040", " "))] = right.split()[0]
    return next((mounts[each] for each in (path, *path.parents) if each in mounts), "unknown")


def _report_owner(report: Report, directory: DataDirectory) -> None:
    if directory.is_owner:
        report.ok("server", "none runs on it")
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
