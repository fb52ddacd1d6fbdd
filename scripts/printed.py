"""Generate the parts of the documents that come from code: map, examples and tables.

`scripts/map` prints the map, `--write` writes every part between its markers in the documents, and
`--check` reports the first document that is out of date (exit code 1).
"""

import ast
import json
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
SETTINGS_AR: Final = ROOT / "scripts" / "settings_ar.json"
"""Arabic descriptions of the settings by the names of their fields; a test finds missing ones."""
_LANGUAGES: Final = {"py": "Python", "mjs": "JavaScript", "php": "PHP"}
_BOUNDS: Final = ((Gt, "gt", "above"), (Ge, "ge", "from"), (Le, "le", "up to"), (Lt, "lt", "below"))
_ARABIC: Final = {
    "whole number": "عدد صحيح",
    "number": "عدد",
    "true or false": "true أو false",
    "text": "نص",
    "path": "مسار",
    "list": "قائمة",
    "above": "أكبر من",
    "from": "من",
    "up to": "حتى",
    "below": "أقل من",
}
"""Arabic words for the values that a setting accepts."""
_USAGE: Final = "Usage: scripts/map [--write | --check]"


class StaleError(Exception):
    """A part that cannot be generated, or that differs from the document."""


def main(arguments: Sequence[str]) -> int:
    """Print the map, write or check all parts; return the exit code."""
    try:
        match list(arguments):
            case []:
                print(render_map())
            case ["--write"]:
                _write()
            case ["--check"]:
                _check()
            case _:
                print(_USAGE, file=sys.stderr)
                return 2
    except (StaleError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _write() -> None:
    for name, (document, generate) in PRINTED.items():
        text = document.read_text()
        new = replace_part(text, name, generate(), document)
        if new != text:
            document.write_text(new)
            print(f"{document.relative_to(ROOT)}: {name} updated")


def _check() -> None:
    for name, (document, generate) in PRINTED.items():
        text = document.read_text()
        if replace_part(text, name, generate(), document) != text:
            where = document.relative_to(ROOT)
            raise StaleError(f"{where}: the {name} is out of date: run scripts/map --write.")


def replace_part(text: str, name: str, body: str, document: Path) -> str:
    """Replace the text between the markers `<!-- name -->` and `<!-- /name -->` by `body`.

    Raises:
        StaleError: a marker is missing.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, opened, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise StaleError(f"{document.name} has no markers {start.strip()} and {end}.")
    return before + start + body + "\n" + end + after


# Map


def render_map() -> str:
    """Return the tree of modules with their first lines, in the order in which they may import."""
    rows = [*_rows(SOURCE, 0)]
    width = max(len(name) for name, _ in rows) + 2
    lines = [f"{name:<{width}}{line}".rstrip() for name, line in rows]
    return "\n".join(["```text", *lines, "```"])


def _rows(folder: Path, depth: int) -> Iterator[tuple[str, str]]:
    name = "src/fatrina/" if depth == 0 else f"{folder.name}/"
    yield "  " * depth + name, first_line(folder / "__init__.py")
    for path in sorted(folder.iterdir(), key=_sort_key):
        if (path / "__init__.py").exists():
            yield from _rows(path, depth + 1)
        elif path.suffix == ".py" and path.stem != "__init__":
            yield "  " * (depth + 1) + path.name, first_line(path)


def _sort_key(path: Path) -> tuple[int, bool, str]:
    """Return a sort key: layers in the order of the import rules, then files before folders."""
    order = _layers()
    layer = order.index(path.stem) if path.parent == SOURCE and path.stem in order else len(order)
    return layer, path.is_dir(), path.name


def _layers() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    return [name.strip().removeprefix("fatrina.") for row in layers for name in row.split("|")]


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring.

    Raises:
        StaleError: there is no docstring, or its first line is not a sentence.
    """
    docstring = ast.get_docstring(ast.parse(path.read_text()), clean=False) or ""
    line = docstring.partition("\n")[0].strip()
    if not line.endswith((".", "!", "?")):
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise StaleError(f"{where} does not begin with a docstring whose first line is a sentence.")
    return line


# Settings


def render_settings() -> str:
    """Return a table of all settings."""
    rows = ["| Setting | Default | Takes | What it is |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        accepted = _accepted_values(field)
        rows.append(_setting(name, _default(field), accepted, field.description or ""))
    return "\n".join(rows)


def render_settings_ar() -> str:
    """Return a table of all settings in Arabic; a missing description is in English."""
    rows = ["| الإعداد | القيمة المبدئية | القيم المقبولة | المعنى |", "|---|---|---|---|"]
    descriptions = json.loads(SETTINGS_AR.read_text())
    for name, field in Settings.model_fields.items():
        default, accepted = _default(field), _accepted_values(field)
        for english, arabic in _ARABIC.items():
            accepted = re.sub(rf"\b{english}\b", arabic, accepted)
        description = descriptions.get(name, field.description or "")
        rows.append(_setting(name, default.replace("(empty)", "(فارغ)"), accepted, description))
    return "\n".join(rows)


def _setting(name: str, *cells: str) -> str:
    row = (f"`FATRINA_{name.upper()}`", *cells)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if value in ("", (), None):
        return "(empty)"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text.removesuffix('.0')}`"


def _accepted_values(field: FieldInfo) -> str:
    kinds: dict[object, str] = {
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "text",
    }
    kinds |= {Path: "path", Path | None: "path"}
    kind = next((words for of, words in kinds.items() if field.annotation == of), "list")
    bounds = [
        f"{word} {getattr(each, attribute)}"
        for of, attribute, word in _BOUNDS
        for each in field.metadata
        if isinstance(each, of)
    ]
    return " ".join([kind, *bounds])


# Errors


def render_errors() -> str:
    """Return a table of all errors with their messages."""
    return _errors(
        ["| Reason | Status | `error.code` | Arabic | English |", "|---|---|---|---|---|"]
    )


def render_errors_ar() -> str:
    """Return a table of all errors with their Arabic messages."""
    return _errors(["| رمز الخطأ | الحالة | `error.code` | الرسالة |", "|---|---|---|---|"])


def _errors(rows: list[str]) -> str:
    columns = rows[1].count("---")
    for error_class in errors.subclasses():
        message = MESSAGES[error_class.reason]
        cells = (
            f"`{error_class.reason}`",
            str(error_class.status),
            f"`{error_class.code}`",
            message.ar,
            message.en,
        )
        rows.append(f"| {' | '.join(_cell(cell) for cell in cells[:columns])} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    """Return a text for a table cell: `{limit:bytes}` becomes `{limit}`, and `|` is escaped."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", text).replace("|", "\\|").strip()


# Compatibility


def render_compatibility() -> str:
    """Return the tables of compatibility in both languages."""
    english = "\n\n".join(_section(*each) for each in compatibility.report_sections("en"))
    arabic = "\n\n".join(_section(*each) for each in compatibility.report_sections("ar"))
    return f'{english}\n\n<div dir="rtl">\n\n{arabic}\n\n</div>'


def _section(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    lines = [f"| `{subjects}` | {sure} | {note} |" for subjects, sure, note in rows]
    return "\n".join([f"## {title}", "", "| | | |", "|---|---|---|", *lines])


# Examples


def render_examples() -> str:
    """Return every program in `examples/` in a collapsed section."""
    return "\n\n".join(_details(*each) for each in _LANGUAGES.items())


def _details(suffix: str, language: str) -> str:
    (path,) = EXAMPLES.glob(f"*.{suffix}")
    head = f"<details><summary>{language}: <code>examples/{path.name}</code></summary>"
    code = f"```{language.lower()}\n{path.read_text()}```"
    return f"{head}\n\n{code}\n</details>"


def render_seed() -> str:
    """Return the seed data in `examples/store/`."""
    return f"```json\n{(EXAMPLES / 'store' / 'store.json').read_text()}```"


PRINTED: Final[dict[str, tuple[Path, Callable[[], str]]]] = {
    "map": (ROOT / "docs" / "map.md", render_map),
    "examples": (ROOT / "README.md", render_examples),
    "example of a seed": (ROOT / "docs" / "emulator.md", render_seed),
    "table of settings": (ROOT / "docs" / "settings.md", render_settings),
    "table of settings in Arabic": (ROOT / "docs" / "ar" / "settings.md", render_settings_ar),
    "table of errors in Arabic": (ROOT / "docs" / "ar" / "api.md", render_errors_ar),
    "table of errors": (ROOT / "docs" / "api.md", render_errors),
    "table of compatibility": (ROOT / "docs" / "compatibility.md", render_compatibility),
}
