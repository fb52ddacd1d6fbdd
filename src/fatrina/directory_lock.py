"""Lock on a data directory: one process owns it, and others can find out which."""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_OWNER_FILE: Final = "lock"
"""Name of the file that describes the owner. Deleting it does not release the lock."""
_SERVER_COMMANDS: Final = ("fatrina serve", "fatrina demo")
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds the lock."""

    pid: int = 0
    command: str = "another process"
    since: float = 0.0
    """When it acquired the lock, in seconds since the epoch; 0 if unknown."""

    @property
    def is_server(self) -> bool:
        """True for a server, which runs until it is stopped."""
        return self.command in _SERVER_COMMANDS

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})" if self.pid else self.command


@contextmanager
def lock_directory(path: Path, timeout: float = 0.0) -> Iterator[tuple[bool, Owner]]:
    """Lock a directory; yield whether this process owns it, and the owner.

    The lock is on the directory itself, so it is released when the process ends and cannot be
    deleted. Wait up to `timeout` seconds for an owner that is not a server.

    Raises:
        OSError: the directory cannot be opened.
    """
    deadline = time.monotonic() + timeout
    while (descriptor := _try_lock(path)) is None:
        owner = _read_owner(path)
        if owner.is_server or time.monotonic() >= deadline:
            yield False, owner
            return
        time.sleep(_POLL_SECONDS)
    try:
        owner = Owner(os.getpid(), _command_name(), time.time())
        with suppress(OSError):  # disk full: the file is only information
            (path / _OWNER_FILE).write_text(json.dumps(asdict(owner)))
        yield True, owner
    finally:
        os.close(descriptor)


def _try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock; None while another process holds it.

    The path is opened at each attempt, because the directory may have been moved and replaced in
    the meantime: a lock on the old directory does not protect the new one.
    """
    with ExitStack() as on_failure:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        on_failure.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            return None
        on_failure.pop_all()
    return descriptor


def _read_owner(path: Path) -> Owner:
    try:
        match json.loads((path / _OWNER_FILE).read_bytes()):
            case {"pid": int(pid), "command": str(command), "since": float(since)}:
                return Owner(pid, command, since)
    except (OSError, ValueError):
        pass
    return Owner()


def _command_name() -> str:
    """Return the name of this process's command, without its arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].isidentifier() else ""
    return f"fatrina {name}".strip()
