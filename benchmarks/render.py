"""One process that renders a photo again and again, bare, by Fatrina's recipe, or caged.

`python -m benchmarks.render MODE PHOTO…` answers each line `name count` on its input with the CPU
milliseconds of one render.
"""

import sys
import time
from pathlib import Path

import pyvips

from benchmarks import kernel
from fatrina.adapters.decoder import cage, child, recipe
from fatrina.domain import cleaning
from fatrina.domain.photo import Kind, Limits, sniff

BARE, RECIPE, CAGED = "bare", "recipe", "caged"


def render(data: bytes) -> None:
    """Fatrina's recipe, as its decoder's child runs it; nothing is cleaned or written."""
    for picture in child.PlainPhoto(data, sniff(data[:512])).pictures():
        del picture


def main(mode: str, paths: list[str]) -> None:
    photos = {Path(path).stem: (Path(path).read_bytes(), Path(path).suffix) for path in paths}
    if mode == BARE:
        pyvips.cache_set_max(0)
    else:
        recipe.harden()
        # Cleaned once, beforehand: it is the whole decoder that pays for it.
        known = {data: cleaning.clean(sniff(data[:512]), data) for data, _ in photos.values()}

        def remembered(kind: Kind, data: cleaning.Buffer) -> cleaning.Clean:
            del kind
            return known[data[:]]

        cleaning.clean = remembered
    if mode == CAGED:
        cage.confine(Limits().memory)
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
