"""Send a photo through a decoder, as `actions` does."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyvips

from fatrina.adapters.decoder import Decoder
from fatrina.domain.photo import ImageInfo, Limits
from fatrina.domain.renditions import RENDITIONS, ROLES


@dataclass(frozen=True)
class RenderedPhoto:
    """The result of rendering a photo."""

    info: ImageInfo
    data: list[bytes]
    """The bytes of the original and of every rendition, in the order of ROLES."""

    def images(self) -> list[Any]:
        """Return all images, decoded completely."""
        return [
            pyvips.Image.new_from_buffer(each, "", fail_on="warning").copy_memory()
            for each in self.data
        ]

    def sizes(self) -> list[tuple[int, int]]:
        """Return the width and height of each image, in pixels."""
        return [(image.width, image.height) for image in self.images()]

    def expected_sizes(self) -> list[tuple[int, int]]:
        """Return the sizes that the table of renditions declares."""
        width, height = self.info.width, self.info.height
        return [each.size(width, height).pixels() for each in RENDITIONS]


@contextmanager
def photo_files(data: bytes) -> Iterator[tuple[int, list[int]]]:
    """Yield the descriptor of a photo's file, and of an empty file for each role."""
    with ExitStack() as open_files:

        def file() -> int:
            descriptor = os.memfd_create("photo")
            open_files.callback(os.close, descriptor)
            return descriptor

        photo = file()
        with os.fdopen(photo, "wb", closefd=False) as out:
            out.write(data)
        yield photo, [file() for _ in ROLES]


def decode_and_render(decoder: Decoder, data: bytes, limits: Limits | None = None) -> RenderedPhoto:
    """Open and render a photo."""
    with photo_files(data) as (photo, outputs):
        info = decoder.open(photo, limits or Limits())
        decoder.render(outputs)
        return RenderedPhoto(info, [os.pread(file, os.lseek(file, 0, 2), 0) for file in outputs])


def count_descriptors() -> int:
    """Return the number of open descriptors of this process."""
    return len([*Path("/proc/self/fd").iterdir()])


def has_exited(pid: int) -> bool:
    """Return whether a process has exited, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def exits_within(pid: int, seconds: float) -> bool:
    """Return whether a process exits within `seconds`."""
    deadline = monotonic() + seconds
    while not has_exited(pid) and monotonic() < deadline:
        sleep(0.02)
    return has_exited(pid)
