"""`fatrina serve --ephemeral`: a complete store in one command, which disappears afterwards."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fatrina.cli import cli, ephemeral
from fatrina.directory_lock import lock_directory
from tests import client, sample_photos
from tests.client import Response
from tests.stores import PRODUCTS_PATH
from tests.test_cli import error_line
from tests.waiting import wait_until

SEED = {
    "merchants": [
        {
            "code": "cups",
            "tokens": [{"token": "known-to-the-tests"}],
            "products": [{"id": 77, "name": "كوب", "images": [{"id": 901, "file": "cup.png"}]}],
        }
    ]
}


@contextmanager
def serving(folder: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run an ephemeral service with its files in `folder`; yield the process and its report."""
    command = [sys.executable, "-m", "fatrina", "serve", "--ephemeral", "--port", "0", *args]
    environment = {**os.environ, "TMPDIR": str(folder), "FATRINA_DECODERS": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def get(report: dict[str, Any], target: str, token: str) -> Response:
    port = int(report["url"].rpartition(":")[2])
    return client.request(port, "GET", target, None, authorization=f"Bearer {token}")


def is_running(pid: int) -> bool:
    try:  # a zombie, which nobody has waited for, has no command line
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def directories(folder: Path) -> list[Path]:
    return [*folder.glob("fatrina-ephemeral-*")]


def check_seed_and_restore(folder: Path, report: dict[str, Any], data: Path) -> None:
    """Check that the commands work while a service uses the data directory."""
    product = {"id": 78, "name": "Vase", "images": [{"id": 902, "file": "cup.png"}]}
    (folder / "more.json").write_text(
        json.dumps({"merchants": [{"code": "cups", "products": [product]}]})
    )
    seed = ("seed", str(folder / "more.json"), "--data", str(data), "--url", report["url"])
    rejected = error_line(CliRunner(env={"FATRINA_ADMIN_TOKEN": ""}).invoke(cli, seed))
    assert "set FATRINA_ADMIN_TOKEN to its admin token" in rejected
    runner = CliRunner(env={"FATRINA_ADMIN_TOKEN": report["admin_token"]})
    dump = (str(folder / "all.tar"), "--data", str(data))
    restore = ("restore", *dump, "--url", report["url"], "--yes")
    for command, output in (
        (("dump", *dump), "images: 1, bytes:"),
        (seed, "merchants: 1, products: 1, images: 1\n"),
        (restore, "images: 1\n"),
    ):
        result = runner.invoke(cli, command)
        assert (result.exit_code, result.stdout.startswith(output)) == (0, True), result.output
        statuses = [
            get(report, f"{PRODUCTS_PATH}/{number}", "known-to-the-tests").status
            for number in (77, 78)
        ]
        assert statuses == [200, 200 if command[0] == "seed" else 404]
    again = runner.invoke(cli, ("seed", str(folder / "seed.json"), *seed[2:]))
    assert (again.exit_code, "id_taken" in again.stderr or "77" in again.stderr) == (1, True)


def test_a_seeded_store_disappears_afterwards(tmp_path: Path) -> None:
    folder, ready = tmp_path / "tmp", tmp_path / "ready.json"
    folder.mkdir()
    (tmp_path / "cup.png").write_bytes(sample_photos.png())
    (tmp_path / "seed.json").write_text(json.dumps(SEED))
    args = ("--seed", str(tmp_path / "seed.json"), "--admin-token", "auto")
    with serving(folder, *args, "--ready-file", str(ready)) as (process, report):
        assert json.loads(ready.read_text()) == report
        assert ready.stat().st_mode & 0o777 == 0o600
        assert report["merchants"] == [{"code": "cups", "tokens": ["known-to-the-tests"]}]
        assert report["api_url"] == f"{report['url']}/admin/v2"
        product = get(report, f"{PRODUCTS_PATH}/77", "known-to-the-tests")
        assert [image["id"] for image in product.data["images"]] == [901]
        assert get(report, "/_fatrina/requests", report["admin_token"]).status == 200
        start = get(report, "/", "")
        assert (start.status, start.headers["location"]) == (307, "/docs")
        assert get(report, "/docs", "").status == 200
        assert len(directories(folder)) == 1
        check_seed_and_restore(tmp_path, report, directories(folder)[0])
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        printed = process.stderr.read()
        assert process.wait(20) in {0, 130}  # 130: ended by Ctrl-C
    assert not directories(folder)
    for expected in (report["url"], report["docs_url"], "merchant cups", "Press Ctrl-C to stop."):
        assert expected in printed
    assert report["admin_token"] not in printed


def test_it_stops_with_its_parent_and_a_later_start_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a seed there is one merchant with a new token."""
    with serving(tmp_path) as (process, report):
        assert "admin_token" not in report
        (merchant,) = report["merchants"]
        listed = get(report, PRODUCTS_PATH, merchant["tokens"][0])
        assert (listed.status, listed.data) == (200, [])
        process.kill()
        process.wait()
    (leftover,) = directories(tmp_path)
    old = time.time() - 3600
    os.utime(leftover, (old, old))
    (foreign := tmp_path / "fatrina-ephemeral-young").mkdir()
    (running := tmp_path / "fatrina-ephemeral-running").mkdir()
    parent = (
        "import json, subprocess, sys\n"
        "command = [sys.executable, '-m', 'fatrina', 'serve', '--ephemeral', '--port', '0']\n"
        "child = subprocess.Popen([*command, '--exit-with-parent'], stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "child.wait()\n"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with lock_directory(running):
        os.utime(running, (old, old))
        with subprocess.Popen(
            [sys.executable, "-c", parent], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            pid = json.loads(process.stdout.readline())["pid"]
            assert not leftover.exists()
            process.kill()
        wait_until(lambda: not is_running(pid))
    assert {*directories(tmp_path)} == {foreign, running}


def test_the_directory_is_in_memory_if_there_is_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(ephemeral, "_MIN_FREE_BYTES", 0)
    assert ephemeral._choose_parent() == Path("/dev/shm")
    monkeypatch.setattr(ephemeral, "_MIN_FREE_BYTES", 2**63)
    assert ephemeral._choose_parent() == Path(tempfile.gettempdir())


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--seed", "seed.json"), "--seed needs --ephemeral"),
        (("--ephemeral", "--data", "x"), "exclude each other"),
        (("--ephemeral", "--seed", "/nowhere/seed.json"), "No such file"),
        (("--ephemeral", "--port", "0", "--admin-token", "abcdabcdabcdabcd"), "easy to guess"),
    ],
)
def test_options_that_do_not_fit_are_rejected(args: tuple[str, ...], reason: str) -> None:
    assert reason in error_line(CliRunner().invoke(cli, ["serve", *args]))
