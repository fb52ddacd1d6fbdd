"""One decoder: a confined process, and the conversation with it."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Final

from fatrina.domain import errors
from fatrina.domain.photo import Facts, Kind, Limits

_LARGEST_ANSWER: Final = 65_536
_START: Final = 20.0  # seconds; it takes 0.2 on an idle machine
_LARGEST_SIDE: Final = 2**31
_RETRY: Final = 1
_KINDS: Final = frozenset(kind.value for kind in Kind)
# What the kernel sends a process for what its own code did; other signals come from outside.
_OWN_FAULTS: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSYS,
        signal.SIGTRAP,
        signal.SIGALRM,
        signal.SIGXFSZ,
    }
)
# One thread for one photo: as many processes as cores are faster than one process on all cores.
_ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",
    "MALLOC_ARENA_MAX": "2",
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Hello:
    """What a decoder says of itself once it is confined."""

    landlock: int
    """The kernel's Landlock ABI that holds it; 0 where there is none."""
    seccomp: bool
    vips: str
    heic: bool


class Decoder:
    """A decoder process; used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        """Start the process, with at most `memory` bytes of its own; `hello` waits for it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = [sys.executable, "-I", "-m", "fatrina.adapters.decoder.child"]
        with closing(theirs):
            self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
                [*program, str(theirs.fileno()), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_ENVIRONMENT,
            )
        self._line = ours
        self._hello: Hello | None = None
        self._deadline = 0.0
        self._limits = Limits()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def hello(self) -> Hello:
        """Wait until the process is confined and ready.

        Raises:
            errors.DecoderLost: it did not come up.
        """
        if self._hello is None:
            self._deadline = monotonic() + _START
            try:
                said = self._answer()
            except errors.PhotoRefused as fault:
                raise self._lost() from fault
            match said:
                case {"cage": {"landlock": int(abi), "seccomp": bool(calls)}, **rest}:
                    self._hello = Hello(abi, calls, str(rest["vips"]), bool(rest["heic"]))
                case _:
                    raise self._lost()
        return self._hello

    def open(self, photo: int, limits: Limits) -> Facts:
        """Read and judge the header of the photo in the file `photo`.

        Raises:
            errors.PhotoRefused, errors.DecoderLost.
        """
        self._limits = limits
        self._deadline = monotonic() + limits.seconds
        said = self._ask({"open": asdict(limits)}, [photo])
        facts = _facts(said.get("facts"))
        if facts is None:
            raise self._lost()
        return facts

    def make(self, files: list[int]) -> None:
        """Write the opened photo's original and renditions into `files`, in the order of ROLES.

        Raises:
            errors.PhotoRefused, errors.DecoderLost.
            OSError: a file could not be written.
        """
        said = self._ask({"make": True}, files)
        if "made" not in said:
            raise self._lost()

    def end(self) -> None:
        """Kill the process and forget it."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def _ask(self, message: dict[str, object], files: list[int]) -> dict[str, object]:
        with suppress(OSError):  # a dead process: the answer below says how it died
            socket.send_fds(self._line, [json.dumps(message).encode()], files)
        said = self._answer()
        match said:
            case {"refused": str(reason), "seen": dict(seen)}:
                raise self._refusal(reason, seen)
            case {"errno": int(number)}:
                raise OSError(number, os.strerror(number))
        return said

    def _refusal(self, reason: str, seen: dict[str, errors.Seen]) -> errors.Refusal:
        leaf = errors.named(reason) or errors.DecoderLost
        if leaf is errors.PhotoTooHungry:
            seen = {"limit": self._limits.memory}
        refusal = leaf(**seen)
        return refusal if isinstance(refusal, errors.PhotoRefused) else self._lost()

    @staticmethod
    def _lost() -> errors.DecoderLost:
        return errors.DecoderLost(retry=_RETRY)

    def _answer(self) -> dict[str, object]:
        self._line.settimeout(max(self._deadline - monotonic(), 0.001))
        try:
            data = self._line.recv(_LARGEST_ANSWER)
        except TimeoutError:
            self.end()
            raise errors.PhotoTooSlow(limit=self._limits.seconds) from None
        except OSError:
            data = b""
        if not data:
            raise self._death()
        said = json.loads(data)
        return said if isinstance(said, dict) else {}

    def _death(self) -> errors.Refusal:
        self._process.wait()
        code = self._process.returncode
        if -code == signal.SIGALRM:
            return errors.PhotoTooSlow(limit=self._limits.seconds)
        fault = code > 0 or -code in _OWN_FAULTS
        return errors.PhotoCrashed() if fault else self._lost()


def _facts(said: object) -> Facts | None:
    """A photo may have taken the child over: what it says is read as strictly as a request."""
    match said:
        case {
            "kind": str(kind),
            "width": int(width),
            "height": int(height),
            "frames": int(frames),
            "whole": bool(whole),
        } if 0 < width < _LARGEST_SIDE and 0 < height < _LARGEST_SIDE and kind in _KINDS:
            return Facts(Kind(kind), width, height, frames, whole)
    return None
