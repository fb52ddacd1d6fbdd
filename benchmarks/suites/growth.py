"""Cost of growth: updates, start-up and database size from a thousand to a million images."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks import photos, proc
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, figures, ratio, run_load, say, summarize
from benchmarks.servers import Fatrina

SIZES = (1_000, 100_000, 1_000_000)
_QUICK = (1_000, 100_000)
_PER_PRODUCT = 5
_FIRST = 20_000_000
_ASKED = 500
_STARTS = 3
_FILE = "fatrina.sqlite3"

_ROWS = f"""
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :count)
INSERT INTO products (id, merchant_id, name, sku, created_at)
SELECT {_FIRST} + n, 1, 'Product ' || n, 'SKU-' || n, :now FROM n WHERE n % {_PER_PRODUCT} = 0;
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :count)
INSERT INTO images (id, product_id, age, sort, is_default, alt, created_at)
SELECT {_FIRST} + n, {_FIRST} + n - n % {_PER_PRODUCT}, n % {_PER_PRODUCT} + 1,
  n % {_PER_PRODUCT} + 1, n % {_PER_PRODUCT} = 0, 'Image ' || n, :now FROM n;
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :count)
INSERT INTO versions (image_id, handle, secret, kind, width, height, frames, bytes, sha256,
  token_id, created_at)
SELECT {_FIRST} + n, substr(hex(randomblob(6)), 1, 12), hex(randomblob(16)), 'jpg', 4000, 3000, 1,
  4000000, hex(randomblob(32)), 1, :now FROM n
"""


def run(folder: Path, _: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    files = []
    for number in range(2):
        path = folder / f"small-{number}.jpg"
        path.write_bytes(photos.varied(photos.small(), f"{number}".encode()))
        files.append(str(path))
    with ExitStack() as running:
        services = {}
        for count in _QUICK if options.quick else SIZES:
            place = folder / str(count)
            services[count] = running.enter_context(grown(place, count, results))
        kinds: dict[str, list[dict[str, Any]]] = {
            "small photo": [{"file": file} for file in files],
            "metadata only": [{"fields": {"alt": f"text {n}"}} for n in range(2)],
        }
        for name, contents in kinds.items():
            _measured(name, contents, services, options, results)
    table = Table(
        "Growth, one connection, random images: ms outside the decoder, compared with the smallest",
        (
            "images",
            "small photo",
            "ratio",
            "p95 ms",
            "metadata",
            "ratio",
            "p95 ms",
            "start s",
            "DB MB",
        ),
    )
    for count in services:
        size = results[str(count)]
        cells: list[float | str] = [f"{count:,}"]
        for name in ("small photo", "metadata only"):
            each = size[name]
            cells += [each["median"]["outside"], each["ratios"]["outside"], each["median"]["p95"]]
        table.row(*cells, size["start_seconds"], size["database_mb"])
    table.show()
    return results


def grown(place: Path, count: int, results: dict[str, Any]) -> Fatrina:
    """Start a service with `count` images; the rows are written directly into the database file."""
    Fatrina(place).close()  # creates the tables and a merchant with a token
    begun = time.monotonic()
    with closing(sqlite3.connect(place / "data" / _FILE)) as database:
        for statement in _ROWS.split(";"):
            database.execute(statement, {"count": count, "now": time.time_ns() // 1_000_000})
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    say(f"  {count:,} images written in {time.monotonic() - begun:.0f} s")
    starts = []
    for _ in range(_STARTS - 1):
        with Fatrina(place) as service:
            starts.append(service.started)
    service = Fatrina(place)
    step = max(1, count // _ASKED)
    # Spread over the whole file, in an order that differs from that of the pages.
    service.images = [_FIRST + (n * 7919 % _ASKED) * step for n in range(min(_ASKED, count))]
    starts.append(service.started)
    size = (place / "data" / _FILE).stat().st_size / proc.MB
    results[str(count)] = {"start_seconds": sorted(starts)[_STARTS // 2], "database_mb": size}
    return service


def _measured(
    name: str,
    contents: list[dict[str, Any]],
    services: dict[int, Fatrina],
    options: Options,
    results: dict[str, Any],
) -> None:
    turns = dict.fromkeys(services, 0)

    def window(count: int) -> Callable[[], Figures]:
        service = services[count]
        # All images with one photo, then all with the other, so that each update changes bytes.
        requests = [
            service.update(image, **content) for content in contents for image in service.images
        ]

        def measure() -> Figures:
            connection = {"requests": requests, "turn": turns[count]}
            result = run_load(
                service, [connection], seconds=options.seconds, warm=0.3, memory=False
            )
            turns[count] = result["turn"] + 1
            window = figures(service, result)
            # With one connection, the rest of an update's time is what the decoders do not use.
            window["outside"] = window["p50"] - (window["cpu"] - window["cpu_front"]) * 1000
            return window

        return measure

    runs = {str(count): window(count) for count in services}
    done = alternate(f"growth {name}", runs, options)
    least = next(iter(done.values()))
    for count, rounds in done.items():
        ratios = {key: ratio(rounds, least, key) for key in ("outside", "cpu_front")}
        if failed := sum(each["failed"] for each in rounds):
            options.note(f"{count} images, {name}: {failed:.0f} requests failed")
        results[count][name] = {"median": summarize(rounds), "ratios": ratios}
