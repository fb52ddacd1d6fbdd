"""A decoder process in its sandbox, and the client side of its protocol."""

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
_STARTUP_SECONDS: Final = 20.0  # it takes 0.2 on an idle machine
_EXIT_SECONDS: Final = 2.0  # for a process to exit after it has closed its socket
# Types of the errors' parameters; all others are integers.
_PARAM_TYPES: Final = {"kind": str, "coding": str, "problem": str}
_MAX_PARAM_LENGTH: Final = 200  # characters
_MAX_TRACEBACK_LINES: Final = 21
_RETRY_AFTER_SECONDS: Final = 1
_FORMATS: Final = frozenset(kind.value for kind in ImageFormat)
# The errors that a decoder may return, and the parameters of each.
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
# Signals that the kernel sends because of what the process did; other signals come from outside.
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
# Without warnings: a library's warning would appear between the lines of the service's log.
PROGRAM: Final = (
    *(sys.executable, "-I", "-W", "ignore"),
    *("-m", "fatrina.adapters.decoder.worker"),
)
# One thread per photo: one process per core is faster than one process on all cores.
ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",
    "OPENBLAS_NUM_THREADS": "1",  # used by numpy; the sandbox is entered with one thread
    "VIPS_DISC_THRESHOLD": "64g",  # never use a temporary file: none can be opened
    # New memory costs 0.2 ms per megabyte, half of it in pages of 2 MB. The memory of an ordinary
    # photo's pixels is reused, which requires that libvips' other thread allocates from the same
    # arena; that of larger ones is returned.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "10000000",
    "MALLOC_TRIM_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "1048576",
    "LC_ALL": "C.UTF-8",
}


class DecoderInternalError(Exception):
    """A decoder raised an unexpected exception: a bug in Fatrina, not a problem of the photo.

    Its text is the traceback without the exception's message, which may contain bytes of the photo.
    """


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a decoder reports about itself once it is in its sandbox."""

    landlock: int
    """The kernel's Landlock ABI that confines it; 0 without Landlock."""
    seccomp: bool
    vips: str
    heic: bool


class Decoder:
    """A decoder process; used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        """Start the process with a limit of `memory` bytes; `handshake` waits until it is ready."""
        parent_socket, child_socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with closing(child_socket), ExitStack() as cleanup:
            cleanup.enter_context(parent_socket)
            self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
                [*PROGRAM, str(child_socket.fileno()), str(memory)],
                pass_fds=[child_socket.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
            cleanup.pop_all()
        self._socket = parent_socket
        self._handshake: Handshake | None = None
        self._deadline = 0.0
        self._limits = Limits()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def handshake(self) -> Handshake:
        """Wait until the process is in its sandbox and ready.

        Raises:
            errors.DecoderFailed: it did not start.
        """
        if self._handshake is None:
            self._deadline = monotonic() + _STARTUP_SECONDS
            try:
                response = self._receive()
            except errors.PhotoError as exc:
                raise self._discard() from exc
            match response:
                case {
                    "sandbox": {"landlock": int(abi), "seccomp": bool(seccomp)},
                    "vips": str(vips),
                    "heic": bool(heic),
                }:
                    self._handshake = Handshake(abi, seccomp, vips, heic)
                case _:
                    raise self._discard()
        return self._handshake

    def open(self, photo_fd: int, limits: Limits, *, libvips_only: bool = False) -> ImageInfo:
        """Read and check the header of the photo in the file descriptor `photo_fd`.

        With `libvips_only`, only libvips makes the renditions, without the faster libraries.

        Raises:
            errors.PhotoError, errors.DecoderFailed, DecoderInternalError.
        """
        self.handshake()
        self._limits = limits
        self._deadline = monotonic() + limits.seconds
        response = self._request({"open": asdict(limits), "libvips_only": libvips_only}, [photo_fd])
        try:
            info = _parse_image_info(response.get("info"))
            check_limits(info, limits)
        except (errors.ServiceError, ValueError) as exc:
            raise self._discard() from exc
        return info

    def render(self, fds: list[int]) -> None:
        """Write the opened photo's original and renditions to `fds`, in the order of ROLES.

        Raises:
            errors.PhotoError, errors.DecoderFailed, DecoderInternalError.
            OSError: a file could not be written.
        """
        response = self._request({"render": True}, fds)
        if "rendered" not in response:
            raise self._discard()

    def kill(self) -> None:
        """Kill the process and wait for its exit."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _request(self, message: dict[str, object], files: list[int]) -> dict[str, object]:
        with suppress(OSError):  # the process is dead: receiving returns the reason
            socket.send_fds(self._socket, [json.dumps(message).encode()], files)
        response = self._receive()
        match response:
            case {"error": str(reason), "params": dict(params)}:
                raise self._parse_error(reason, params)
            case {"errno": int(number)} if number in errno.errorcode:
                raise OSError(number, os.strerror(number))
            case {"internal_error": [*traceback]}:
                raise DecoderInternalError(_format_traceback(traceback))
        return response

    def _parse_error(self, reason: str, params: dict[str, errors.Params]) -> errors.ServiceError:
        error_class = errors.by_reason(reason)
        if error_class is errors.PhotoMemoryExceeded:
            return error_class(limit=self._limits.memory)
        names = _ERROR_PARAMS.get(error_class) if error_class else None
        if error_class is None or names is None or params.keys() != set(names.split()):
            return self._discard()
        if any(type(value) is not _PARAM_TYPES.get(name, int) for name, value in params.items()):
            return self._discard()
        return error_class(**{name: _truncate(value) for name, value in params.items()})

    def _discard(self) -> errors.DecoderFailed:
        """Kill a process that failed or can no longer be trusted, and return the error."""
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
            response = json_text.parse(data)
        except JsonError as exc:
            raise self._discard() from exc
        return response if isinstance(response, dict) else {}

    def _exit_error(self) -> Exception:
        """Wait for a process that has closed its socket to exit, and return the reason as an error.

        Only a signal is a crash: a process that exits without one raised an exception.
        """
        try:
            exit_code = self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return self._discard()
        if -exit_code == signal.SIGALRM:
            return errors.PhotoTimeout(limit=self._limits.seconds)
        if exit_code > 0 and self._handshake is not None:
            self.kill()
            return DecoderInternalError(f"the process exited with {exit_code}")
        return errors.PhotoCrashedDecoder() if -exit_code in _CRASH_SIGNALS else self._discard()


def _format_traceback(frames: list[object]) -> str:
    """Format the worker's traceback, which is not trusted, as short lines of printable ASCII."""
    lines = [str(each)[:_MAX_PARAM_LENGTH] for each in frames[:_MAX_TRACEBACK_LINES]]
    return " < ".join(
        line.encode("ascii", "replace").decode() for line in lines if line.isprintable()
    )


def _truncate(value: errors.Params) -> errors.Params:
    return value[:_MAX_PARAM_LENGTH] if isinstance(value, str) else value


def _parse_image_info(response: object) -> ImageInfo:
    """Parse image information as strictly as a request: a photo may have taken over the worker."""
    match response:
        case {
            "format": str(image_format),
            "width": int(width),
            "height": int(height),
            "frames": int(frames),
            "buffered": bool(buffered),
        } if min(width, height, frames) > 0 and image_format in _FORMATS:
            return ImageInfo(ImageFormat(image_format), width, height, frames, buffered)
    raise ValueError(response)
