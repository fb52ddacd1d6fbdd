"""Checks of the system: versions, decoding of every format, the decoders' sandbox, limits."""

import os
import platform
import resource
import sqlite3
from contextlib import ExitStack
from typing import Final

import pyvips

from fatrina import __version__
from fatrina.adapters.decoder import Decoder, DecoderInternalError, DecoderPool, Handshake
from fatrina.doctor.report import Report
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat, Limits
from fatrina.domain.renditions import ROLES
from fatrina.settings import Settings

_WIDTH, _HEIGHT = 160, 120
_MIN_OPEN_FILES: Final = 4096
_WAL_RESET_VERSIONS: Final = ((3, 7, 0), (3, 51, 2))
_SAVE_OPTIONS: Final[dict[ImageFormat, dict[str, object]]] = {
    ImageFormat.AVIF: {"compression": "av1", "effort": 0},
}


def check_versions(report: Report) -> None:
    """Report the versions of Fatrina, Python, SQLite and libvips."""
    report.ok("Fatrina", __version__)
    report.ok("Python", platform.python_version())
    first, last = _WAL_RESET_VERSIONS
    version = sqlite3.sqlite_version
    if first <= sqlite3.sqlite_version_info <= last:
        version += "; its WAL-reset bug (until 3.51.2) is avoided: one connection checkpoints"
    report.ok("SQLite", version)
    report.ok("libvips", ".".join(str(pyvips.version(part)) for part in range(3)))


def check_decoders(report: Report, settings: Settings) -> None:
    """Start one decoder in its sandbox and decode a small photo of each format except HEIC."""
    limits = Limits(seconds=settings.decoder_seconds, memory=settings.decoder_memory)
    try:
        pool = DecoderPool(1, limits, max_waiting=1)
    except OSError as exc:
        report.fail("decoder", f"no process can be started: {exc}", "See the system limits below.")
        return
    try:
        handshake = pool.handshake()
        for image_format in ImageFormat:
            if image_format is not ImageFormat.HEIC:
                _check_format(report, pool, image_format)
        _report_sandbox(report, handshake)
    except errors.ServiceError as exc:
        advice = "Run `python -m fatrina.adapters.decoder.worker` to see why it does not start."
        report.fail("decoder", f"lost: {exc.reason}", advice)
    finally:
        pool.close()


def _check_format(report: Report, pool: DecoderPool, image_format: ImageFormat) -> None:
    name = image_format.name
    try:
        with ExitStack() as files, pool.acquire() as decoder:
            sizes = _decode_sample(decoder, pool.limits, image_format, files)
    except (errors.ServiceError, pyvips.Error, OSError, DecoderInternalError) as exc:
        finding = exc.reason if isinstance(exc, errors.ServiceError) else str(exc)
        report.fail(name, f"cannot be decoded: {finding}", "Install pyvips-binary as pinned.")
        return
    if all(sizes):
        report.ok(name, f"decoded, {len(sizes)} images written")
    else:
        report.fail(name, "decoded, but a written image is empty", "Reinstall pyvips-binary.")


def _decode_sample(
    decoder: Decoder, limits: Limits, image_format: ImageFormat, files: ExitStack
) -> list[int]:
    """Return the sizes in bytes of the images that a decoder writes for a generated photo."""
    photo = _create_file(files)
    os.write(photo, _create_sample(image_format))
    decoder.open(photo, limits)
    renditions = [_create_file(files) for _ in ROLES]
    decoder.render(renditions)
    return [os.fstat(rendition).st_size for rendition in renditions]


def _create_file(files: ExitStack) -> int:
    file = os.memfd_create("doctor")
    files.callback(os.close, file)
    return file


def _create_sample(image_format: ImageFormat) -> bytes:
    across = pyvips.Image.xyz(_WIDTH, _HEIGHT)
    image = across[0].bandjoin([across[1], across[0] + across[1]]).cast("uchar")
    image = image.copy(interpretation="srgb")
    data: bytes = image.write_to_buffer(
        f".{image_format.value}", **_SAVE_OPTIONS.get(image_format, {})
    )
    return data


def _report_sandbox(report: Report, handshake: Handshake) -> None:
    if handshake.heic:
        report.ok("HEIC", "installed")
    else:
        report.warn("HEIC", "pi-heif is missing: HEIC photos are rejected", "pip install pi-heif")
    if handshake.landlock:
        report.ok("Landlock", f"ABI {handshake.landlock}: a decoder cannot open files")
    else:
        report.warn(
            "Landlock",
            "missing: only seccomp prevents a decoder from opening files",
            "Use Linux 5.13 or newer with landlock in /sys/kernel/security/lsm; "
            "in a container, allow its system calls.",
        )
    if handshake.seccomp:
        report.ok("seccomp", "a decoder makes only the system calls it needs")
    else:
        report.warn(
            "seccomp",
            "missing: a decoder may make any system call",
            "Install libseccomp (apt install libseccomp2).",
        )


def check_limits(report: Report, settings: Settings) -> None:
    """Check the limit of open files and the memory."""
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    if maximum == resource.RLIM_INFINITY or maximum >= _MIN_OPEN_FILES:
        report.ok(
            "open files", "no limit" if maximum == resource.RLIM_INFINITY else f"up to {maximum:,}"
        )
    else:
        finding = f"only {maximum:,}: every connection needs one"
        report.warn("open files", finding, "Increase it: ulimit -Hn 65536, or LimitNOFILE=65536.")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    needed = settings.decoder_count * settings.decoder_memory
    finding = (
        f"{memory / 1e9:.1f} GB; {settings.decoder_count} decoders may use {needed / 1e9:.1f} GB"
    )
    if needed < memory:
        report.ok("memory", finding)
    else:
        report.warn("memory", finding, "Lower FATRINA_DECODERS or FATRINA_DECODER_MEMORY.")
