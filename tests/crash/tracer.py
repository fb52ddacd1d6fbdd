"""Run a function in a child process and kill it, or inject an error, at its Nth disk change.

ptrace reports every system call, including those of SQLite, so that none is missed. The register
layout and the system call numbers are those of x86-64.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

Report = Callable[[str], None]
"""Sends a line from the child to the parent."""

CHANGES: Final = {
    1: "write",
    2: "open",
    18: "pwrite",
    20: "writev",
    74: "fsync",
    75: "fdatasync",
    76: "truncate",
    77: "ftruncate",
    82: "rename",
    83: "mkdir",
    84: "rmdir",
    86: "link",
    87: "unlink",
    257: "open",
    258: "mkdir",
    263: "unlink",
    264: "rename",
    265: "link",
    285: "fallocate",
    296: "pwritev",
    316: "rename",
}
_OPEN: Final = 2
_OPENAT: Final = 257
_TRACEME, _GETREGS, _SETREGS, _DETACH, _SYSCALL, _SETOPTIONS = 0, 12, 13, 17, 24, 0x4200
_OPTIONS: Final = 1 | 0x100000  # mark system call stops; kill the child when the tracer exits
_CALL_STOP: Final = signal.SIGTRAP | 0x80
_RAX, _RDX, _RSI, _RDI, _NUMBER = 10, 12, 13, 14, 15
_REGISTERS: Final = 27

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class Outcome(NamedTuple):
    """The result of one run of the child."""

    steps: int
    """The number of disk changes, including the one that it was stopped at."""
    stopped: str
    """The name of the system call that it was stopped at; empty if the child ended before."""
    reports: list[str]
    """The lines that it sent before."""


def run(prepare: Callable[[], Callable[[Report], None]], at: int, error: int = 0) -> Outcome:
    """Fork, call `prepare` untraced, run the function it returns and stop it at change `at`.

    Without `error` the child is killed before the change. With an errno, the change fails with it
    once, and the child continues.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _run_child(prepare, writer)
    os.close(writer)
    try:
        steps, stopped = _watch(child, at, error, writer)
        with open(reader, encoding="utf-8", closefd=False) as reports:
            return Outcome(steps, stopped, reports.read().splitlines())
    finally:
        os.close(reader)


def _run_child(prepare: Callable[[], Callable[[Report], None]], writer: int) -> None:
    code = 1
    try:
        body = prepare()
        _trace(_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        body(lambda line: (os.write(writer, f"{line}\n".encode()), None)[1])
        code = 0
    except BaseException as exc:  # noqa: BLE001  reported: it must not reach the parent's frames
        with suppress(OSError):
            os.write(writer, f"broken {exc!r}\n".encode())
    finally:
        os._exit(code)


def _watch(child: int, at: int, error: int, writer: int) -> tuple[int, str]:
    _wait(child)
    _trace(_SETOPTIONS, child, data=_OPTIONS)
    steps, stopped, entering, forward = 0, "", True, 0
    while True:
        _trace(_SYSCALL, child, data=forward)
        status = _wait(child)
        if not os.WIFSTOPPED(status):
            return steps, stopped
        forward = 0
        if os.WSTOPSIG(status) != _CALL_STOP:
            forward = os.WSTOPSIG(status)
            continue
        if entering and (name := _get_change(child, writer)):
            steps += 1
            if steps == at:
                stopped = name
                _stop(child, error)
                return steps, stopped
        entering = not entering


def _get_change(child: int, writer: int) -> str:
    """Return the name of the disk change that the child is about to make; empty for other calls."""
    registers = _registers(child)
    number = registers[_NUMBER]
    flags = {_OPEN: registers[_RSI], _OPENAT: registers[_RDX]}.get(number)
    if flags is not None and not flags & (os.O_CREAT | os.O_TRUNC):
        return ""
    if number == 1 and registers[_RDI] == writer:
        return ""
    return CHANGES.get(number, "")


def _stop(child: int, error: int) -> None:
    """Kill the child before its change, or make the change fail and detach."""
    if error:
        _fail(child, error)
    else:
        os.kill(child, signal.SIGKILL)
    _wait(child)


def _fail(child: int, error: int) -> None:
    registers = _registers(child)
    registers[_NUMBER] = ctypes.c_ulonglong(-1).value
    _trace(_SETREGS, child, data=ctypes.addressof(registers))
    _trace(_SYSCALL, child)
    _wait(child)
    registers = _registers(child)
    registers[_RAX] = ctypes.c_ulonglong(-error).value
    _trace(_SETREGS, child, data=ctypes.addressof(registers))
    _trace(_DETACH, child)


def _registers(child: int) -> "ctypes.Array[ctypes.c_ulonglong]":
    registers = (ctypes.c_ulonglong * _REGISTERS)()
    _trace(_GETREGS, child, data=ctypes.addressof(registers))
    return registers


def _trace(request: int, child: int, data: int = 0) -> None:
    if _libc.ptrace(request, child, None, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _wait(child: int) -> int:
    return os.waitpid(child, 0)[1]
