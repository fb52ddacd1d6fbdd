"""Cost of safety: updates without confinement, fsync or stripping, compared with all of them."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import photos
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, ratio, summarize, update_window
from benchmarks.servers import Fatrina

ALL = "all of them"
MEASURES = ("confinement", "fsync", "stripping")
_PHOTOS = ("cam12", "shop2")


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    table = Table(
        "Cost of safety, 8 connections",
        ("", "photo", "updates/s", "ratio", "CPU ms", "ratio", "p95 ms"),
    )
    with ExitStack() as running:
        services = {}
        for part in (ALL, *MEASURES):
            without = "" if part == ALL else part
            services[part] = running.enter_context(Fatrina(folder / part, without))
            services[part].create_images(photos.small())
        for name in _PHOTOS:
            done = _measured(collected[name], services, options)
            for part, rounds in done.items():
                total = summarize(rounds)
                rate = ratio(rounds, done[ALL], "rate")
                cost = ratio(rounds, done[ALL], "cpu")
                results.setdefault(name, {})[part] = {
                    "median": total,
                    "ratios": {"rate": rate, "cpu": cost},
                }
                subject = part if part == ALL else f"without {part}"
                table.row(
                    subject, name, total["rate"], rate, total["cpu"] * 1000, cost, total["p95"]
                )
    table.show()
    return results


def _measured(
    photo: Photo, services: dict[str, Fatrina], options: Options
) -> dict[str, list[Figures]]:
    turns = dict.fromkeys(services, 0)
    files = [str(path) for path in photo.paths]

    def window(part: str) -> Callable[[], Figures]:
        def measure() -> Figures:
            window, turns[part] = update_window(services[part], files, turns[part], options.seconds)
            return window

        return measure

    runs = {part: window(part) for part in services}
    return alternate(f"safety {photo.name}", runs, options)
