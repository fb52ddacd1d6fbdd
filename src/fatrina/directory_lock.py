"""The lock on a data directory: one process owns it, and others learn which one it is."""

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
"""The file that describes the owner. It locks nothing: deleting it changes nothing."""
_SERVER_COMMANDS: Final = ("fatrina serve", "fatrina demo")
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds the lock."""

    pid: int = 0
    command: str = "another process"
    since: float = 0.0
    """When it took the lock, in seconds since the epoch; 0 when that is not known."""

    @property
    def is_server(self) -> bool:
        """Whether it is a server, which does not end by itself."""
        return self.command in _SERVER_COMMANDS

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})" if self.pid else self.command


@contextmanager
def lock_directory(path: Path, timeout: float = 0.0) -> Iterator[tuple[bool, Owner]]:
    """Lock a directory; yield whether this process owns it now, and who does.

    The lock is on the directory itself, so it ends with the process and cannot be deleted. For
    `patience` seconds it waits for an owner that is no server.

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
        with suppress(OSError):  # a full disk: the note only helps people
            (path / _OWNER_FILE).write_text(json.dumps(asdict(owner)))
        yield True, owner
    finally:
        os.close(descriptor)


def _try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock; None while another process holds it.

    The path is opened at each try, because it can be given to another directory meanwhile: a
    lock on the one that was moved away protects nothing.
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
    """The name of this process's command, without its arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].isidentifier() else ""
    return f"fatrina {name}".strip()
