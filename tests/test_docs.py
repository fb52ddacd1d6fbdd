"""Documents agree with the code: generated parts, links, commands, settings, wording."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from scripts import printed, prose
from typer.main import get_command

from fatrina import __version__
from fatrina.cli import cli
from fatrina.domain.metadata_stripping.segments import MAX_SEGMENTS
from fatrina.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
ARABIC = sorted(ROOT.glob("docs/ar/*.md"))
AVOIDED_WORD = "anew"
_FENCED = re.compile("^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
_COMMAND = re.compile(r"^\$ (scripts/[\w-]+|fatrina [a-z]+(?: [a-z]+)?)", re.MULTILINE)


@pytest.mark.parametrize("name", printed.PRINTED)
def test_generated_parts_are_up_to_date(name: str) -> None:
    document, generate = printed.PRINTED[name]
    text = document.read_text()
    assert printed.replace_part(text, name, generate(), document) == text, "run scripts/map --write"


def test_map_script_prints_and_checks() -> None:
    program = [sys.executable, str(ROOT / "scripts" / "map")]
    assert subprocess.run([*program, "--check"], check=False).returncode == 0
    process = subprocess.run(program, check=True, capture_output=True, text=True)
    assert "The composition root" in process.stdout


def test_map_script_reports_a_stale_document(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = {"map": (ROOT / "docs" / "map.md", lambda: "another map")}
    monkeypatch.setattr(printed, "PRINTED", stale)
    assert printed.main(["--check"]) == 1


def test_map_script_writes_between_the_markers(
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
def test_module_without_a_summary_line_is_reported(tmp_path: Path, source: str) -> None:
    module = tmp_path / "module.py"
    module.write_text(source)
    with pytest.raises(printed.StaleError, match=r"module\.py does not begin"):
        printed.first_line(module)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_have_existing_targets(document: Path) -> None:
    for target, anchor in _LINK.findall(document.read_text()):
        if "://" in target:
            continue
        path = document.parent / target if target else document
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), f"{target}#{anchor}"


def anchors(path: Path) -> set[str]:
    """Return the anchors that code hosts generate for the headings of a document."""
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
    """Return every command of the command line with its group, such as `fatrina token list`."""
    root = get_command(cli)
    found = set()
    for name, command in getattr(root, "commands", {}).items():
        below = getattr(command, "commands", {})
        found |= {f"fatrina {name} {other}" for other in below} or {f"fatrina {name}"}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_mentioned_settings_exist(document: Path) -> None:
    known = {f"FATRINA_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bFATRINA_[A-Z_]*[A-Z]\b", document.read_text()))
    assert named <= known


def test_every_dependency_has_a_documented_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    metadata, groups = project["project"], project["dependency-groups"]
    extras = metadata["optional-dependencies"]
    required = [*metadata["dependencies"], *groups["dev"], *groups["build"]]
    required += [*extras["tls"], *extras["cluster"]]
    text = (ROOT / "docs" / "dependencies.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = set(re.findall(r"`([a-z0-9-]+)[`\[]", " ".join(rows)))
    assert documented == {re.split(r"[<>=\[]", each)[0] for each in required}


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_has_an_arabic_description() -> None:
    described = json.loads(printed.SETTINGS_AR.read_text())
    assert {*described} == {*Settings.model_fields}
    assert all(re.search(r"[\u0621-\u064a]", text) for text in described.values())


@pytest.mark.parametrize("path", ARABIC, ids=lambda path: path.name)
def test_arabic_documents_have_the_structure_of_the_english_ones(path: Path) -> None:
    english, arabic = (ROOT / "docs" / path.name).read_text(), path.read_text()
    assert _FENCED.findall(arabic) == _FENCED.findall(english)
    assert heading_levels(arabic) == heading_levels(english)
    assert first_cells(arabic) == first_cells(english)
    assert mentioned_code(arabic) == mentioned_code(english)
    assert arabic.count('<div dir="rtl">') == arabic.count("</div>") > 0


def heading_levels(text: str) -> list[str]:
    """Return the marks of all headings outside of code."""
    return re.findall(r"^(#+) ", _FENCED.sub("", text), re.MULTILINE)


def first_cells(text: str) -> list[list[str]]:
    """Return the code in the first cell of each row of a table."""
    rows = re.findall(r"^\|([^|]*)\|", _FENCED.sub("", text), re.MULTILINE)
    return [re.findall("`([^`]+)`", row) for row in rows]


def mentioned_code(text: str) -> set[str]:
    """Return the code in the text, without that of the generated tables."""
    text = re.sub(r"<!-- table of .*?<!-- /table of ", "", _FENCED.sub("", text), flags=re.DOTALL)
    return {*re.findall("`([^`]+)`", text)}


def test_changelog_has_a_section_for_the_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_tables_have_a_header(path: Path) -> None:
    """A Markdown table begins with a header row and a delimiter row; a blank line ends it."""
    lines = ["", *path.read_text().splitlines(), ""]
    for before, row, after in zip(lines, lines[1:], lines[2:], strict=False):
        if row.startswith("|") and not before.startswith("|"):
            assert re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", after), f"{row} has no header"


def test_fixed_segment_limit_is_documented() -> None:
    assert f"| {MAX_SEGMENTS:,}, fixed |" in (ROOT / "docs" / "photos.md").read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("module.py", '"""Return {word}."""'),
        ("module.py", "x = 1  # {word}"),
        ("module.py", 'message = f"{x} is {word}"'),
        ("document.md", "A line with {word}."),
        ("document.md", "```\ncode\n```\n{word}"),
        ("config.toml", "# {word}"),
        ("script", "#!/usr/bin/env python3\n# {word}"),
        ("script", "#!/usr/bin/env bash\n# {word}"),
    ],
)
def test_prose_finds_avoided_words(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text.replace("{word}", AVOIDED_WORD))
    hits = [*prose.find_hits(path)]
    assert [(hit.line, hit.found) for hit in hits] == [(1 + text.count("\n"), AVOIDED_WORD)]
    assert hits[0].suggestion == "again"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("module.py", '"""Return `{word}`, and `a\n{word}`."""'),
        ("module.py", "{word} = 1"),
        ("module.py", 'key = "{word}"'),
        ("module.py", '"""Return whether the value is None."""'),
        ("document.md", "A line with `{word}` and [a link]({word}.md)."),
        ("document.md", "```\n{word}\n```"),
        ("config.toml", '{word} = "a {word}"'),
        ("script", "#!/usr/bin/env bash\necho {word}"),
        ("document.md", "Renewed {word}al: only complete words count."),
    ],
)
def test_prose_does_not_search_code(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text.replace("{word}", AVOIDED_WORD))
    assert [*prose.find_hits(path)] == []


def test_prose_suggestions_do_not_contain_avoided_words(tmp_path: Path) -> None:
    path = tmp_path / "suggestions.md"
    path.write_text("\n".join(prose.AVOIDED.values()))
    assert [*prose.find_hits(path)] == []


def test_prose_script_prints_hits_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    path = tmp_path / "document.md"
    path.write_text(f"Plain words.\nPrinted {AVOIDED_WORD}.\n")
    assert prose.main([str(path)]) == 1
    assert capsys.readouterr().out == f"document.md:2: '{AVOIDED_WORD}': use again\n"
    assert prose.main(["--count", str(path)]) == 0
    assert capsys.readouterr().out.endswith("all: 250.00 per 1,000\n")
    path.write_text("Plain words.\n")
    assert prose.main([str(path)]) == 0


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a Git checkout")
def test_prose_script_reads_the_tracked_files() -> None:
    paths = prose.tracked_files()
    assert ROOT / "README.md" in paths
    assert ROOT / "src" / "fatrina" / "app.py" in paths
    assert ROOT / "scripts" / "check" in paths
    assert ROOT / "scripts" / "prose.py" not in paths
