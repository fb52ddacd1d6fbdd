"""Runs a function in a child and stops it at its N-th change of the disk: killed, or told an error.

The kernel's own tracing shows each system call, SQLite's among them, so none can be forgotten.
The register layout and the numbers are those of x86-64.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

Tell = Callable[[str], None]

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
_OPTIONS: Final = 1 | 0x100000  # mark stops at system calls; kill the child when we end
_CALL_STOP: Final = signal.SIGTRAP | 0x80
_RAX, _RDX, _RSI, _RDI, _NUMBER = 10, 12, 13, 14, 15
_REGISTERS: Final = 27

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class Outcome(NamedTuple):
    """How the child fared."""

    steps: int
    """How many changes it made, the one that it was stopped at included."""
    stopped: str
    """The name of that one; empty when the child came to its end first."""
    told: list[str]
    """What it told before."""


def run(prepare: Callable[[], Callable[[Tell], None]], at: int, fault: int = 0) -> Outcome:
    """Fork, prepare unwatched, then run what that gives and stop it at change number `at`.

    Without `fault` it is killed before the change; with one, the change fails once with this
    errno and the child goes on.
    """
    ear, mouth = os.pipe()
    child = os.fork()
    if not child:
        _be_the_child(prepare, mouth)
    os.close(mouth)
    try:
        steps, stopped = _watch(child, at, fault, mouth)
        with open(ear, encoding="utf-8", closefd=False) as said:
            return Outcome(steps, stopped, said.read().splitlines())
    finally:
        os.close(ear)


def _be_the_child(prepare: Callable[[], Callable[[Tell], None]], mouth: int) -> None:
    code = 1
    try:
        body = prepare()
        _trace(_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        body(lambda words: (os.write(mouth, f"{words}\n".encode()), None)[1])
        code = 0
    except BaseException as exc:  # noqa: BLE001  told, for it must not reach the parent's frames
        with suppress(OSError):
            os.write(mouth, f"broken {exc!r}\n".encode())
    finally:
        os._exit(code)


def _watch(child: int, at: int, fault: int, mouth: int) -> tuple[int, str]:
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
        if entering and (name := _change(child, mouth)):
            steps += 1
            if steps == at:
                stopped = name
                _stop(child, fault)
                return steps, stopped
        entering = not entering


def _change(child: int, mouth: int) -> str:
    """The name of the change that a child is about to make; empty when it is none."""
    registers = _registers(child)
    number = registers[_NUMBER]
    flags = {_OPEN: registers[_RSI], _OPENAT: registers[_RDX]}.get(number)
    if flags is not None and not flags & (os.O_CREAT | os.O_TRUNC):
        return ""
    if number == 1 and registers[_RDI] == mouth:
        return ""
    return CHANGES.get(number, "")


def _stop(child: int, fault: int) -> None:
    """Kill a child that is about to make a change, or let that fail and leave the child alone."""
    if fault:
        _fail(child, fault)
    else:
        os.kill(child, signal.SIGKILL)
    _wait(child)


def _fail(child: int, fault: int) -> None:
    registers = _registers(child)
    registers[_NUMBER] = ctypes.c_ulonglong(-1).value
    _trace(_SETREGS, child, data=ctypes.addressof(registers))
    _trace(_SYSCALL, child)
    _wait(child)
    registers = _registers(child)
    registers[_RAX] = ctypes.c_ulonglong(-fault).value
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
