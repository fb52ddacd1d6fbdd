"""The cage: what a decoder process may do before it sees a photo, which is compute and answer.

No file can be opened, no socket made, no program started, no memory taken beyond its ration.
A photo comes in, and its pictures go out, through descriptors that the parent opened.
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

try:  # loaded before the cage closes, or never; absent where the system has no libseccomp
    import pyseccomp
except (ImportError, OSError, RuntimeError):
    pyseccomp = None

# Everything a decoder needs once its modules are loaded; any other call answers EPERM.
_ALLOWED_CALLS: Final = (
    # bytes in and out of descriptors it was handed
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
# Of a descriptor's owner, who gets signals for it, nothing: it could be made any process.
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
_THREAD_ATTRIBUTE_BYTES: Final = 256  # bytes, more than any C library's pthread_attr_t has
_MAX_FILE_BYTES: Final = 256_000_000
_MAX_DESCRIPTORS: Final = 64
# Pages of the program and of the photo's file: they count as the process's memory, but not as
# data. Measured: 33 MB of programs, and a photo of 20 MB.
_NON_DATA_BYTES: Final = 54_000_000


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What of the confinement is in force on this machine."""

    landlock: int
    """The kernel's Landlock ABI; 0 where there is none."""
    seccomp: bool


def confine(memory: int) -> Sandbox:
    """Shut this process in, for good, with at most `memory` bytes of its own.

    Landlock binds threads, not processes, so this must run while there is only one: a thread
    made later inherits it. What the kernel or a missing library does not offer is left out and
    told in the answer; resource limits always hold.
    """
    threads = len([*Path("/proc/self/task").iterdir()])
    if threads != 1:
        message = f"the cage must close while there is one thread, and there are {threads}"
        raise RuntimeError(message)
    _shrink_thread_stacks()
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory - _NON_DATA_BYTES, memory - _NON_DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_DESCRIPTORS, _MAX_DESCRIPTORS))
    return Sandbox(landlock=_restrict_files(), seccomp=_restrict_calls())


def _shrink_thread_stacks() -> None:
    """Give threads to come a stack of 1 MB instead of 8, which count as data from the start."""
    library, wanted = ctypes.CDLL(None), ctypes.create_string_buffer(_THREAD_ATTRIBUTE_BYTES)
    library.pthread_attr_init(wanted)
    library.pthread_attr_setstacksize(wanted, ctypes.c_size_t(_THREAD_STACK_BYTES))
    library.pthread_setattr_default_np(wanted)


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
    """The filter of system calls; some are let through for some arguments alone."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(_EPERM))
    allow, equal, masked = pyseccomp.ALLOW, pyseccomp.EQ, pyseccomp.MASKED_EQ
    for name in _ALLOWED_CALLS:
        rules.add_rule(allow, name)
    # Threads alone; the flags of `clone3` cannot be seen, so that the C library must do without.
    rules.add_rule(allow, "clone", pyseccomp.Arg(0, masked, _CLONE_THREAD, _CLONE_THREAD))
    rules.add_rule(pyseccomp.ERRNO(_ENOSYS), "clone3")
    # Signals to itself, as `abort` sends one; the names of its threads.
    rules.add_rule(allow, "tgkill", pyseccomp.Arg(0, equal, os.getpid()))
    rules.add_rule(allow, "prctl", pyseccomp.Arg(0, equal, _PR_SET_NAME))
    # No memory becomes code.
    for name in ("mmap", "mprotect"):
        rules.add_rule(allow, name, pyseccomp.Arg(2, masked, mmap.PROT_EXEC, 0))
    for command in _ALLOWED_FCNTL_COMMANDS:
        rules.add_rule(allow, "fcntl", pyseccomp.Arg(1, equal, command))
    return rules
