"""Prose that can be held true is held true."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from scripts import printed
from typer.main import get_command

from fatrina import __version__
from fatrina.cli import cli
from fatrina.domain.metadata_stripping.segments import SEGMENT_LIMIT
from fatrina.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
_COMMAND = re.compile(r"^\$ (scripts/[\w-]+|fatrina [a-z]+(?: [a-z]+)?)", re.MULTILINE)


@pytest.mark.parametrize("name", printed.PRINTED)
def test_what_is_printed_from_the_code_is_true(name: str) -> None:
    document, print_it = printed.PRINTED[name]
    text = document.read_text()
    assert printed.replaced(text, name, print_it(), document) == text, "run scripts/map --write"


def test_the_script_runs() -> None:
    program = [sys.executable, str(ROOT / "scripts" / "map")]
    assert subprocess.run([*program, "--check"], check=False).returncode == 0
    shown = subprocess.run(program, check=True, capture_output=True, text=True)
    assert "The composition root" in shown.stdout


def test_the_script_tells_a_stale_document(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = {"map": (ROOT / "docs" / "map.md", lambda: "another map")}
    monkeypatch.setattr(printed, "PRINTED", stale)
    assert printed.main(["--check"]) == 1


def test_the_script_writes_between_the_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "a.md"
    document.write_text("before\n<!-- map -->\nold\n<!-- /map -->\nafter\n")
    monkeypatch.setattr(printed, "ROOT", tmp_path)
    monkeypatch.setattr(printed, "PRINTED", {"map": (document, lambda: "new")})
    assert printed.main(["--write"]) == 0
    assert document.read_text() == "before\n<!-- map -->\nnew\n<!-- /map -->\nafter\n"
    document.write_text("no markers")
    assert printed.main(["--check"]) == 1


@pytest.mark.parametrize(
    "source", ["x = 1\n", '"""No end"""\n', "# A comment.\n", '"""\n\nLate."""']
)
def test_a_module_without_a_first_line_is_told(tmp_path: Path, source: str) -> None:
    module = tmp_path / "module.py"
    module.write_text(source)
    with pytest.raises(printed.StaleError, match=r"module\.py does not begin"):
        printed.idea(module)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target, anchor in _LINK.findall(document.read_text()):
        if "://" in target:
            continue
        path = document.parent / target if target else document
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), f"{target}#{anchor}"


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(document: Path) -> None:
    known = set(commands())
    for command in _COMMAND.findall(document.read_text()):
        if command.startswith("scripts/"):
            assert (ROOT / command).stat().st_mode & 0o100, command
        else:
            assert {command, command.rpartition(" ")[0]} & known, command


def commands() -> set[str]:
    """Every command of the command line, written out."""
    root = get_command(cli)
    found = set()
    for name, command in getattr(root, "commands", {}).items():
        below = getattr(command, "commands", {})
        found |= {f"fatrina {name} {other}" for other in below} or {f"fatrina {name}"}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_settings_that_are_named_exist(document: Path) -> None:
    known = {f"FATRINA_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bFATRINA_[A-Z_]*[A-Z]\b", document.read_text()))
    assert named <= known


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    heads, groups = project["project"], project["dependency-groups"]
    wanted = [*heads["dependencies"]]
    wanted += [*groups["dev"], *groups["build"]]
    text = (ROOT / "docs" / "dependencies.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    told = set(re.findall(r"`([a-z0-9-]+)`", " ".join(rows)))
    assert told == {re.split("[<>=]", each)[0] for each in wanted}


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_version_has_its_changes() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_tables_are_whole(path: Path) -> None:
    """A table begins with a head and a line of dashes; rows behind a blank line are not in it."""
    lines = ["", *path.read_text().splitlines(), ""]
    for before, row, after in zip(lines, lines[1:], lines[2:], strict=False):
        if row.startswith("|") and not before.startswith("|"):
            assert re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", after), f"{row} has no head"


def test_the_fixed_limit_on_segments_is_documented() -> None:
    assert f"| {SEGMENT_LIMIT:,}, fixed |" in (ROOT / "docs" / "photos.md").read_text()
