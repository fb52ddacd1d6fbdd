"""Update Image end to end, 8 connections: Fatrina, the limit K, and the two peers."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import photos
from benchmarks.photos import Photo
from benchmarks.report import Table
from benchmarks.rounds import Figures, Options, alternate, ratio, summarize, update_window
from benchmarks.servers import (
    CONNECTIONS,
    Fatrina,
    MissingError,
    Pillow,
    Server,
    Sharp,
    kernel_window,
)

K = "K"
MIX = "mix"
_LOAD = ("", "updates/s", "vs K", "Fatrina is", "p50 ms", "p95 ms", "p95 ratio", "p99 ms")
_COST = ("CPU ms", "vs K", "client", "MB all", "MB front", "MB each")
_HEAD = (*_LOAD, *_COST)


def run(folder: Path, collected: dict[str, Photo], options: Options) -> dict[str, Any]:
    results: dict[str, Any] = {}
    with ExitStack() as running:
        service = running.enter_context(Fatrina(folder / "fatrina"))
        service.create_images(photos.small())
        servers: dict[str, Server] = {service.name: service}
        less: dict[str, Server] = {}
        for make in (Pillow, Sharp):
            try:
                servers[make.name] = running.enter_context(make(folder / make.name))
                name = f"{make.name}, original unchanged"
                less[name] = running.enter_context(make(folder / name, keep=True))
            except MissingError as exc:
                options.note(f"{make.name} is left out: {exc}")
        for name in (*photos.MAIN, MIX):
            chosen = list(collected.values()) if name == MIX else [collected[name]]
            some = servers | less if name == MIX or not options.quick else servers
            results[name] = _measured(name, chosen, some, options)
    return results


def _measured(
    name: str, chosen: list[Photo], servers: dict[str, Server], options: Options
) -> dict[str, Any]:
    # Seven photos and two variants, so that each update changes the bytes.
    files = [str(photo.paths[turn % 2]) for turn in range(2) for photo in chosen]
    if len(chosen) > 1:
        files = [str(chosen[at % len(chosen)].paths[at % 2]) for at in range(2 * len(chosen))]
    # A mix is complete when every photo had its turn.
    enough = CONNECTIONS * (len(chosen) if len(chosen) > 1 and not options.quick else 2)
    turns = dict.fromkeys([*servers, K], 0)

    def window(subject: str, server: Server) -> Callable[[], Figures]:
        def measure() -> Figures:
            window, turns[subject] = update_window(
                server, files, turns[subject], options.seconds, enough=enough
            )
            return window

        return measure

    def kernel() -> Figures:
        turns[K] += 1
        return kernel_window([str(photo.paths[0]) for photo in chosen], options.seconds, turns[K])

    runs = {subject: window(subject, server) for subject, server in servers.items()} | {K: kernel}
    done = alternate(f"update {name}", runs, options)
    ours = done[Fatrina.name]
    table = Table(
        f"Update, {name}, 8 connections",
        _HEAD,
    )
    result: dict[str, Any] = {}
    for subject, rounds in done.items():
        total = summarize(rounds)
        against = {
            "rate_to_k": ratio(rounds, done[K], "rate"),
            "cpu_to_k": ratio(rounds, done[K], "cpu"),
            "fatrina_rate": ratio(ours, rounds, "rate"),
        }
        if subject != K:
            against["fatrina_p95"] = ratio(ours, rounds, "p95")
        result[subject] = {"median": total, "ratios": against, "rounds": rounds}
        table.row(
            subject, total["rate"], against["rate_to_k"], against["fatrina_rate"], total.get("p50"),
            total.get("p95"), against.get("fatrina_p95"), total.get("p99"), total["cpu"] * 1000,
            against["cpu_to_k"], total.get("cpu_client", 0) * 1000, total["memory"],
            total.get("peak_front", total.get("peak")), total.get("peak_others"),
        )  # fmt: skip
        if total.get("failed"):
            options.note(f"{subject}, {name}: {total['failed']:.0f} requests of a round failed")
    table.show()
    return result
