"""Versions and conditional requests: restore, the cost of If-Match, lookups in large tables."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks import photos
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, figures, ratio, run_load, summarize
from benchmarks.servers import Fatrina
from benchmarks.suites.growth import grown

SIZES = (1_000, 100_000, 1_000_000)
_QUICK = (1_000, 100_000)
_IMAGES = "/admin/v2/products/images"
_COMMIT = re.compile(r'fatrina_stage_seconds_(sum|count)\{stage="commit"\} (\S+)')
Request = dict[str, Any]


def run(folder: Path, _: dict[str, Photo], options: Options) -> dict[str, Any]:
    files = []
    for number in range(2):
        path = folder / f"small-{number}.jpg"
        path.write_bytes(photos.varied(photos.small(), f"{number}".encode()))
        files.append(path)
    results: dict[str, Any] = {}
    with ExitStack() as running:
        services = {}
        for count in _QUICK if options.quick else SIZES:
            service = running.enter_context(grown(folder / str(count), count, results))
            service.create_images(files[0].read_bytes(), 1)
            _send(service, service.update(service.images[-1], file=str(files[1])))
            services[count] = service
        results["lookups"] = _lookups(services, options)
        results["conditions"] = _conditions(next(iter(services.values())), files, options)
    return results


def _lookups(services: dict[int, Fatrina], options: Options) -> dict[str, Any]:
    """Measure reads of images spread over the whole table, and restores of one image."""
    kinds: dict[str, Callable[[Fatrina], list[Request]]] = {
        "GET image": lambda service: [_get(service, f"/{image}") for image in service.images],
        "GET versions": lambda service: [
            _get(service, f"/{image}/versions") for image in service.images
        ],
        "restore": lambda service: [
            {
                "method": "POST",
                "path": f"{_IMAGES}/{service.images[-1]}/versions/{number}/restore",
                "headers": service.headers,
            }
            for number in (1, 2)
        ],
    }
    table = Table(
        "Lookups and restores, one connection: ms, compared with the smallest table",
        ("versions", *(cell for kind in kinds for cell in (kind, "ratio", "p95"))),
    )
    found: dict[str, Any] = {str(count): {} for count in services}
    for kind, build in kinds.items():
        windows = {
            str(count): _window(service, build(service), options)
            for count, service in services.items()
        }
        done = alternate(f"history {kind}", windows, options)
        least = next(iter(done.values()))
        for count, rounds in done.items():
            _note_failures(f"{count} versions, {kind}", rounds, options)
            found[count][kind] = summarize(rounds) | {"ratio": ratio(rounds, least, "p50")}
    for count, kinds_found in found.items():
        cells = [each[name] for each in kinds_found.values() for name in ("p50", "ratio", "p95")]
        table.row(f"{int(count):,}", *cells)
    table.show()
    outside = [each["restore"]["outside_commit"] for each in found.values()]
    table = Table("Restore: ms outside its transaction", ("versions", "ms"))
    for count, each in zip(found, outside, strict=True):
        table.row(f"{int(count):,}", each)
    table.show()
    return found


def _conditions(service: Fatrina, files: list[Path], options: Options) -> dict[str, Any]:
    """Measure updates with and without If-Match."""
    image = service.images[-1]
    texts = [service.update(image, fields={"alt": f"text {number}"}) for number in range(2)]
    photo = [service.update(image, file=str(file)) for file in files]
    tags = ", ".join(_etag_after(service, request) for request in texts)
    pairs = {"metadata": (texts, tags), "small photo": (photo, "*")}
    table = Table("If-Match, one connection: ms", ("update", "without", "with", "ratio", "CPU"))
    found: dict[str, Any] = {}
    for kind, (requests, condition) in pairs.items():
        conditional = [
            each | {"headers": {**each["headers"], "If-Match": condition}} for each in requests
        ]
        windows = {
            "without": _window(service, requests, options),
            "with": _window(service, conditional, options),
        }
        done = alternate(f"history {kind}", windows, options)
        for name, rounds in done.items():
            _note_failures(f"{kind} {name} If-Match", rounds, options)
        costs = {key: ratio(done["with"], done["without"], key) for key in ("p50", "cpu")}
        table.row(
            kind,
            *(median(each["p50"] for each in done[name]) for name in done),
            costs["p50"],
            costs["cpu"],
        )
        found[kind] = {name: summarize(rounds) for name, rounds in done.items()} | {"ratio": costs}
    table.show()
    return found


def _window(service: Fatrina, requests: list[Request], options: Options) -> Callable[[], Figures]:
    turn = 0

    def measure() -> Figures:
        nonlocal turn
        before = _commit_stage(service)
        result = run_load(
            service,
            [{"requests": requests, "turn": turn}],
            seconds=options.seconds,
            warm=0.3,
            memory=False,
        )
        turn = result["turn"] + 1
        seconds, count = (
            after - begun for after, begun in zip(_commit_stage(service), before, strict=True)
        )
        commit = seconds / count * 1000 if count else 0.0
        return figures(service, result) | {"outside_commit": mean(result["ms"]) - commit}

    return measure


def _commit_stage(service: Fatrina) -> tuple[float, float]:
    """Return the total seconds and the number of transactions so far."""
    _, body = service.request("GET", "/metrics", b"", service.headers)
    found = {name: float(value) for name, value in _COMMIT.findall(body.decode())}
    return found.get("sum", 0.0), found.get("count", 0.0)


def _get(service: Fatrina, path: str) -> Request:
    return {"method": "GET", "path": _IMAGES + path, "headers": service.headers}


def _send(service: Fatrina, request: Request) -> None:
    result = run_load(service, [{"requests": [request]}], seconds=0.0, once=True, memory=False)
    if list(result["statuses"]) != ["201"]:
        raise RuntimeError(f"{request['path']}: {result['statuses']} {result['errors']}")


def _etag_after(service: Fatrina, request: Request) -> str:
    """Return the entity tag of the image after a request."""
    _send(service, request)
    return service.etag(request["path"])


def _note_failures(name: str, rounds: list[Figures], options: Options) -> None:
    if failed := sum(each["failed"] for each in rounds):
        options.note(f"{name}: {failed:.0f} requests failed")
