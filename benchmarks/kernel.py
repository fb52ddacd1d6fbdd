"""The bare libvips recipe, and the processes that run it.

It is independent of Fatrina's own pipeline: one streamed decode, reduced by the JPEG decoder so
that at least a factor of two is left to the resize; each size is made from the previous one; no
profile conversion where the profile is sRGB; rotation after the resize; alpha premultiplied in 8
bits; plain Huffman coding. `python -m benchmarks.kernel` is one process of the limit K.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pyvips

SIZES = (1000, 500, 120)
SAVERS: dict[str, dict[str, object]] = {
    ".jpg": {"Q": 82, "optimize_coding": False},
    ".png": {"compression": 3, "filter": "up"},
    ".webp": {"Q": 80, "effort": 1},
    ".gif": {"effort": 3},
    ".avif": {"Q": 60, "compression": "av1", "effort": 0},
}
_SIDEWAYS = 5
ENVIRONMENT = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
}


def render(data: bytes, suffix: str) -> list[bytes]:
    """Return the three renditions of a photo."""
    head = pyvips.Image.new_from_buffer(data, "", access="sequential")
    width, height = head.width, head.height
    scale = min(1.0, SIZES[0] / max(width, height))
    options: dict[str, object] = {}
    if suffix == ".jpg":
        options["shrink"] = next((n for n in (8, 4, 2) if n * scale <= 1 / 2), 1)
    image = pyvips.Image.new_from_buffer(data, "", access="sequential", fail_on="error", **options)
    alpha = image.hasalpha()
    if alpha:
        image = image.premultiply().cast("uchar")
    made = []
    sides = width, height
    for size in SIZES:
        scale = min(1.0, size / max(sides))
        width, height = (max(1, int(side * scale + 0.5)) for side in sides)
        if (width, height) != (image.width, image.height):
            image = image.resize(width / image.width, vscale=height / image.height)
        if size == SIZES[0]:
            image = image.copy_memory()
            if image.get_typeof("orientation") and image.get("orientation") >= _SIDEWAYS:
                sides = sides[::-1]
            image = _upright(image)
        image = image.copy_memory()
        final = image.unpremultiply().cast("uchar") if alpha else image
        made.append(final.write_to_buffer(suffix, keep="none", **SAVERS[suffix]))
    return made


def _upright(image: pyvips.Image) -> pyvips.Image:
    if image.get_typeof("icc-profile-data"):
        profile = image.get("icc-profile-data")
        if b"sRGB" not in profile and "sRGB".encode("utf-16-be") not in profile:
            image = image.icc_transform("srgb", embedded=True)
    return image.autorot()


def main(plan: dict[str, Any]) -> list[tuple[float, float]]:
    """Render photos in turn for a time; return when each ended and the process's CPU time."""
    pyvips.cache_set_max(0)
    photos = [(Path(name).read_bytes(), Path(name).suffix) for name in plan["files"]]
    done = []
    turn = plan.get("turn", 0)
    render(*photos[turn % len(photos)])
    end = time.monotonic() + plan["seconds"]
    done.append((time.monotonic(), time.process_time()))
    while time.monotonic() < end or (len(done) - 1) % len(photos):
        render(*photos[turn % len(photos)])
        turn += 1
        done.append((time.monotonic(), time.process_time()))
    return done


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    json.dump(main(json.load(sys.stdin)), sys.stdout)
