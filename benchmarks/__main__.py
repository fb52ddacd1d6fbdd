"""Command line of the benchmarks: suites, duration, photos."""

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
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)} (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few short windows, to check that it works"
    )
    parser.add_argument("--photos", type=Path, help="a folder of real photos to use where they fit")
    parser.add_argument("--rounds", type=int, help="number of rounds (default 7; quick 2)")
    parser.add_argument("--seconds", type=float, help="length of a window (default 4; quick 1.5)")
    parser.add_argument(
        "--keep", action="store_true", help="also write results/latest.json and .svg"
    )
    args = parser.parse_args()
    unknown = set(args.suites) - set(SUITES)
    if unknown:
        parser.error(f"no such suite: {', '.join(unknown)}")
    options = Options(
        quick=args.quick,
        rounds=args.rounds or (2 if args.quick else 7),
        seconds=args.seconds or (1.5 if args.quick else 4.0),
    )
    machine = report.machine()
    say(f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; {report.commit()}")
    if machine["load_before"] > 1:
        options.note(f"the machine was busy at the start: load {machine['load_before']:.1f}")
    collected = photos.collect(WORK / "photos", args.photos)
    for photo in collected.values():
        say(f"  {photo.name}: {photo.about}")
    results: dict[str, Any] = {
        "machine": machine,
        "commit": report.commit(),
        "options": {"rounds": options.rounds, "seconds": options.seconds, "quick": options.quick},
        "photos": {photo.name: photo.about for photo in collected.values()},
        "suites": {},
    }
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    for name, suite in SUITES.items():
        if args.suites and name not in args.suites:
            continue
        say(f"{name}: {(suite.__doc__ or '').splitlines()[0]}")
        folder = WORK / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        results["suites"][name] = suite.run(folder, collected, options)
        results["notes"] = options.notes
        report.write(path, results)
        shutil.rmtree(folder, ignore_errors=True)
    say(f"\nWritten: {path.relative_to(ROOT)}")
    _write_chart(results, path, keep=args.keep)
    for note in options.notes:
        say(f"! {note}")


def _write_chart(results: dict[str, Any], path: Path, *, keep: bool) -> None:
    svg = chart.render(results)
    if svg:
        path.with_suffix(".svg").write_text(svg)
    if keep:
        shutil.copy(path, RESULTS / "latest.json")
        if svg:
            (RESULTS / "latest.svg").write_text(svg)


if __name__ == "__main__":
    main()
