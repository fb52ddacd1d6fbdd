"""CPU per update on SQLite and PostgreSQL, in alternating rounds: `python -m benchmarks.databases`.

PostgreSQL is the server of the tests with `fsync=on`, on this machine; its CPU is counted apart.
"""

import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from tests.client import encode_multipart
from tests.postgres_server import PostgresServer, run_server

from benchmarks import photos, proc
from benchmarks.servers import Fatrina

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
CONNECTIONS = 4
COUNTS = {"photo": 100, "small photo": 300, "text": 1000}
NUMBERS = count()


def main() -> None:
    shop, small = photos._shop(), photos.small()  # noqa: SLF001
    content: dict[str, bytes] = {"photo": shop, "small photo": small, "text": b""}
    figures: dict[str, list[dict[str, float]]] = {}
    with run_server(fsync="on", full_page_writes="on") as server:
        for _ in range(ROUNDS):
            for engine in ("sqlite", "postgres"):
                for kind, one in measure(engine, content, server).items():
                    figures.setdefault(f"{engine}, {kind}", []).append(one)
    for name, rounds in figures.items():
        means = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        print(name, json.dumps({key: round(value, 2) for key, value in means.items()}))


def measure(
    engine: str, content: dict[str, bytes], server: PostgresServer
) -> dict[str, dict[str, float]]:
    """Return the milliseconds per update of each kind, and updates per second."""
    settings: dict[str, Any] = {"photo_optional": "true", "log_level": "error"}
    if engine == "postgres":
        settings["database"] = server.address(server.create_database())
    assert server._process is not None  # noqa: SLF001
    database = server._process.pid  # noqa: SLF001
    found = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Fatrina(Path(folder) / "bench", **settings) as service,
    ):
        service.create_images(content["small photo"], CONNECTIONS)
        for kind, photo in content.items():
            send(service, photo, 20)
            before = cpu(service.process.pid), cpu(database), time.monotonic()
            send(service, photo, COUNTS[kind])
            after = cpu(service.process.pid), cpu(database), time.monotonic()
            spent = [each - earlier for each, earlier in zip(after, before, strict=True)]
            found[kind] = {
                "service_ms": 1000 * spent[0] / COUNTS[kind],
                "server_ms": 1000 * spent[1] / COUNTS[kind],
                "per_second": COUNTS[kind] / spent[2],
            }
    return found


def cpu(root: int) -> float:
    return sum(proc.cpu(pid) for pid in proc.tree(root))


def send(service: Fatrina, photo: bytes, number: int) -> None:
    """Send updates through as many threads as there are images."""

    def update(turn: int) -> None:
        image = service.images[turn % CONNECTIONS]
        note = str(next(NUMBERS)).encode()
        fields = {"photo": photos.varied(photo, note)} if photo else {"alt": note.decode()}
        body = encode_multipart(**fields)
        headers = service.headers | {"Content-Type": body.content_type}
        path = f"/admin/v2/products/images/{image}"
        status, response = service.request("POST", path, body.data, headers)
        assert status in {200, 201}, response

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(update, range(number)))


if __name__ == "__main__":
    main()
