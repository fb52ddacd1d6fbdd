"""The examples that the README prints run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sample_photos
from tests.stores import PREFIX, Hung

ROOT = Path(__file__).parents[1]
RUNS = {
    "swap.py": (sys.executable,),
    "swap.mjs": ("node",),
    "swap.php": ("php",),
}


def run_of(example: str) -> tuple[str, ...]:
    program = RUNS[example]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed: {example} was not run")
    return program


@pytest.mark.parametrize("example", RUNS)
def test_an_example_swaps_a_picture(hung: Hung, tmp_path: Path, example: str) -> None:
    program, photo = run_of(example), tmp_path / "cup.png"
    photo.write_bytes(sample_photos.png(seed=31))
    done = subprocess.run(
        [*program, str(ROOT / "examples" / example), str(hung.id), str(photo)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TOKEN": hung.shop.token,
            "SALLA_API": f"http://127.0.0.1:{hung.shop.service.port}{PREFIX}",
        },
    )
    assert done.returncode == 0, done.stderr
    (image,) = hung.shop.details(hung.product)["images"]
    assert (image["alt"], image["url"] != hung.urls()["original"]) == ("كوب قهوة", True)
    assert hung.shop.service.get(done.stdout.strip()).status == 200


def test_there_are_no_others() -> None:
    assert {path.name for path in (ROOT / "examples").iterdir()} == {*RUNS}
