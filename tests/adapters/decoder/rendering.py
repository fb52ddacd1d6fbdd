"""A photo through a decoder, as `actions.rendering` sends it there."""

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
    """What came of a photo."""

    info: ImageInfo
    data: list[bytes]
    """The original's bytes and every rendition's, in the order of ROLES."""

    def images(self) -> list[Any]:
        """All of them, decoded to the last pixel."""
        return [
            pyvips.Image.new_from_buffer(each, "", fail_on="warning").copy_memory()
            for each in self.data
        ]

    def sizes(self) -> list[tuple[int, int]]:
        """Pixels across and down of each."""
        return [(image.width, image.height) for image in self.images()]

    def expected_sizes(self) -> list[tuple[int, int]]:
        """The sizes that the table of renditions declares."""
        width, height = self.info.width, self.info.height
        return [each.size(width, height).pixels() for each in RENDITIONS]


@contextmanager
def photo_files(data: bytes) -> Iterator[tuple[int, list[int]]]:
    """A photo's file, and an empty one for each picture made of it."""
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
    """Develop a photo in one go."""
    with photo_files(data) as (photo, made):
        facts = decoder.open(photo, limits or Limits())
        decoder.render(made)
        return RenderedPhoto(facts, [os.pread(file, os.lseek(file, 0, 2), 0) for file in made])


def count_descriptors() -> int:
    """How many this process has open."""
    return len([*Path("/proc/self/fd").iterdir()])


def has_exited(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def exits_within(pid: int, seconds: float) -> bool:
    """Whether a process ends in time."""
    until = monotonic() + seconds
    while not has_exited(pid) and monotonic() < until:
        sleep(0.02)
    return has_exited(pid)
