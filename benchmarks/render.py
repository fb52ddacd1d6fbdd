"""Render photos repeatedly in one process: bare, by Fatrina's pipeline, or sandboxed.

`python -m benchmarks.render MODE PHOTO…` prints, for each line `name count` on standard input, the
CPU milliseconds of one render.
"""

import sys
import time
from pathlib import Path

import pyvips

from benchmarks import kernel
from fatrina.adapters.decoder import pipeline, sandbox, worker
from fatrina.domain import metadata_stripping
from fatrina.domain.photo import ImageFormat, Limits, sniff

BARE, PIPELINE, SANDBOXED = "bare", "pipeline", "sandboxed"


def render(data: bytes) -> None:
    """Render by Fatrina's pipeline as its decoder does, without stripping and writing."""
    for picture in worker.WebPhoto(data, sniff(data[:512])).renditions():
        del picture


def main(mode: str, paths: list[str]) -> None:
    photos = {Path(path).stem: (Path(path).read_bytes(), Path(path).suffix) for path in paths}
    if mode == BARE:
        pyvips.cache_set_max(0)
    else:
        pipeline.restrict_loaders()
        # Strip once, in advance: the suite measures stripping with the whole decoder.
        known = {
            data: metadata_stripping.strip_metadata(sniff(data[:512]), data)
            for data, _ in photos.values()
        }

        def cached(
            kind: ImageFormat, data: metadata_stripping.Buffer
        ) -> metadata_stripping.StrippedFile:
            del kind
            return known[data[:]]

        metadata_stripping.strip_metadata = cached
    if mode == SANDBOXED:
        sandbox.confine(Limits().memory)
    for line in sys.stdin:
        name, count = line.split()
        data, suffix = photos[name]
        begun = time.process_time()
        for _ in range(int(count)):
            if mode == BARE:
                kernel.render(data, suffix)
            else:
                render(data)
        spent = (time.process_time() - begun) / int(count)
        sys.stdout.write(f"{spent * 1000:.4f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
