"""The operator's commands: their output and their exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fatrina import __version__
from fatrina.actions import access
from fatrina.actions.clock import Clock
from fatrina.adapters.reserve import Reserve
from fatrina.cli import cli
from fatrina.data_directory import lock_data_directory
from fatrina.domain.access import hash_token
from tests.configured import settings_for

Run = Callable[..., Result]
TOKEN_LINE = re.compile(r"fatrina_[A-Za-z0-9]{43}\n")
DURATIONS = {"30s": 30, "5m": 300, "1h": 3600, "14d": 1_209_600, "2w": 1_209_600}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command on a data directory of this test."""

    def run(*args: str) -> Result:
        return CliRunner().invoke(cli, [*args, "--data", str(tmp_path / "data")])

    return run


@pytest.fixture
def merchant(run: Run) -> str:
    assert run("merchant", "create", "shop1").exit_code == 0
    return "shop1"


def error_line(result: Result) -> str:
    """Return the one line that a failed command printed on standard error, its only output."""
    assert result.exit_code == 1, result.output
    assert not result.stdout
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_merchant_is_created_once(run: Run, merchant: str) -> None:
    assert "already" in error_line(run("merchant", "create", merchant))


@pytest.mark.parametrize("code", ["abc", "toolong", "a-bc", "متجر", "ab 12", ""])
def test_an_invalid_merchant_code_is_rejected(run: Run, code: str) -> None:
    assert "4 to 6 letters and digits" in error_line(run("merchant", "create", code))


def test_a_token_is_the_only_output(run: Run, merchant: str) -> None:
    result = run("token", "create", "--merchant", merchant)
    assert result.exit_code == 0
    assert TOKEN_LINE.fullmatch(result.stdout)
    assert not result.stderr


@pytest.mark.parametrize(("duration", "seconds"), DURATIONS.items())
def test_expiry(run: Run, merchant: str, tmp_path: Path, duration: str, seconds: int) -> None:
    before = Clock()()
    result = run("token", "create", "--merchant", merchant, "--expires", duration)
    assert result.exit_code == 0
    with (
        lock_data_directory(settings_for(tmp_path / "data"), create=True) as folder,
        folder.open_database() as database,
    ):
        (row,) = access.list_tokens(database)
    assert before + seconds * 1000 <= row.expires_at <= Clock()() + seconds * 1000


@pytest.mark.parametrize(
    "duration", ["1y", "14", "d", "-1d", "1.5h", "\u0661d", "1d ", "", "9999999s"]
)
def test_an_invalid_duration_is_rejected(run: Run, merchant: str, duration: str) -> None:
    args = error_line(run("token", "create", "--merchant", merchant, "--expires", duration))
    assert "not a valid duration" in args


def test_a_too_long_duration_is_rejected(run: Run, merchant: str) -> None:
    args = error_line(run("token", "create", "--merchant", merchant, "--expires", "999999w"))
    assert "too long" in args


@pytest.mark.parametrize("scope", ["products.write", "", " ", "products.read,products.read_write"])
def test_an_invalid_scope_is_rejected(run: Run, merchant: str, scope: str) -> None:
    args = error_line(run("token", "create", "--merchant", merchant, "--scope", scope))
    assert "products.read or products.read_write" in args


def test_a_token_needs_an_existing_merchant(run: Run) -> None:
    assert "fatrina merchant create" in error_line(run("token", "create", "--merchant", "shop2"))


def test_tokens_are_listed_by_prefix_and_revoked(run: Run, merchant: str) -> None:
    token = run("token", "create", "--merchant", merchant).stdout.strip()
    heading, line = run("token", "list").stdout.splitlines()
    names = ["ID", "MERCHANT", "TOKEN", "SCOPE", "CREATED", "EXPIRES", "STATE"]
    assert heading.split() == names
    identifier, code, prefix, scope, _, until, state = line.split()
    assert (code, scope, state) == (merchant, "products.read_write", "valid")
    assert token.startswith(prefix.removesuffix("…"))
    assert token not in prefix
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", until)
    assert run("token", "revoke", identifier).exit_code == 0
    assert run("token", "list").stdout.endswith(" revoked\n")
    (row,) = json.loads(run("token", "list", "--json").stdout)
    assert (row["id"], row["state"], row["expires"]) == (1, "revoked", until)
    assert "no token" in error_line(run("token", "revoke", identifier))


def test_an_expired_token_is_listed_as_expired(run: Run, merchant: str) -> None:
    run("token", "create", "--merchant", merchant, "--expires", "0s")
    assert run("token", "list").stdout.endswith(" expired\n")


def test_an_empty_token_list(run: Run) -> None:
    run("merchant", "create", "shop1")
    listed = run("token", "list")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "No tokens yet" in listed.stderr


def test_commands_work_while_a_server_is_running(run: Run, merchant: str, tmp_path: Path) -> None:
    with (
        lock_data_directory(settings_for(tmp_path / "data"), create=True) as folder,
        folder.open_database() as database,
    ):
        assert folder.is_owner
        token = run("token", "create", "--merchant", merchant).stdout.strip()
        assert run("merchant", "create", "shop2").exit_code == 0
        assert run("sweep").exit_code == 0
        assert [row.hint for row in access.list_tokens(database)] == [token[:12]]
        assert run("token", "revoke", "1").exit_code == 0
        with database.reading() as conn:
            stored = conn.exec_driver_sql("SELECT hash, revoked_at FROM tokens").one()
    assert stored[0] == hash_token(token)
    assert stored[1] is not None


def test_a_missing_data_directory_is_reported_and_not_created(run: Run, tmp_path: Path) -> None:
    for command in (("token", "list"), ("token", "revoke", "1"), ("sweep",)):
        result = run(*command)
        assert result.exit_code == 1
        assert "does not exist" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_sweep_of_an_empty_data_directory(run: Run) -> None:
    run("merchant", "create", "shop1")
    assert run("sweep", "--dry-run").stdout.splitlines() == [
        "expired images to delete: 0",
        "orphaned files to delete: 0",
        "incomplete uploads to delete: 0",
    ]


def test_a_sweep_deletes_leftovers_but_a_dry_run_does_not(run: Run, tmp_path: Path) -> None:
    run("merchant", "create", "shop1")
    upload = tmp_path / "data" / "incoming" / "half"
    orphan = tmp_path / "data" / "media" / "shop1" / "ab" / f"ab{'c' * 38}.jpg"
    for leftover in (upload, orphan):
        leftover.parent.mkdir(parents=True)
        leftover.write_bytes(b"?")
    assert [line[-1] for line in run("sweep", "--dry-run").stdout.splitlines()] == ["0", "1", "1"]
    assert upload.exists()
    assert orphan.exists()
    assert [line[-1] for line in run("sweep").stdout.splitlines()] == ["0", "1", "1"]
    assert not upload.exists()
    assert not orphan.exists()


def test_an_invalid_database_is_reported_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fatrina.sqlite3").write_bytes(b"no database " * 1000)
    assert "fatrina doctor" in error_line(run("token", "list"))


def test_a_directory_that_cannot_be_created_is_reported_in_one_line() -> None:
    result = CliRunner().invoke(cli, ["merchant", "create", "shop1", "--data", "/proc/none"])
    assert "/proc/none" in error_line(result)


def test_an_invalid_setting_names_its_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATRINA_KEEP_DAYS", "many")
    result = run("sweep")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("FATRINA_KEEP_DAYS: ")


def test_an_invalid_setting_is_reported_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATRINA_ADMIN_TOKEN", "short")
    assert run("sweep").stderr == (
        "FATRINA_ADMIN_TOKEN: must be 16 to 512 letters, digits or ._~+/=-\n"
    )


def test_the_module_runs_the_command() -> None:
    error_line = subprocess.run(
        [sys.executable, "-m", "fatrina", "--version"],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert error_line.stdout == f"{__version__}\n"


@pytest.mark.parametrize("command", [("sweep",), ("token", "revoke", "1"), ("app", "remove", "x")])
def test_commands_that_free_space_use_the_reserve(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    run("merchant", "create", "shop1")
    run("token", "create", "--merchant", "shop1")
    reserve = tmp_path / "data" / "reserve"
    reserve.write_bytes(b"x")
    monkeypatch.setattr("fatrina.adapters.reserve._free_bytes", lambda _: 0)
    sizes = []

    def delete(instance: Reserve) -> None:
        sizes.append(instance._path.stat().st_size if instance._path.exists() else 0)
        instance._path.unlink(missing_ok=True)

    monkeypatch.setattr(Reserve, "_delete", delete)
    run(*command)
    assert sizes[0] == 1
    assert reserve.stat().st_size == 8_000_000
