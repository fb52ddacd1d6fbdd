"""The sandbox: restricts a worker process, before it reads a photo, to computing and responding.

The process cannot open files, create sockets, start programs or exceed its memory limit. Photos
arrive, and renditions leave, through descriptors that the parent opened.
"""

import ctypes
import fcntl
import mmap
import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import py_landlock

try:  # must be loaded before the sandbox is entered; absent without libseccomp
    import pyseccomp
except (ImportError, OSError, RuntimeError):
    pyseccomp = None

# All calls that a decoder needs once its modules are loaded; any other call fails with EPERM.
_ALLOWED_CALLS: Final = (
    # bytes in and out of descriptors that it received
    *("read", "write", "pread64", "pwrite64", "readv", "writev", "lseek", "close", "fstat"),
    *("dup", "poll", "ppoll", "recvmsg", "sendmsg", "recvfrom", "sendto"),
    # memory
    *("munmap", "mremap", "madvise", "brk", "membarrier"),
    # threads, signals to itself, time
    *("futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "gettid", "getpid"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "alarm"),
    *("setitimer", "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "exit"),
    *("exit_group", "restart_syscall", "getrandom", "getrusage", "sysinfo", "uname"),
)
# Not the commands for a descriptor's owner, who receives signals for it: that could be any process.
_ALLOWED_FCNTL_COMMANDS: Final = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL),
    fcntl.F_SETFL,
)
_CLONE_THREAD: Final = 0x00010000
_EPERM: Final = 1
_ENOSYS: Final = 38
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NAME: Final = 15
_THREAD_STACK_BYTES: Final = 1 << 20
_THREAD_ATTRIBUTE_BYTES: Final = 256  # more than the size of pthread_attr_t in any C library
_MAX_FILE_BYTES: Final = 256_000_000
_MAX_DESCRIPTORS: Final = 64
# Pages of the program and of the photo's file: they count as the process's memory, but not as data.
# Measured: 33 MB of programs, and a photo of 20 MB.
_NON_DATA_BYTES: Final = 54_000_000


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Which parts of the sandbox are in force on this machine."""

    landlock: int
    """The kernel's Landlock ABI; 0 without Landlock."""
    seccomp: bool


def confine(memory: int) -> Sandbox:
    """Confine this process permanently, with a limit of `memory` bytes.

    Landlock applies to threads, not processes, so this must run while there is only one thread;
    later threads inherit it. What the kernel or a missing library does not provide is omitted and
    reported in the result; resource limits always apply.

    Raises:
        RuntimeError: the process has more than one thread.
    """
    threads = len([*Path("/proc/self/task").iterdir()])
    if threads != 1:
        message = f"the sandbox must be entered with one thread, but there are {threads}"
        raise RuntimeError(message)
    _shrink_thread_stacks()
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory - _NON_DATA_BYTES, memory - _NON_DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_DESCRIPTORS, _MAX_DESCRIPTORS))
    return Sandbox(landlock=_restrict_files(), seccomp=_restrict_calls())


def _shrink_thread_stacks() -> None:
    """Give new threads a stack of 1 MB instead of 8 MB, which counts as data from the start."""
    library, attributes = ctypes.CDLL(None), ctypes.create_string_buffer(_THREAD_ATTRIBUTE_BYTES)
    library.pthread_attr_init(attributes)
    library.pthread_attr_setstacksize(attributes, ctypes.c_size_t(_THREAD_STACK_BYTES))
    library.pthread_setattr_default_np(attributes)


def _restrict_files() -> int:
    ruleset = py_landlock.Landlock(strict=False)
    try:
        ruleset.apply()
    except (py_landlock.LandlockError, OSError):
        return 0
    return int(ruleset.abi_version)


def _restrict_calls() -> bool:
    if pyseccomp is None:
        return False
    try:
        _build_filter().load()
    except OSError:
        return False
    return True


def _build_filter() -> "pyseccomp.SyscallFilter":
    """Build the filter of system calls; some are allowed only with certain arguments."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(_EPERM))
    allow, equal, masked = pyseccomp.ALLOW, pyseccomp.EQ, pyseccomp.MASKED_EQ
    for name in _ALLOWED_CALLS:
        rules.add_rule(allow, name)
    # Threads only; a filter cannot see the flags of `clone3`, so the C library must use `clone`.
    rules.add_rule(allow, "clone", pyseccomp.Arg(0, masked, _CLONE_THREAD, _CLONE_THREAD))
    rules.add_rule(pyseccomp.ERRNO(_ENOSYS), "clone3")
    # Signals to itself, as `abort` sends one; names of its threads.
    rules.add_rule(allow, "tgkill", pyseccomp.Arg(0, equal, os.getpid()))
    rules.add_rule(allow, "prctl", pyseccomp.Arg(0, equal, _PR_SET_NAME))
    # Memory cannot be made executable.
    for name in ("mmap", "mprotect"):
        rules.add_rule(allow, name, pyseccomp.Arg(2, masked, mmap.PROT_EXEC, 0))
    for command in _ALLOWED_FCNTL_COMMANDS:
        rules.add_rule(allow, "fcntl", pyseccomp.Arg(1, equal, command))
    return rules
