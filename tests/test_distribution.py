"""The source distribution contains tests, scripts, documents and requirements for packagers."""

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
    """Return the mode of each file of the source distribution by name."""
    folder = tmp_path_factory.mktemp("sdist")
    build = [sys.executable, "-c", BUILD, str(folder)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (archive,) = folder.glob("fatrina-*.tar.gz")
    with tarfile.open(archive) as tar:
        return {item.name.partition("/")[2]: item.mode for item in tar if item.isfile()}


@pytest.mark.parametrize("folder", FOLDERS)
def test_contains_every_file_of_a_folder(files: dict[str, int], folder: str) -> None:
    expected = {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and not {"__pycache__", "fatrina.egg-info"} & {*path.parts}
        and not path.name.startswith(".")
    }
    assert expected
    assert expected <= files.keys()


def test_contains_executable_scripts_and_top_level_files(files: dict[str, int]) -> None:
    for name in ("setup", "test", "check", "demo"):
        assert files[f"scripts/{name}"] & 0o111
    documents = {"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"}
    assert {"pyproject.toml", "LICENSE", "Dockerfile", "compose.yaml"} | documents <= files.keys()
