"""CPU of a photo's renditions: bare recipe, Fatrina's pipeline, sandboxed, the whole decoder."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import proc, render
from benchmarks.kernel import ENVIRONMENT
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, ratio, summarize
from benchmarks.servers import ROOT
from fatrina.adapters.decoder import Decoder, process
from fatrina.domain.photo import Limits

_ENOUGH = 400.0  # minimum CPU milliseconds of a measurement
_ROLES = 4
DECODER = "decoder"


class Renderer:
    """A process of `render.py`."""

    def __init__(self, mode: str, paths: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.render", mode, *paths],
            cwd=ROOT,
            env={**os.environ, **(ENVIRONMENT if mode == render.BARE else process.ENVIRONMENT)},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def cost(self, name: str, count: int) -> float:
        """Return the CPU milliseconds of one render."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{name} {count}\n")
        stdin.flush()
        return float(stdout.readline())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    paths = [str(photo.paths[0]) for photo in collected.values()]
    table = Table(
        "Kernel: CPU ms per photo",
        ("", "bare recipe", "pipeline", "ratio", "sandboxed", "ratio", "whole decoder", "ratio"),
    )
    results: dict[str, Any] = {}
    with ExitStack() as running:
        renderers = {
            mode: Renderer(mode, paths) for mode in (render.BARE, render.PIPELINE, render.SANDBOXED)
        }
        for renderer in renderers.values():
            running.callback(renderer.close)
        decoder = Decoder(Limits().memory)
        running.callback(decoder.kill)
        for name, photo in collected.items():
            results[name] = _measured(photo, renderers, decoder, folder, options)
            total, ratios = results[name]["median"], results[name]["ratios"]
            cells = [name, total[render.BARE]]
            for mode in (render.PIPELINE, render.SANDBOXED, DECODER):
                cells += [total[mode], ratios[mode]]
            table.row(*cells)
    table.show()
    return results


def _measured(
    photo: Photo,
    renderers: dict[str, Renderer],
    decoder: Decoder,
    folder: Path,
    options: Options,
) -> dict[str, Any]:
    stem = photo.paths[0].stem
    once = max(renderers[render.BARE].cost(stem, 1) for _ in range(2))
    count = max(1, round(_ENOUGH / (4 if options.quick else 1) / once))

    def rendered(renderer: Renderer) -> Callable[[], Figures]:
        return lambda: {"ms": renderer.cost(stem, count)}

    def decoded() -> Figures:
        before = proc.cpu(decoder.pid)
        for _ in range(count):
            _decode(decoder, photo.paths[0], folder)
        return {"ms": (proc.cpu(decoder.pid) - before) / count * 1000}

    runs = {mode: rendered(renderer) for mode, renderer in renderers.items()} | {DECODER: decoded}
    for measure in runs.values():
        measure()  # warm
    done = alternate(f"kernel {photo.name}", runs, options)
    return {
        "median": {mode: summarize(rounds)["ms"] for mode, rounds in done.items()},
        "ratios": {mode: ratio(rounds, done[render.BARE], "ms") for mode, rounds in done.items()},
        "rounds": {mode: [each["ms"] for each in rounds] for mode, rounds in done.items()},
    }


def _decode(decoder: Decoder, photo: Path, folder: Path) -> None:
    with ExitStack() as files:
        source = files.enter_context(photo.open("rb"))
        made = [files.enter_context((folder / f"{n}").open("wb+")) for n in range(_ROLES)]
        decoder.open(source.fileno(), Limits())
        decoder.render([file.fileno() for file in made])
