"""Operations that a sandboxed process can and cannot perform, each tried in a real one."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import pyvips

from fatrina.adapters.decoder import pipeline, sandbox
from fatrina.adapters.decoder.process import ENVIRONMENT
from fatrina.domain.photo import ImageFormat

# Calls by number are those of x86-64: on other processors the numbers mean other calls or none,
# which are denied too.
PROBE = """
import ctypes, fcntl, json, mmap, os, resource, signal, socket, subprocess, sys, threading, time
from fatrina.adapters.decoder import sandbox, pipeline

parent, libc = os.getppid(), ctypes.CDLL(None, use_errno=True)
end = os.dup(1)

def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "call")

{setup}
pipeline.restrict_loaders()
confinement = sandbox.confine(512_000_000)
try:
    {attempt}
    result = "done"
except OSError as exc:
    result = exc.errno
except MemoryError:
    result = "memory"
os.write(end, json.dumps([result, confinement.landlock, confinement.seccomp]).encode())
"""
EPERM, EACCES, EMFILE, ENOSYS = 1, 13, 24, 38


def probe(attempt: str, setup: str = "") -> list[Any]:
    program = PROBE.replace("{setup}", setup).replace("{attempt}", attempt)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=30,
        check=False,
        env=os.environ | ENVIRONMENT,
    )
    assert done.stdout, done.stderr.decode()
    result: list[Any] = json.loads(done.stdout)
    return result


DENIED = {
    "read a file": "open('/etc/hostname')",
    "write a file": "open('/tmp/fatrina-escape', 'w')",
    "list a folder": "os.listdir('/')",
    "stat a file": "os.stat('/etc/passwd')",
    "delete a file": "os.unlink('/tmp/fatrina-escape')",
    "make a folder": "os.mkdir('/tmp/fatrina-escape')",
    "rename a file": "os.rename('/tmp/fatrina-a', '/tmp/fatrina-b')",
    "read a link": "os.readlink('/proc/self/exe')",
    "make a socket": "socket.socket()",
    "make a pair of sockets": "socket.socketpair()",
    "make a pipe": "os.pipe()",
    "make a file of memory": "os.memfd_create('a')",
    "fork": "os.fork()",
    "start a program": "subprocess.run(['/bin/true'])",
    "become a program": "os.execv('/bin/true', ['true'])",
    "kill its parent": "os.kill(parent, 0)",
    "kill its parent's thread": "call(234, parent, parent, 0)",
    "get its parent killed": "fcntl.fcntl(1, fcntl.F_SETOWN, parent)",
    "trace its parent": "call(101, 16, parent, 0, 0)",
    "read its parent's memory": "call(310, parent, 0, 0, 0, 0, 0)",
    "slow its parent down": "os.setpriority(os.PRIO_PROCESS, parent, 19)",
    "move its parent": "os.sched_setaffinity(parent, {0})",
    "limit its parent": "call(302, parent, 7, 0, 0)",
    "lift its own limits": "call(302, 0, 2, 0, 0)",
    "be seen into": "call(157, 4, 1, 0, 0, 0)",
    "make code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "make code of data": "call(10, ctypes.addressof(area) & -4096, 4096, 5)",
    "change its root": "os.chroot('/')",
    "change its user": "os.setuid(65534)",
    "make a namespace": "call(272, 0x10000000)",
    "use io_uring": "call(425, 1, 0)",
    "share memory": "call(29, 0, 4096, 0o1600)",
    "set the clock": "time.clock_settime(time.CLOCK_REALTIME, 0)",
    "count instructions": "call(298, 0, 0, -1, -1, 0)",
    "load a program into the kernel": "call(321, 0, 0, 0)",
}


@pytest.mark.parametrize("what", DENIED)
def test_operation_is_denied(what: str) -> None:
    result, landlock, seccomp = probe(DENIED[what], "area = ctypes.create_string_buffer(9000)")
    assert result == EPERM
    assert landlock >= 0
    assert seccomp


TRY_OPEN = """
errors = []
def try_open():
    try:
        open("/etc/hostname")
    except OSError as exc:
        errors.append(exc)
"""


def test_sandbox_applies_to_new_threads() -> None:
    attempt = (
        "thread = threading.Thread(target=try_open); thread.start(); thread.join(); raise errors[0]"
    )
    assert probe(attempt, TRY_OPEN)[0] == EPERM


ALLOWED = {
    "threads": "thread = threading.Thread(target=int); thread.start(); thread.join()",
    "memory within the limit": "bytearray(300_000_000)",
    "time": "time.sleep(0.001)",
    "what it was handed": "os.write(2, b'a')",
}


@pytest.mark.parametrize("what", ALLOWED)
def test_operation_is_allowed(what: str) -> None:
    assert probe(ALLOWED[what])[0] == "done"


def test_memory_is_limited() -> None:
    assert probe("bytearray(470_000_000)")[0] == "memory"


def test_file_size_is_limited() -> None:
    setup = "big = os.memfd_create('a'); os.lseek(big, 300_000_000, 0)"
    assert probe("os.write(big, b'a')", setup)[0] == 27


def test_descriptors_are_limited() -> None:
    assert probe("[os.dup(1) for _ in range(80)]")[0] == EMFILE


NO_LANDLOCK = """
def fail(self):
    raise OSError(38, "no Landlock")
sandbox.py_landlock.Landlock.apply = fail
"""


def test_missing_protections_are_reported() -> None:
    assert probe("open('/etc/hostname')", NO_LANDLOCK) == [EPERM, 0, True]
    result, landlock, seccomp = probe("open('/etc/hostname')", "sandbox.pyseccomp = None")
    assert result == (EACCES if landlock else "done")
    assert seccomp is False
    assert probe("open('/etc/hostname')", "sandbox.pyseccomp = None" + NO_LANDLOCK) == [
        "done",
        0,
        False,
    ]


def test_kernel_without_seccomp_is_reported() -> None:
    setup = NO_LANDLOCK.replace("py_landlock.Landlock.apply", "pyseccomp.SyscallFilter.load")
    assert probe("pass", setup)[2] is False


def test_memory_limit_applies_without_landlock_and_seccomp() -> None:
    setup = "sandbox.pyseccomp = None" + NO_LANDLOCK
    assert probe("bytearray(470_000_000)", setup)[0] == "memory"


def test_sandbox_requires_a_single_thread() -> None:
    setup = "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()"
    with pytest.raises(AssertionError, match="there are 2"):
        probe("pass", setup)


def test_allowed_calls_are_unique() -> None:
    assert len(set(sandbox._ALLOWED_CALLS)) == len(sandbox._ALLOWED_CALLS)
    assert not {"open", "openat", "socket", "execve", "kill", "ptrace"} & set(
        sandbox._ALLOWED_CALLS
    )


# Loaders


def test_enabled_loaders_exist() -> None:
    assert set(pipeline.LOADERS) == set(ImageFormat) - {ImageFormat.HEIC}
    for loader in pipeline.LOADERS.values():
        assert pyvips.type_from_name(loader)


LOADS = """
import pyvips
from tests import sample_photos
photos = {
    "jpeg": sample_photos.jpeg(), "png": sample_photos.png(), "webp": sample_photos.webp(),
    "gif": sample_photos.gif(), "avif": sample_photos.avif(), "svg": sample_photos.SVG,
    "tiff": sample_photos.tiff_file(),
    "ppm": b"P6 1 1 255 aaa", "pfm": b"PF\\n1 1\\n-1\\n" + bytes(12), "matrix": b"1 1\\n7\\n",
    "csv": b"1,2\\n", "pdf": b"%PDF-1.7", "hdr": b"#?RADIANCE\\n", "raw": sample_photos.bmp(),
}
loads = []
def load(name):
    try:
        pyvips.Image.new_from_buffer(photos[name], "").avg()
        loads.append(name)
    except pyvips.Error:
        pass
"""


def test_other_loaders_are_blocked() -> None:
    # Threads of the warm-up would prevent entering the sandbox: this tests the loaders only.
    program = (
        LOADS + "\nfrom fatrina.adapters.decoder import pipeline\npipeline.restrict_loaders()\n"
    )
    program += "for name in photos: load(name)\nprint(*loads)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"jpeg", b"png", b"webp", b"gif", b"avif"]
