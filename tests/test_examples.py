"""The examples printed in the README work."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sample_photos
from tests.stores import PREFIX, ImageInProduct

ROOT = Path(__file__).parents[1]
INTERPRETERS = {
    "replace_image.py": (sys.executable,),
    "replace_image.mjs": ("node",),
    "replace_image.php": ("php",),
}


def interpreter_for(example: str) -> tuple[str, ...]:
    program = INTERPRETERS[example]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed: {example} was not run")
    return program


@pytest.mark.parametrize("example", INTERPRETERS)
def test_example_replaces_an_image(
    image_in_product: ImageInProduct, tmp_path: Path, example: str
) -> None:
    program, photo = interpreter_for(example), tmp_path / "cup.png"
    photo.write_bytes(sample_photos.png(seed=31))
    process = subprocess.run(
        [*program, str(ROOT / "examples" / example), str(image_in_product.id), str(photo)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TOKEN": image_in_product.store.token,
            "SALLA_API": f"http://127.0.0.1:{image_in_product.store.service.port}{PREFIX}",
        },
    )
    assert process.returncode == 0, process.stderr
    (image,) = image_in_product.store.product_details(image_in_product.product_id)["images"]
    assert (image["alt"], image["url"] != image_in_product.urls()["original"]) == ("كوب قهوة", True)
    assert image_in_product.store.service.get(process.stdout.strip()).status == 200


def test_every_example_is_tested() -> None:
    assert {path.name for path in (ROOT / "examples").iterdir()} == {*INTERPRETERS}
