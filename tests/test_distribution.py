"""The source distribution holds what a packager needs: tests, scripts, documents, requirements."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = """
import sys
from setuptools import build_meta
build_meta.build_sdist(sys.argv[1])
"""
FOLDERS = ("docs", "examples", "requirements", "scripts", "src", "tests", "typings")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The files of the source distribution by name, each with its mode."""
    folder = tmp_path_factory.mktemp("sdist")
    build = [sys.executable, "-c", BUILD, str(folder)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (archive,) = folder.glob("fatrina-*.tar.gz")
    with tarfile.open(archive) as opened:
        return {each.name.partition("/")[2]: each.mode for each in opened if each.isfile()}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_a_folder_is_in_it(files: dict[str, int], folder: str) -> None:
    there = {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and not {"__pycache__", "fatrina.egg-info"} & {*path.parts}
        and not path.name.startswith(".")
    }
    assert there
    assert there <= files.keys()


def test_scripts_can_be_run_from_it(files: dict[str, int]) -> None:
    for name in ("setup", "test", "check", "demo"):
        assert files[f"scripts/{name}"] & 0o111
    assert "pyproject.toml" in files
    assert "ARCHITECTURE.md" in files
