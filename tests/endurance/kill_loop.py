"""Kill a service under load with SIGKILL, repeatedly, and check its state after each restart.

`scripts/kill-loop --rounds 200`: many clients replace photos; at a random time the server gets
SIGKILL. After the restart, each acknowledged update must be complete and of one version.

With `--database postgres`, a round kills the service, the server, or one of its sessions, after
which the server ends all sessions and recovers.
"""

# ruff: noqa: T201  a command prints

import argparse
import itertools
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from signal import SIGKILL, SIGQUIT, SIGTERM
from threading import Event, Lock
from typing import Any, Final

from tests import sample_photos
from tests.databases import ENGINES
from tests.endurance.service import LOST, Client, Server, command, fetched, stored
from tests.postgres_server import PostgresServer, run_server

PRODUCTS: Final = 3
IMAGES: Final = 3
_SWEEP_EVERY: Final = 10
_SHORTEST, _LONGEST = 0.05, 1.5
_VICTIMS: Final = ("service", "session", "server")
# An update with the same text changes nothing and returns all URLs.
_SETTINGS: Final = {"log_level": "error", "photo_optional": "true"}


@dataclass
class Update:
    """One update as seen by its client; its alt text identifies it."""

    photo: int
    sort: str
    begun: float = -inf
    ended: float = inf
    """When it was acknowledged; infinity if no response arrived."""


@dataclass
class Record:
    """All updates of one image."""

    updates: dict[str, Update] = field(default_factory=dict)

    def may_show(self, alt: str) -> bool:
        """Return whether no acknowledged update began after the one with this alt text ended."""
        shown = self.updates[alt]
        return all(each.ended == inf or each.begun <= shown.ended for each in self.updates.values())


@dataclass
class Run:
    """One run of the test."""

    data: Path
    port: int
    token: str
    photos: list[bytes]
    prints: list[tuple[str, ...]] = field(default_factory=list)
    """The hashes of the four files of each photo."""
    records: dict[int, Record] = field(default_factory=dict)
    products: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    ready: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    litter: int = 0
    lock: Lock = field(default_factory=Lock)
    names: Iterator[int] = field(default_factory=itertools.count)
    postgres: PostgresServer | None = None
    victims: Counter[str] = field(default_factory=Counter)

    @property
    def client(self) -> Client:
        """Return a client for each thread."""
        return Client(self.port, self.token)

    def start(self) -> Server:
        """Start the service on the same directory and port."""
        server = Server(self.data, self.port, self.data.parent / "log", **_SETTINGS)
        self.ready.append(server.ready_after)
        return server

    def fault(self, words: str) -> None:
        """Record and print a violation."""
        self.faults.append(words)
        print("VIOLATION:", words, flush=True)

    # The load

    def furnish(self) -> None:
        """Create the products and their images, and record the hashes of each photo's files."""
        client = self.client
        for number in range(PRODUCTS):
            product = client.send("products", name=f"Lamp {number}").data["id"]
            self.products.append(product)
            for _ in range(IMAGES):
                answer = client.send(f"products/{product}/images", self.photos[0], alt="first")
                self.records[answer.data["id"]] = Record({"first": Update(0, "")})
        image = next(iter(self.records))
        for at, photo in enumerate(self.photos):
            answer = client.send(f"products/images/{image}", photo, alt=f"trial {at}")
            self.prints.append(fetched(client, answer.data))
            self.records[image] = Record({f"trial {at}": Update(at, "")})
        if len({each for prints in self.prints for each in prints}) != 4 * len(self.photos):
            raise RuntimeError("two photos have the same files")

    def keep_updating(self, stop: Event, seed: int) -> None:
        """Replace photos until the stop event is set or the service has ended."""
        chance, client = random.Random(seed), self.client
        while not stop.is_set():
            image = chance.choice(list(self.records))
            photo, sort = chance.randrange(len(self.photos)), str(chance.randrange(9))
            fields = {"sort": sort} | ({"default": chance.choice("01")} if seed % 2 else {})
            with self.lock:
                alt = str(next(self.names))
                update = self.records[image].updates[alt] = Update(photo, sort, time.monotonic())
            try:
                answer = client.send(
                    f"products/images/{image}", self.photos[photo], alt=alt, **fields
                )
            except LOST:
                return
            self.statuses[answer.status] += 1
            if answer.status == 201:
                update.ended = time.monotonic()
            elif answer.status not in {429, 503}:
                self.fault(f"update answered {answer.status}: {answer.body[:200]!r}")

    # The checks

    def check(self) -> None:
        """Check that each image shows one complete version, not older than an acknowledged one."""
        client, alts = self.client, dict[int, str]()
        for product in self.products:
            images = client.get(f"/admin/v2/products/{product}").data["images"]
            if sum(image["main"] for image in images) != 1:
                self.fault(f"product {product} does not have exactly one default")
            alts |= {image["id"]: image["alt"] for image in images}
        if alts.keys() != self.records.keys():
            self.fault("images were lost")
        for image, record in self.records.items():
            self._check_image(client, image, record, alts[image])

    def _check_image(self, client: Client, image: int, record: Record, alt: str) -> None:
        shown = client.send(f"products/images/{image}", alt=alt).data
        if alt not in record.updates or not record.may_show(alt):
            self.fault(f"image {image}: an acknowledged update was lost")
            return
        update = record.updates[alt]
        if update.sort not in {"", str(shown["sort"])}:
            self.fault(f"image {image}: the sort belongs to another update")
        files = fetched(client, shown)
        if "" in files:
            self.fault(f"image {image}: a file is missing")
        elif files != self.prints[update.photo]:
            self.fault(f"image {image}: a rendition belongs to another version")
        # Later rounds must not show an older version than the current one.
        record.updates = {alt: Update(update.photo, update.sort)}

    def sweep(self) -> None:
        """Check that a sweep without a running service leaves exactly the current files."""
        said = command(self.data, "sweep", keep_days="0")
        self.litter += int(said.splitlines()[1].rpartition(" ")[2])
        if list((self.data / "incoming").iterdir()):
            self.fault("unfinished uploads remain")
        left = len(stored(self.data))
        if left != 4 * len(self.records):
            self.fault(f"{left} files remain for {len(self.records)} images")

    def round(self, number: int, updaters: int) -> None:
        """Start, check, load, kill; sweep periodically."""
        server = self.start()
        if not self.prints:
            self.furnish()
        self.check()
        stop = Event()
        with ThreadPoolExecutor(updaters) as pool:
            seeds = range(number * updaters, (number + 1) * updaters)
            threads = [pool.submit(self.keep_updating, stop, seed) for seed in seeds]
            time.sleep(random.uniform(_SHORTEST, _LONGEST))
            victim = random.choice(_VICTIMS) if self.postgres else "service"
            self.victims[victim] += 1
            if victim != "service":
                self.kill_postgres(victim)
                time.sleep(random.uniform(_SHORTEST, _LONGEST))
            self.dead.append(server.kill())
            stop.set()
        for thread in threads:
            thread.result()
        if number % _SWEEP_EVERY == 0:
            self.sweep()

    def kill_postgres(self, victim: str) -> None:
        """Kill a session, or the server, and start that again."""
        assert self.postgres is not None
        if victim == "server":
            self.postgres.stop(SIGQUIT)
            self.postgres.start()
            return
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fatrina'"
        pids = [pid for (pid,) in self.postgres.execute(query)]
        if pids:
            with suppress(ProcessLookupError):
                os.kill(random.choice(pids), SIGKILL)

    def last(self) -> None:
        """Check and sweep a last time, and stop the service by SIGTERM."""
        server = self.start()
        self.check()
        if server.stop() not in {0, -SIGTERM}:
            self.fault("the service did not stop cleanly")
        self.sweep()
        server = self.start()
        self.check()
        server.stop()


@contextmanager
def laid_out(folder: str | None, database: str) -> Iterator[Run]:
    """Yield a run on an empty data directory."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as name,
        socket.create_server(("", 0)) as free,
        run_server() if database == "postgres" else nullcontext() as postgres,
    ):
        if postgres is not None:
            os.environ["FATRINA_DATABASE"] = postgres.address(postgres.create_database())
        data, port = Path(name) / "data", free.getsockname()[1]
        free.close()
        command(data, "merchant", "create", "shop1")
        token = command(data, "token", "create", "--merchant", "shop1")
        photos = [
            sample_photos.jpeg(width=1050 + 8 * seed, height=300, seed=seed) for seed in range(1, 7)
        ]
        yield Run(data, port, token, photos, postgres=postgres)


def told(run: Run, rounds: int) -> None:
    """Print the figures."""
    ready = sorted(run.ready)
    rows: dict[str, Any] = {
        "kills": rounds,
        **{f"kills, {victim}": number for victim, number in sorted(run.victims.items())},
        "updates acknowledged": run.statuses[201],
        "refused (429, 503)": run.statuses[429] + run.statuses[503],
        "ready again, median": f"{ready[len(ready) // 2]:.2f} s",
        "ready again, slowest": f"{ready[-1]:.2f} s",
        "decoders gone, slowest": f"{max(run.dead):.2f} s",
        "stray files swept": run.litter,
        "faults": len(run.faults),
    }
    for name, value in rows.items():
        print(f"{name:24}{value:>12}")


def main(words: list[str]) -> int:
    """Run the test; return 1 after a violation or a slow start."""
    parser = argparse.ArgumentParser("kill-loop", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="number of kills [200]")
    parser.add_argument("--updaters", type=int, default=12, help="concurrent clients [12]")
    parser.add_argument("--ready", type=float, default=2.0, help="maximum seconds of a start [2]")
    parser.add_argument(
        "--folder", help="where the data directory is created [the temporary directory]"
    )
    parser.add_argument("--database", choices=ENGINES, default="sqlite")
    chosen = parser.parse_args(words)
    with laid_out(chosen.folder, chosen.database) as run:
        for number in range(chosen.rounds):
            run.round(number, chosen.updaters)
            if number % _SWEEP_EVERY == _SWEEP_EVERY - 1:
                print(f"{number + 1} kills, {run.statuses[201]} updates …", flush=True)
        run.last()
        slow = sum(each > chosen.ready for each in run.ready)
        if slow:
            run.fault(f"{slow} of {len(run.ready)} starts took over {chosen.ready} s")
        told(run, chosen.rounds)
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
