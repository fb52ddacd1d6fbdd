"""One decoder: a confined process, and the conversation with it."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Final

from fatrina.domain import errors, json_text
from fatrina.domain.json_text import JsonError
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits, check_limits

_MAX_RESPONSE_BYTES: Final = 65_536
_STARTUP_SECONDS: Final = 20.0  # seconds; it takes 0.2 on an idle machine
_EXIT_SECONDS: Final = 2.0  # seconds for a process to end that has closed its line
_PARAM_TYPES: Final = {
    "kind": str,
    "coding": str,
    "problem": str,
}  # all else that a refusal shows is a whole number
_MAX_PARAM_LENGTH: Final = 200  # characters
_MAX_TRACEBACK_LINES: Final = 21  # lines of a traceback
_RETRY_AFTER_SECONDS: Final = 1
_FORMATS: Final = frozenset(kind.value for kind in ImageFormat)
# What a decoder may refuse by its answer, and what it must have seen then.
_ERROR_PARAMS: Final[dict[type[errors.ServiceError], str]] = {
    errors.PhotoEmpty: "",
    errors.PhotoTooLarge: "limit",
    errors.PhotoNotAnImage: "",
    errors.PhotoEncoded: "",
    errors.PhotoUnsupported: "kind",
    errors.PhotoCodingUnsupported: "coding",
    errors.PhotoHeicUnavailable: "",
    errors.PhotoTooManyPixels: "width height limit",
    errors.PhotoAvifTooManyPixels: "width height limit bits kind",
    errors.PhotoSideTooLong: "width height limit",
    errors.PhotoTooManyFrames: "limit frames",
    errors.PhotoTooManyScans: "limit",
    errors.PhotoDamaged: "problem",
}
# What the kernel sends a process for what its own code did; other signals come from outside.
_CRASH_SIGNALS: Final = frozenset(
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
# Without warnings: a library's would stand between the lines of the service's log.
PROGRAM: Final = (
    *(sys.executable, "-I", "-W", "ignore"),
    *("-m", "fatrina.adapters.decoder.worker"),
)
# One thread for one photo: as many processes as cores are faster than one process on all cores.
ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",
    "OPENBLAS_NUM_THREADS": "1",  # numpy brings it along; the cage closes on a single thread
    "VIPS_DISC_THRESHOLD": "64g",  # never a temporary file: none can be opened
    # Memory that is new costs 0.2 ms a megabyte, half of it where it comes in pages of 2 MB. That
    # of a plain photo's pixels is used again, for which libvips' other thread must draw on the
    # same; that of larger ones goes back.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "10000000",
    "MALLOC_TRIM_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "1048576",
    "LC_ALL": "C.UTF-8",
}


class DecoderInternalError(Exception):
    """A decoder met an exception that nothing expects: a fault of this program, not of the photo.

    Its text is the traceback without the exception's own text, which may hold bytes of the photo.
    """


@dataclass(frozen=True, slots=True)
class Handshake:
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
        with closing(theirs), ExitStack() as undo:
            undo.enter_context(ours)
            self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
                [*PROGRAM, str(theirs.fileno()), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
            undo.pop_all()
        self._socket = ours
        self._handshake: Handshake | None = None
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

    def handshake(self) -> Handshake:
        """Wait until the process is confined and ready.

        Raises:
            errors.DecoderFailed: it did not come up.
        """
        if self._handshake is None:
            self._deadline = monotonic() + _STARTUP_SECONDS
            try:
                said = self._receive()
            except errors.PhotoError as exc:
                raise self._discard() from exc
            match said:
                case {
                    "cage": {"landlock": int(abi), "seccomp": bool(calls)},
                    "vips": str(vips),
                    "heic": bool(heic),
                }:
                    self._handshake = Handshake(abi, calls, vips, heic)
                case _:
                    raise self._discard()
        return self._handshake

    def open(self, photo_fd: int, limits: Limits, *, libvips_only: bool = False) -> ImageInfo:
        """Read and judge the header of the photo in the file `photo`.

        With `plain`, libvips alone makes its pictures, without the faster libraries.

        Raises:
            errors.PhotoError, errors.DecoderFailed, DecoderFaultError.
        """
        self.handshake()
        self._limits = limits
        self._deadline = monotonic() + limits.seconds
        said = self._request({"open": asdict(limits), "plain": libvips_only}, [photo_fd])
        try:
            facts = _parse_image_info(said.get("facts"))
            check_limits(facts, limits)
        except (errors.ServiceError, ValueError) as exc:
            raise self._discard() from exc
        return facts

    def render(self, fds: list[int]) -> None:
        """Write the opened photo's original and renditions into `files`, in the order of ROLES.

        Raises:
            errors.PhotoError, errors.DecoderFailed, DecoderFaultError.
            OSError: a file could not be written.
        """
        said = self._request({"make": True}, fds)
        if "made" not in said:
            raise self._discard()

    def kill(self) -> None:
        """Kill the process and forget it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _request(self, message: dict[str, object], files: list[int]) -> dict[str, object]:
        with suppress(OSError):  # a dead process: the answer below says how it died
            socket.send_fds(self._socket, [json.dumps(message).encode()], files)
        said = self._receive()
        match said:
            case {"refused": str(reason), "seen": dict(seen)}:
                raise self._parse_error(reason, seen)
            case {"errno": int(number)} if number in errno.errorcode:
                raise OSError(number, os.strerror(number))
            case {"fault": [*places]}:
                raise DecoderInternalError(_format_traceback(places))
        return said

    def _parse_error(self, reason: str, seen: dict[str, errors.Params]) -> errors.ServiceError:
        leaf = errors.by_reason(reason)
        if leaf is errors.PhotoMemoryExceeded:
            return leaf(limit=self._limits.memory)
        names = _ERROR_PARAMS.get(leaf) if leaf else None
        if leaf is None or names is None or seen.keys() != set(names.split()):
            return self._discard()
        if any(type(value) is not _PARAM_TYPES.get(name, int) for name, value in seen.items()):
            return self._discard()
        return leaf(**{name: _truncate(value) for name, value in seen.items()})

    def _discard(self) -> errors.DecoderFailed:
        """A process that is gone, or that cannot be believed any more and therefore goes."""
        self.kill()
        return errors.DecoderFailed(retry=_RETRY_AFTER_SECONDS)

    def _receive(self) -> dict[str, object]:
        try:
            self._socket.settimeout(max(self._deadline - monotonic(), 0.001))
            data = self._socket.recv(_MAX_RESPONSE_BYTES)
        except TimeoutError:
            self.kill()
            raise errors.PhotoTimeout(limit=self._limits.seconds) from None
        except OSError:
            data = b""
        if not data:
            raise self._exit_error()
        try:
            said = json_text.parse(data)
        except JsonError as exc:
            raise self._discard() from exc
        return said if isinstance(said, dict) else {}

    def _exit_error(self) -> Exception:
        """Why the process has closed its line; it is made sure that it ended, too.

        Only a signal is a crash: a process that exits by itself met an exception.
        """
        try:
            code = self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return self._discard()
        if -code == signal.SIGALRM:
            return errors.PhotoTimeout(limit=self._limits.seconds)
        if code > 0 and self._handshake is not None:
            self.kill()
            return DecoderInternalError(f"the process exited with {code}")
        return errors.PhotoCrashedDecoder() if -code in _CRASH_SIGNALS else self._discard()


def _format_traceback(places: list[object]) -> str:
    """A child's traceback, which is not trusted: few and short lines of printable ASCII."""
    lines = [str(each)[:_MAX_PARAM_LENGTH] for each in places[:_MAX_TRACEBACK_LINES]]
    return " < ".join(
        line.encode("ascii", "replace").decode() for line in lines if line.isprintable()
    )


def _truncate(value: errors.Params) -> errors.Params:
    return value[:_MAX_PARAM_LENGTH] if isinstance(value, str) else value


def _parse_image_info(said: object) -> ImageInfo:
    """A photo may have taken the child over: what it says is read as strictly as a request."""
    match said:
        case {
            "format": str(image_format),
            "width": int(width),
            "height": int(height),
            "frames": int(frames),
            "buffered": bool(buffered),
        } if min(width, height, frames) > 0 and image_format in _FORMATS:
            return ImageInfo(ImageFormat(image_format), width, height, frames, buffered)
    raise ValueError(said)
