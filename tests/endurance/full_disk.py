"""Fill the disk under a running service, make it read-only, and check the responses.

`scripts/full-disk` needs root: it mounts a small ext4 file system. While the disk is full or
read-only, no update may be acknowledged, and all current images must stay complete.
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
"""Seconds within which the service must work again after space is available."""
_STEP: Final = 16_384
_STEPS: Final = 40
_REFUSED: Final = {503, 507}
_SETTINGS: Final = {"log_level": "critical"}


class Disk:
    """A small file system for this test."""

    def __init__(self, folder: Path) -> None:
        """Create and mount it."""
        self.image, self.root = folder / "image", folder / "disk"
        self.root.mkdir()
        with self.image.open("wb") as image:
            image.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Mount it; its journal repairs it."""
        _run("mount", "-o", "loop", str(self.image), str(self.root))

    def unmount(self) -> None:
        """Unmount it."""
        _run("umount", str(self.root))

    def break_down(self) -> None:
        """Make the kernel remount it read-only, as after an I/O error."""
        _run("mount", "-o", "remount,abort", str(self.root))

    def fill(self, leave: int = 0) -> None:
        """Fill it except for `leave` bytes."""
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
        """Free the space again."""
        (self.root / "filler").unlink()


@dataclass
class Trial:
    """The service on that disk, and the state that its client expects."""

    disk: Disk
    server: Server
    client: Client
    product: int
    prints: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The hashes of the files of each current image."""
    alts: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def fault(self, words: str) -> None:
        """Record and print a violation."""
        self.faults.append(words)
        print("VIOLATION:", words, flush=True)

    def photo(self) -> bytes:
        """Return a new photo; it and its renditions take about 150 KB."""
        self.count += 1
        return sample_photos.jpeg(width=1100, height=500, seed=self.count)

    def attach(self) -> None:
        """Attach another image to the product."""
        path, alt = f"products/{self.product}/images", f"image {self.count}"
        image = self.client.send(path, self.photo(), alt=alt).data
        self.prints[image["id"]], self.alts[image["id"]] = fetched(self.client, image), alt

    def update(self, image: int) -> int:
        """Replace a photo; return the status after the response has been verified."""
        photo, alt = self.photo(), f"new {self.count}"
        answer = self.client.send(f"products/images/{image}", photo, alt=alt)
        if answer.status == 201:
            self.prints[image], self.alts[image] = fetched(self.client, answer.data), alt
        elif answer.status not in _REFUSED or b'"success":false' not in answer.body:
            self.fault(f"an update answered {answer.status}: {answer.body[:200]!r}")
        return answer.status

    def check(self) -> None:
        """Check that acknowledged images are current, and that all of their files are complete."""
        shown = self.client.get(f"/admin/v2/products/{self.product}").data["images"]
        if {image["id"]: image["alt"] for image in shown} != self.alts:
            self.fault("the product does not have the acknowledged images")
        if sum(image["main"] for image in shown) != 1:
            self.fault("the product does not have exactly one default")
        for image in shown:
            body = self.client.get(image["url"]).body
            original = self.prints[image["id"]][0]
            if sha256(body).hexdigest() != original:
                self.fault(f"image {image['id']} is not complete")

    def check_files(self) -> None:
        """Check each rendition of each image, by the URLs in a response."""
        for image, prints in self.prints.items():
            answer = self.client.send(f"products/images/{image}", note="nothing changes")
            if answer.status != 201 or fetched(self.client, answer.data) != prints:
                self.fault(f"image {image} is not complete ({answer.status})")

    def while_full(self) -> Counter[int]:
        """Send many updates at once to a full disk."""
        with ThreadPoolExecutor(4) as pool:
            statuses = Counter(pool.map(self.update, [*self.prints] * 8))
        if statuses[201]:
            self.fault("an update was acknowledged on a full disk")
        if self.client.get("/ready").status not in _REFUSED:
            self.fault("the service reports that it is ready")
        if self.client.get("/health").status != 200:
            self.fault("the service reports that it is not live")
        self.check()
        return statuses

    def with_little_room(self) -> Counter[int]:
        """Send one update for each fill level, so that each write fails once."""
        statuses: Counter[int] = Counter()
        for step in range(_STEPS):
            self.disk.fill(leave=step * _STEP)
            statuses[self.update(next(iter(self.prints)))] += 1
            self.check()
        return statuses

    def back(self) -> float:
        """Return the seconds until an update succeeds again."""
        begun = time.monotonic()
        while self.update(next(iter(self.prints))) != 201:
            if time.monotonic() - begun > 2 * BACK:
                self.fault("the service does not work again")
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
    """Run all steps; yield the name and the figures of each."""
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
        made.fault(f"{left} files remain for {len(made.prints)} images")
    yield "files after a sweep", left


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """Yield the disk, and always unmount it."""
    disk = Disk(folder)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk.root)], check=False, stderr=subprocess.DEVNULL)


def main(words: list[str]) -> int:
    """Run the test; return 1 after a violation, 2 if it cannot run here."""
    argparse.ArgumentParser("full-disk", description=(__doc__ or "").splitlines()[0]).parse_args(
        words
    )
    if os.geteuid():
        print("full-disk mounts a small file system, so it must run as root.")
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
    """Print the figures of each step as it ends."""
    try:
        for what, figures in suffered(made, folder):
            print(f"{what:30}{figures}", flush=True)
    finally:
        made.server.kill()
    print(f"{'violations':30}{len(made.faults)}")
    return 1 if made.faults else 0


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
