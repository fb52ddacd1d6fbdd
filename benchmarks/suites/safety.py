"""What safety costs: updates with confinement, fsync or cleaning taken out, against all of it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import photos
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, ratio, summed_up, update_window
from benchmarks.servers import Fatrina

WHOLE = "all of it"
PARTS = ("confinement", "fsync", "cleaning")
_PHOTOS = ("cam12", "shop2")


def run(folder: Path, gathered: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    table = Table(
        "Cost of safety, 8 connections",
        ("", "photo", "updates/s", "ratio", "CPU ms", "ratio", "p95 ms"),
    )
    with ExitStack() as running:
        services = {}
        for part in (WHOLE, *PARTS):
            without = "" if part == WHOLE else part
            services[part] = running.enter_context(Fatrina(folder / part, without))
            services[part].open_shop(photos.small())
        for name in _PHOTOS:
            done = _measured(gathered[name], services, options)
            for part, rounds in done.items():
                total = summed_up(rounds)
                rate = ratio(rounds, done[WHOLE], "rate")
                cost = ratio(rounds, done[WHOLE], "cpu")
                results.setdefault(name, {})[part] = {
                    "median": total,
                    "ratios": {"rate": rate, "cpu": cost},
                }
                who = part if part == WHOLE else f"without {part}"
                table.row(who, name, total["rate"], rate, total["cpu"] * 1000, cost, total["p95"])
    table.show()
    return results


def _measured(
    photo: Photo, services: dict[str, Fatrina], options: Options
) -> dict[str, list[Figures]]:
    turns = dict.fromkeys(services, 0)
    files = [str(path) for path in photo.paths]

    def window(part: str) -> Callable[[], Figures]:
        def measure() -> Figures:
            seen, turns[part] = update_window(services[part], files, turns[part], options.seconds)
            return seen

        return measure

    runs = {part: window(part) for part in services}
    return alternate(f"safety {photo.name}", runs, options)
