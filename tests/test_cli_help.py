"""Help, examples and completion of the commands, and the tables that they print."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from fatrina.cli import cli, tables
from fatrina.cli.help import EXAMPLES


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path of each command and the command; groups come before their commands."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


COMMANDS = [((), get_command(cli)), *commands(get_command(cli))]
LEAVES = {" ".join(path) for path, command in COMMANDS if not hasattr(command, "commands")}


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_help_is_complete(path: tuple[str, ...]) -> None:
    by_option = [CliRunner().invoke(cli, [*path, option]) for option in ("-h", "--help")]
    assert [result.exit_code for result in by_option] == [0, 0]
    assert by_option[0].stdout == by_option[1].stdout
    assert "..." not in by_option[0].stdout.replace("[OPTIONS] COMMAND [ARGS]...", "")
    assert ("Example:\n    $ " in by_option[0].stdout) == (" ".join(path) in LEAVES)


def test_there_is_an_example_for_each_command() -> None:
    assert set(EXAMPLES) == LEAVES


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_arguments_of_an_example_are_valid(name: str) -> None:
    path = name.split(" ")
    words = shlex.split(EXAMPLES[name].removeprefix("export TOKEN=$(").removesuffix(")"))
    words = words[words.index("fatrina") + 1 :]
    assert words[: len(path)] == path
    command: Any = get_command(cli)
    for part in path:
        command = command.commands[part]
    command.make_context(name, words[len(path) :]).close()


def test_commands_are_completed() -> None:
    environment = {"_FATRINA_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    process = subprocess.run(
        [Path(sys.executable).with_name("fatrina")],
        env={**os.environ, **environment, "COMP_WORDS": "fatrina mer"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert process.stdout.split() == ["merchant"]


ROWS: list[dict[str, Any]] = [
    {"code": "shop1", "name": "متجر الورد", "count": 5, "hidden": 1},
    {"code": "b", "name": None, "count": 1234, "hidden": [2]},
    {"code": "c\t\x1b[31m", "name": "e\u0301清", "count": ["x", "y"], "hidden": {}},
]


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows(ROWS, ("code", "name", "count"))
    assert capsys.readouterr().out.splitlines() == [
        "CODE     NAME        COUNT",
        "shop1    متجر الورد  5",
        "b        -           1234",
        "c  [31m  e\u0301清         x y",
    ]


def test_json_has_all_details(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows(ROWS, ("code",), as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS
    tables.print_rows([], ("code",), as_json=True, empty="Nothing.")
    assert capsys.readouterr().out == "[]\n"


def test_an_empty_table_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows([], ("code",), empty="Nothing.")
    assert capsys.readouterr() == ("", "Nothing.\n")


def test_times_are_iso_8601() -> None:
    assert tables.format_time(None) is None
    assert tables.format_time(1_800_000_000_999) == "2027-01-15T08:00:00+00:00"
