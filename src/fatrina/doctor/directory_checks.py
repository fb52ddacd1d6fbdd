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

_AHEAD: Final = 60.0
"""Seconds that a start may be ahead of the clock."""
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"})
_FLEETING: Final = frozenset({"tmpfs", "ramfs", "overlay"})


def examine(report: Report, settings: Settings, *, deep: bool = False) -> None:
    """Look into the folder; one that is not there is not made."""
    path = settings.data
    if not path.is_dir():
        _missing(report, path)
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        seen = f"cannot be written by user {os.geteuid()}"
        report.fail("folder", seen, f"Run as its owner, or chown it: {path}")
        return
    report.ok("folder", "can be read and written")
    _modes(report, path)
    _space(report, settings)
    _file_system(report, path)
    try:
        with lock_data_directory(path) as folder:
            pass  # a server may start while the rest is examined
        _holder(report, folder)
        database_checks.examine(report, replace(folder, is_owner=False), deep=deep)
    except OSError as exc:
        report.fail("lock", f"cannot be taken: {exc}", f"Look at {path / 'lock'}.")


def _modes(report: Report, path: Path) -> None:
    """Whether every user may add files to the folder or to those in it."""
    for each in (path, *sorted(path.iterdir())):
        mode = each.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IWOTH:
            name = "it" if each == path else f"{each.name}/"
            seen = f"every user may write to {name} ({stat.S_IMODE(mode):o})"
            report.fail("folder mode", seen, f"Anyone can put files there: chmod o-w {each}")


def _missing(report: Report, path: Path) -> None:
    if path.exists():
        report.fail("folder", "is a file", "Name a folder by --data or FATRINA_DATA.")
        return
    above = next(each for each in path.absolute().parents if each.exists())
    if os.access(above, os.W_OK | os.X_OK):
        report.warn("folder", "is not there yet", "fatrina serve makes it.")
    else:
        seen = f"is not there, and {above} cannot be written by user {os.geteuid()}"
        report.fail("folder", seen, "Make it and chown it, or name another by --data.")


def _space(report: Report, settings: Settings) -> None:
    free = shutil.disk_usage(settings.data).free
    seen = f"{free / 1e9:,.1f} GB free"
    if free < 2 * settings.photo_bytes:
        report.fail("space", seen, "There is no room for one photo: make some.")
    elif free < settings.incoming_bytes:
        advice = "Less than uploads under way may take (FATRINA_INCOMING_BYTES): make room."
        report.warn("space", seen, advice)
    else:
        report.ok("space", seen)


def _file_system(report: Report, path: Path) -> None:
    kind = _kind(path)
    if kind in _REMOTE:
        advice = "SQLite's log does not work there: use a local disk."
        report.fail("file system", f"{kind}, over a network", advice)
        return
    try:
        _write_probe(path)
    except OSError as exc:
        report.fail("file system", f"{kind}: {exc}", "It must take fsync of folders: use another.")
        return
    if kind in _FLEETING:
        seen = f"{kind}: what is put there may be gone after a restart"
        report.warn("file system", seen, "Use a disk for anything worth keeping.")
    else:
        report.ok("file system", f"{kind}: files can be flushed, renamed, and flushed by name")


def _write_probe(path: Path) -> None:
    """Do what storing does: write, flush, rename, flush the folder."""
    with TemporaryDirectory(prefix=".doctor-", dir=path) as name:
        folder = Path(name)
        with (folder / "before").open("wb") as file:
            file.write(b"?")
            file.flush()
            os.fsync(file.fileno())
        (folder / "before").rename(folder / "after")
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _kind(path: Path) -> str:
    """The type of the file system that holds `path`: its longest mount point (proc(5))."""
    path = path.resolve()
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mounts[Path(left.split()[4].replace("\\040", " "))] = right.split()[0]
    return next((mounts[each] for each in (path, *path.parents) if each in mounts), "unknown")


def _holder(report: Report, folder: DataDirectory) -> None:
    if folder.is_owner:
        report.ok("server", "none runs on it")
    else:
        since = datetime.fromtimestamp(folder.since, UTC)
        seen = f"{folder.owner} uses it, since {since.isoformat(timespec='seconds')}"
        if folder.since > time.time() + _AHEAD:
            report.warn("server", f"{seen}: in the future", "Check the clock, then restart it.")
        elif not folder.since:
            advice = "The file `lock` was deleted or damaged: restart the server to write it again."
            report.warn("server", f"{folder.owner} uses it", advice)
        else:
            report.ok("server", seen)
