"""A decoder process without its sandbox, or without metadata stripping: see `launcher.py`."""

import sys

from fatrina.adapters.decoder import sandbox, worker
from fatrina.domain import metadata_stripping
from fatrina.domain.metadata_stripping import Buffer, StrippedFile
from fatrina.domain.photo import ImageFormat


def unconfined(memory: int) -> sandbox.Sandbox:
    del memory
    return sandbox.Sandbox(landlock=1, seccomp=True)


def unchanged(image_format: ImageFormat, data: Buffer) -> StrippedFile:
    del image_format
    return StrippedFile((range(len(data)),))


if __name__ == "__main__":
    if sys.argv[1] == "confinement":
        sandbox.confine = unconfined
    else:
        metadata_stripping.strip_metadata = unchanged
    worker.main(int(sys.argv[2]), int(sys.argv[3]))
