"""Generate the parts of the documents that come from code: map, examples and tables.

`scripts/map` prints the map, `--write` puts all of them between their markers in the documents, and
`--check` says which document is no longer true (exit code 1).
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from fatrina.domain import errors
from fatrina.domain.messages import MESSAGES
from fatrina.settings import Settings
from fatrina.web.reference import compatibility

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src" / "fatrina"
EXAMPLES: Final = ROOT / "examples"
_LANGUAGES: Final = {"py": "Python", "mjs": "JavaScript", "php": "PHP"}
_BOUNDS: Final = ((Gt, "gt", "above"), (Ge, "ge", "from"), (Le, "le", "up to"), (Lt, "lt", "below"))
_USAGE: Final = "Usage: scripts/map [--write | --check]"


class StaleError(Exception):
    """Something that cannot be printed, or that is no longer what would be printed."""


def main(arguments: Sequence[str]) -> int:
    """Print, write or check; the exit code."""
    try:
        match list(arguments):
            case []:
                print(the_map())
            case ["--write"]:
                _write()
            case ["--check"]:
                _check()
            case _:
                print(_USAGE, file=sys.stderr)
                return 2
    except (StaleError, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _write() -> None:
    for name, (document, print_it) in PRINTED.items():
        text = document.read_text()
        new = replaced(text, name, print_it(), document)
        if new != text:
            document.write_text(new)
            print(f"{document.relative_to(ROOT)}: {name} printed anew")


def _check() -> None:
    for name, (document, print_it) in PRINTED.items():
        text = document.read_text()
        if replaced(text, name, print_it(), document) != text:
            where = document.relative_to(ROOT)
            raise StaleError(f"{where}: the {name} is stale; scripts/map --write prints it anew.")


def replaced(text: str, name: str, body: str, document: Path) -> str:
    """`text` with `body` between the markers `<!-- name -->` and `<!-- /name -->`."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, opened, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise StaleError(f"{document.name} lacks the markers {start.strip()} and {end}.")
    return before + start + body + "\n" + end + after


# The map


def the_map() -> str:
    """The tree of modules, each with its idea, in the order in which they may import."""
    rows = [*_rows(SOURCE, 0)]
    width = max(len(name) for name, _ in rows) + 2
    lines = [f"{name:<{width}}{idea}".rstrip() for name, idea in rows]
    return "\n".join(["```text", *lines, "```"])


def _rows(folder: Path, depth: int) -> Iterator[tuple[str, str]]:
    name = "src/fatrina/" if depth == 0 else f"{folder.name}/"
    yield "  " * depth + name, idea(folder / "__init__.py")
    for path in sorted(folder.iterdir(), key=_place):
        if (path / "__init__.py").exists():
            yield from _rows(path, depth + 1)
        elif path.suffix == ".py" and path.stem != "__init__":
            yield "  " * (depth + 1) + path.name, idea(path)


def _place(path: Path) -> tuple[int, bool, str]:
    """Rings as the import rules order them; within a ring, files before folders, by name."""
    order = _layers()
    ring = order.index(path.stem) if path.parent == SOURCE and path.stem in order else len(order)
    return ring, path.is_dir(), path.name


def _layers() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    return [name.strip().removeprefix("fatrina.") for row in layers for name in row.split("|")]


def idea(path: Path) -> str:
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text()), clean=False) or ""
    line = docstring.partition("\n")[0].strip()
    if not line.endswith((".", "!", "?")):
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise StaleError(f"{where} does not begin with one line that states its idea.")
    return line


# The settings


def the_settings() -> str:
    """A row for every setting."""
    rows = ["| Setting | Default | Takes | What it is |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        cells = f"`FATRINA_{name.upper()}`", _default(field), _takes(field), field.description or ""
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if value in ("", ()):
        return "(empty)"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text.removesuffix('.0')}`"


def _takes(field: FieldInfo) -> str:
    kinds = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}
    kind = next((words for of, words in kinds.items() if field.annotation is of), "list")
    bounds = [
        f"{word} {getattr(each, attribute)}"
        for of, attribute, word in _BOUNDS
        for each in field.metadata
        if isinstance(each, of)
    ]
    return " ".join([kind, *bounds])


# The errors


def the_errors() -> str:
    """A row for every reason of a refusal."""
    rows = ["| Reason | Status | `error.code` | Arabic | English |", "|---|---|---|---|---|"]
    for leaf in errors.subclasses():
        words = MESSAGES[leaf.reason]
        cells = (f"`{leaf.reason}`", str(leaf.status), f"`{leaf.code}`", words.ar, words.en)
        rows.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    """A text fit for a table: what was seen without its unit of display, `{limit:bytes}`."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", text).replace("|", "\\|").strip()


# The table of compatibility


def the_compatibility() -> str:
    """How sure each part of the contract is, in both languages."""
    english = "\n\n".join(_section(*each) for each in compatibility.rows("en"))
    arabic = "\n\n".join(_section(*each) for each in compatibility.rows("ar"))
    return f'{english}\n\n<div dir="rtl">\n\n{arabic}\n\n</div>'


def _section(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    lines = [f"| `{subjects}` | {sure} | {note} |" for subjects, sure, note in rows]
    return "\n".join([f"## {title}", "", "| | | |", "|---|---|---|", *lines])


# The examples


def the_examples() -> str:
    """Every program in `examples/`, behind the name of its language."""
    return "\n\n".join(_folded(*each) for each in _LANGUAGES.items())


def _folded(suffix: str, language: str) -> str:
    (path,) = EXAMPLES.glob(f"*.{suffix}")
    head = f"<details><summary>{language}: <code>examples/{path.name}</code></summary>"
    code = f"```{language.lower()}\n{path.read_text()}```"
    return f"{head}\n\n{code}\n</details>"


PRINTED: Final[dict[str, tuple[Path, Callable[[], str]]]] = {
    "map": (ROOT / "docs" / "map.md", the_map),
    "examples": (ROOT / "README.md", the_examples),
    "table of settings": (ROOT / "docs" / "settings.md", the_settings),
    "table of errors": (ROOT / "docs" / "api.md", the_errors),
    "table of compatibility": (ROOT / "docs" / "compatibility.md", the_compatibility),
}
