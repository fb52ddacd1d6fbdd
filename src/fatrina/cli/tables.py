"""Print lists: an aligned table with headings for people, or JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from unicodedata import combining, east_asian_width

import typer

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print a JSON list with all details instead of a table.")
]
_GAP: Final = "  "


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool = False,
    empty: str = "",
) -> None:
    """Print rows as a table of `columns`, or as JSON with all of their values.

    Without rows, the table is replaced by the line `empty` on standard error.
    """
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        lines = [[column.upper() for column in columns]]
        lines += [[_cell(row[column]) for column in columns] for row in rows]
        widths = [max(map(_width, cells)) for cells in zip(*lines, strict=True)]
        for line in lines:
            padded = [
                cell + " " * (width - _width(cell))
                for cell, width in zip(line, widths, strict=True)
            ]
            typer.echo(_GAP.join(padded).rstrip())
    else:
        typer.echo(empty, err=True)


def format_time(milliseconds: int | None) -> str | None:
    """Return a timestamp as ISO 8601 in UTC, to the second."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"
    text = "" if value is None else str(value)
    # A tab or an escape sequence in a name must not break the table or the terminal.
    return "".join(each if each.isprintable() else " " for each in text) or "-"


def _width(text: str) -> int:
    """Return the number of terminal columns that a text takes."""
    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in {"W", "F"} else 1 for each in text
    )
