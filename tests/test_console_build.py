"""The built files of the console belong to its sources, and are small."""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Final

CONSOLE: Final = Path(__file__).parents[1] / "console"
STATIC: Final = CONSOLE / "../src/fatrina/web/console/static"
MAX_GZIPPED_BYTES: Final = 90_000


def test_built_files_belong_to_the_sources() -> None:
    """`scripts/build-console --check` compares a new build, where Node.js is available."""
    lines = (CONSOLE / "built.sha256").read_text().splitlines()
    built = {name: digest for digest, name in (line.split("  ") for line in lines)}
    changed = [
        name
        for name, digest in built.items()
        if not (CONSOLE / name).is_file()
        or sha256((CONSOLE / name).read_bytes()).hexdigest() != digest
    ]
    assert not changed, "run scripts/build-console"
    sources = {
        str(path.relative_to(CONSOLE))
        for folder in ("src", "public")
        for path in (CONSOLE / folder).rglob("*")
        if path.is_file()
    }
    assert sources <= built.keys()


def test_built_files_are_small() -> None:
    files = [path for path in STATIC.iterdir() if path.suffix in {".js", ".css"}]
    assert len(files) == 2
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= MAX_GZIPPED_BYTES


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (CONSOLE / "package-lock.json").read_text()
