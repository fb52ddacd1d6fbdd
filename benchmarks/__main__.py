"""The command line: which suites, how thorough, on which photos."""

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks import chart, photos, report
from benchmarks.rounds import Options, say
from benchmarks.servers import ROOT
from benchmarks.suites import SUITES

RESULTS = ROOT / "benchmarks/results"
WORK = ROOT / "build/bench"


def main() -> None:
    ask = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    ask.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)} (default: all)"
    )
    ask.add_argument("--quick", action="store_true", help="short windows and few: to try it out")
    ask.add_argument("--photos", type=Path, help="a folder of real photos, taken where they fit")
    ask.add_argument("--rounds", type=int, help="pairs of windows (default 7; quick 2)")
    ask.add_argument("--seconds", type=float, help="of a window (default 4; quick 1.5)")
    ask.add_argument("--keep", action="store_true", help="also write results/latest.json and .svg")
    told = ask.parse_args()
    unknown = set(told.suites) - set(SUITES)
    if unknown:
        ask.error(f"no such suite: {', '.join(unknown)}")
    options = Options(
        quick=told.quick,
        rounds=told.rounds or (2 if told.quick else 7),
        seconds=told.seconds or (1.5 if told.quick else 4.0),
    )
    facts = report.machine()
    say(f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB; {report.commit()}")
    if facts["load_before"] > 1:
        options.note(f"the machine was busy at the start: load {facts['load_before']:.1f}")
    gathered = photos.gather(WORK / "photos", told.photos)
    for photo in gathered.values():
        say(f"  {photo.name}: {photo.about}")
    results: dict[str, Any] = {
        "machine": facts,
        "commit": report.commit(),
        "options": {"rounds": options.rounds, "seconds": options.seconds, "quick": options.quick},
        "photos": {photo.name: photo.about for photo in gathered.values()},
        "suites": {},
    }
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    for name, suite in SUITES.items():
        if told.suites and name not in told.suites:
            continue
        say(f"{name}: {(suite.__doc__ or '').splitlines()[0]}")
        folder = WORK / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        results["suites"][name] = suite.run(folder, gathered, options)
        results["notes"] = options.notes
        report.write(path, results)
        shutil.rmtree(folder, ignore_errors=True)
    say(f"\nWritten: {path.relative_to(ROOT)}")
    _draw(results, path, keep=told.keep)
    for note in options.notes:
        say(f"! {note}")


def _draw(results: dict[str, Any], path: Path, *, keep: bool) -> None:
    drawn = chart.drawn(results)
    if drawn:
        path.with_suffix(".svg").write_text(drawn)
    if keep:
        shutil.copy(path, RESULTS / "latest.json")
        if drawn:
            (RESULTS / "latest.svg").write_text(drawn)


if __name__ == "__main__":
    main()
