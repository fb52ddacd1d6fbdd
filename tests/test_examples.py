"""The examples printed in the README work."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from typer.main import get_command

from fatrina.cli import cli
from tests import sample_photos
from tests.stores import PREFIX, ImageInProduct

ROOT = Path(__file__).parents[1]
INTERPRETERS = {
    "replace_image.py": (sys.executable,),
    "replace_image.mjs": ("node",),
    "replace_image.php": ("php",),
}


TESTING = ROOT / "examples" / "testing"
VITEST = """
const { default: setup } = await import("./vitest.globalSetup.mjs");
let report;
const teardown = await setup({ provide: (name, value) => { report = { name, ...value }; } });
const ready = await fetch(`${report.url}/ready`);
await teardown();
console.log(JSON.stringify({ name: report.name, status: ready.status }));
"""
PHPUNIT = """<?php
require __DIR__ . '/phpunit_bootstrap.php';
$ready = json_decode(file_get_contents(getenv('STORE_URL') . '/ready'), true);
echo json_encode([strlen(getenv('STORE_TOKEN')) > 20, $ready['status']]);
"""


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
    examples = ROOT / "examples"
    assert {path.name for path in examples.iterdir() if path.is_file()} == {*INTERPRETERS}
    assert {path.name for path in TESTING.iterdir()} == {
        *("compose.yaml", "github-actions.yaml"),
        *("phpunit_bootstrap.php", "vitest.globalSetup.mjs"),
    }


@pytest.mark.parametrize(
    ("example", "program", "output"),
    [
        ("vitest.globalSetup.mjs", VITEST, {"name": "fatrina", "status": 200}),
        ("phpunit_bootstrap.php", PHPUNIT, [True, "ready"]),
    ],
)
def test_setup_of_a_test_suite(tmp_path: Path, example: str, program: str, output: object) -> None:
    suffix = Path(example).suffix
    interpreter = interpreter_for(f"replace_image{suffix}")
    shutil.copy(TESTING / example, tmp_path)
    (tmp_path / f"main{suffix}").write_text(program)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "autoload.php").write_text("<?php\n")
    process = subprocess.run(
        [*interpreter, str(tmp_path / f"main{suffix}")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FATRINA": str(Path(sys.executable).with_name("fatrina"))},
    )
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout) == output


def test_the_files_for_ci_start_fatrina_with_existing_options() -> None:
    compose = yaml.safe_load((TESTING / "compose.yaml").read_text())
    workflow = yaml.safe_load((TESTING / "github-actions.yaml").read_text())
    (step,) = [each for each in workflow["jobs"]["test"]["steps"] if "ready-file" in str(each)]
    serve = getattr(get_command(cli), "commands", {})["serve"]
    known = {name for parameter in serve.params for name in parameter.opts}
    used = {*map(str, compose["services"]["fatrina"]["command"]), *step["run"].split()}
    assert {each for each in used if each.startswith("--")} <= known
