"""Fills the disk under the whole service, takes it away, and checks what clients are told.

`scripts/full-disk` needs root: it mounts a small ext4 of its own. While the disk is full or may
only be read, no update may be told to have worked, and what was shown before must stay whole.
"""

# ruff: noqa: T201  a command prints

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests import sample_photos
from tests.endurance.service import Client, Server, command, fetched, stored

SIZE: Final = 48_000_000
BACK: Final = 5.0
"""Seconds after which it must work again once there is room."""
_STEP: Final = 16_384
_STEPS: Final = 40
_REFUSED: Final = {503, 507}
_SETTINGS: Final = {"photo_optional": "true", "log_level": "critical"}


class Disk:
    """A small file system of our own."""

    def __init__(self, folder: Path) -> None:
        """Make and mount it."""
        self.image, self.root = folder / "image", folder / "disk"
        self.root.mkdir()
        with self.image.open("wb") as image:
            image.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Mount it, repaired by its journal."""
        _run("mount", "-o", "loop", str(self.image), str(self.root))

    def unmount(self) -> None:
        """Take it away."""
        _run("umount", str(self.root))

    def break_down(self) -> None:
        """Let the kernel give it up, as after an I/O error: from now on it may only be read."""
        _run("mount", "-o", "remount,abort", str(self.root))

    def fill(self, leave: int = 0) -> None:
        """Take all the room but `leave` bytes."""
        filler = os.open(self.root / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (1_000_000, 4096):
            with suppress(OSError):
                while os.write(filler, bytes(size)):
                    pass
        os.fsync(filler)
        if leave:
            os.ftruncate(filler, max(0, os.fstat(filler).st_size - leave))
            os.fsync(filler)
        os.close(filler)

    def free(self) -> None:
        """Give all the room back."""
        (self.root / "filler").unlink()


@dataclass
class Trial:
    """The service on that disk, and what its client knows."""

    disk: Disk
    server: Server
    client: Client
    product: int
    prints: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Of each image that is shown the hashes of its files."""
    alts: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def fault(self, words: str) -> None:
        """Note what must not be."""
        self.faults.append(words)
        print("FAULT:", words, flush=True)

    def photo(self) -> bytes:
        """A photo that was never sent; it and its sizes take some 150 KB."""
        self.count += 1
        return sample_photos.jpeg(width=1100, height=500, seed=self.count)

    def attach(self) -> None:
        """Give the product one image more."""
        path, alt = f"products/{self.product}/images", f"image {self.count}"
        image = self.client.send(path, self.photo(), alt=alt).data
        self.prints[image["id"]], self.alts[image["id"]] = fetched(self.client, image), alt

    def update(self, image: int) -> int:
        """Swap a picture; the status, once it is clear that the answer told the truth."""
        photo, alt = self.photo(), f"new {self.count}"
        answer = self.client.send(f"products/images/{image}", photo, alt=alt)
        if answer.status == 201:
            self.prints[image], self.alts[image] = fetched(self.client, answer.data), alt
        elif answer.status not in _REFUSED or b'"success":false' not in answer.body:
            self.fault(f"an update answered {answer.status}: {answer.body[:200]!r}")
        return answer.status

    def check(self) -> None:
        """What is shown is what was acknowledged, and every file of it is whole."""
        shown = self.client.get(f"/admin/v2/products/{self.product}").data["images"]
        if {image["id"]: image["alt"] for image in shown} != self.alts:
            self.fault("the product shows something else than was acknowledged")
        if sum(image["main"] for image in shown) != 1:
            self.fault("the product has not one default")
        for image in shown:
            body = self.client.get(image["url"]).body
            original = self.prints[image["id"]][0]
            if sha256(body).hexdigest() != original:
                self.fault(f"image {image['id']} is not whole")

    def check_files(self) -> None:
        """Every size of every image, by the URLs that an answer tells."""
        for image, prints in self.prints.items():
            answer = self.client.send(f"products/images/{image}", note="nothing changes")
            if answer.status != 201 or fetched(self.client, answer.data) != prints:
                self.fault(f"image {image} is not whole ({answer.status})")

    def while_full(self) -> Counter[int]:
        """Many updates at once on a disk without room."""
        with ThreadPoolExecutor(4) as pool:
            statuses = Counter(pool.map(self.update, [*self.prints] * 8))
        if statuses[201]:
            self.fault("an update was told to have worked on a full disk")
        if self.client.get("/ready").status not in _REFUSED:
            self.fault("it says that it is ready")
        if self.client.get("/health").status != 200:
            self.fault("it says that it is not alive")
        self.check()
        return statuses

    def with_little_room(self) -> Counter[int]:
        """One update each with a little more room, so that every write meets the end once."""
        statuses: Counter[int] = Counter()
        for step in range(_STEPS):
            self.disk.fill(leave=step * _STEP)
            statuses[self.update(next(iter(self.prints)))] += 1
            self.check()
        return statuses

    def back(self) -> float:
        """After how many seconds an update works again."""
        begun = time.monotonic()
        while self.update(next(iter(self.prints))) != 201:
            if time.monotonic() - begun > 2 * BACK:
                self.fault("it does not work again")
                break
            time.sleep(0.05)
        if (took := time.monotonic() - begun) > BACK:
            self.fault(f"it took {took:.1f} s to work again")
        self.check_files()
        return took


def trial(disk: Disk, folder: Path, port: int) -> Trial:
    """Start the service on the disk, with three images."""
    data = disk.root / "data"
    command(data, "merchant", "create", "shop1")
    token = command(data, "token", "create", "--merchant", "shop1")
    server = Server(data, port, folder / "log", **_SETTINGS)
    client = Client(port, token)
    made = Trial(disk, server, client, client.send("products", name="Lamp").data["id"])
    for _ in range(3):
        made.attach()
    return made


def suffered(made: Trial, folder: Path) -> Iterator[tuple[str, Any]]:
    """All of it, one after the other: what was done, and the figures."""
    made.disk.fill()
    yield "full: statuses", dict(made.while_full())
    made.disk.free()
    yield "works again after", f"{made.back():.2f} s"
    yield "nearly full: statuses", dict(made.with_little_room())
    made.disk.free()
    yield "works again after", f"{made.back():.2f} s"
    made.disk.break_down()
    yield "read-only: statuses", dict(made.while_full())
    made.server.stop()
    made.disk.unmount()
    made.disk.mount()
    made.server = Server(made.disk.root / "data", made.server.port, folder / "log", **_SETTINGS)
    yield "after a repair and a restart", f"{made.back():.2f} s"
    made.server.stop()
    command(made.disk.root / "data", "sweep", keep_days="0")
    left = len(stored(made.disk.root / "data"))
    if left != 4 * len(made.prints):
        made.fault(f"{left} files are left for {len(made.prints)} images")
    yield "files after a sweep", left


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """The disk, taken away in the end whatever happened."""
    disk = Disk(folder)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk.root)], check=False, stderr=subprocess.DEVNULL)


def main(words: list[str]) -> int:
    """Run the trial; 1 when a client was told a lie, 2 when it cannot be run here."""
    argparse.ArgumentParser("full-disk", description=(__doc__ or "").splitlines()[0]).parse_args(
        words
    )
    if os.geteuid():
        print("full-disk mounts a small file system of its own, so it must run as root.")
        return 2
    with tempfile.TemporaryDirectory() as name, socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        try:
            with mounted(Path(name)) as disk:
                return told(trial(disk, Path(name), port), Path(name))
        except subprocess.CalledProcessError as exc:
            print(f"full-disk cannot mount a small ext4 here: {exc}")
            return 2


def told(made: Trial, folder: Path) -> int:
    """Print the figures as they come."""
    try:
        for what, figures in suffered(made, folder):
            print(f"{what:30}{figures}", flush=True)
    finally:
        made.server.kill()
    print(f"{'faults':30}{len(made.faults)}")
    return 1 if made.faults else 0


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
