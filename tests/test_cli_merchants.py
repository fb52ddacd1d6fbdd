"""The operator's commands for merchants, apps, webhooks, faults, seed and backup."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fatrina.actions import oauth
from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database import Database, SqliteDatabase, deliveries, schema, tokens, webhooks
from fatrina.adapters.database.deliveries import Outcome
from fatrina.cli import cli
from fatrina.domain.merchant import Profile
from fatrina.domain.types import DeliveryId, MerchantId, Millis, ProductId
from fatrina.domain.webhook import Subscription
from tests import sample_photos
from tests.stores import ADMIN_TOKEN, PRODUCTS_PATH, Service, Store
from tests.test_cli import Run, error_line, merchant, run
from tests.waiting import wait_until

__all__ = ["merchant", "run"]

REDIRECT_URI = "http://127.0.0.1:9000/cb"


@pytest.fixture
def database(merchant: str, tmp_path: Path) -> Iterator[Database]:
    assert merchant
    with SqliteDatabase(tmp_path / "data" / "fatrina.sqlite3", owner=False) as database:
        yield database


def test_plans_can_be_set_and_changed(run: Run, merchant: str) -> None:
    assert run("merchant", "create", "shop2", "--plan", "pro").exit_code == 0
    assert run("merchant", "plan", merchant, "special").exit_code == 0
    heading, *lines = run("merchant", "list").stdout.splitlines()
    assert heading.split() == ["CODE", "PLAN", "CREATED", "NAME"]
    assert [line.split()[:2] for line in lines] == [["shop1", "special"], ["shop2", "pro"]]
    assert "not a plan" in error_line(run("merchant", "plan", merchant, "gold"))
    assert "not a plan" in error_line(run("merchant", "create", "shop3", "--plan", "gold"))
    assert "no merchant" in error_line(run("merchant", "plan", "shop9", "pro"))


def test_an_owner_key_is_the_only_output(run: Run, merchant: str) -> None:
    first, second = (run("merchant", "key", merchant).stdout for _ in range(2))
    assert re.fullmatch(r"[A-Za-z0-9]{43}\n", first)
    assert first != second
    assert "no merchant" in error_line(run("merchant", "key", "shop9"))


def test_an_app_is_created_listed_and_removed(run: Run, database: Database) -> None:
    result = run("app", "create", "--name", "Mine", "--redirect", REDIRECT_URI)
    found = re.fullmatch(
        r"client_id=([A-Za-z0-9]{16})\nclient_secret=[A-Za-z0-9]{43}\n", result.stdout
    )
    assert found is not None
    heading, line = run("app", "list").stdout.splitlines()
    names = ["CLIENT_ID", "TYPE", "CREATED", "NAME", "REDIRECT_URIS", "SCOPES"]
    assert heading.split() == names
    kind, _, *rest = line.split()[1:]
    assert (line.split()[0], kind) == (found[1], "confidential")
    assert rest == ["Mine", REDIRECT_URI, "products.read_write"]
    assert [app.client_id for app in oauth.list_apps(database)] == [found[1]]
    assert run("app", "remove", found[1]).exit_code == 0
    assert "no app" in error_line(run("app", "remove", found[1]))
    assert "No apps yet" in run("app", "list").stderr


@pytest.mark.parametrize("client", ["-JCW5-data_x", "--help-me", "-hJCW5", "_x"])
def test_an_app_with_a_client_id_of_an_earlier_version_is_removed(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    monkeypatch.setattr(oauth, "random_text", lambda _: client)
    assert (
        oauth.create_app(database, "Mine", [REDIRECT_URI], public=True, now=Millis(1))[0] == client
    )
    removed = run("app", "remove", client)
    assert (removed.exit_code, removed.stdout) == (0, ""), removed.output
    assert "No apps yet" in run("app", "list").stderr


def test_an_app_has_the_scopes_that_it_was_created_with(run: Run, merchant: str) -> None:
    assert merchant
    create = ("app", "create", "--name", "Mine", "--redirect", REDIRECT_URI)
    assert run(*create).exit_code == 0
    assert run(*create, "--scope", "products.read").exit_code == 0
    apps = json.loads(run("app", "list", "--json").stdout)
    assert [app["scopes"] for app in apps] == [["products.read_write"], ["products.read"]]
    assert "not a scope" in error_line(run(*create, "--scope", "orders.read"))


def test_the_details_of_a_merchant_are_set_and_changed(run: Run, database: Database) -> None:
    created = run("merchant", "create", "shop9", "--name", "متجر", "--email", "a@b.example")
    assert created.exit_code == 0
    assert run("merchant", "edit", "shop9", "--mobile", "+966501234567").exit_code == 0
    with database.reading() as conn:
        merchant_id = tokens.find_merchant_id(conn, "shop9")
        assert merchant_id is not None
        details = tokens.find_details(conn, merchant_id)
    assert details is not None
    assert details.profile == Profile("متجر", "a@b.example", "+966501234567")
    assert "no merchant" in error_line(run("merchant", "edit", "nobody", "--name", "x"))
    assert "longer" in error_line(run("merchant", "edit", "shop9", "--name", "x" * 301))


def test_a_public_app_has_no_secret(run: Run, merchant: str) -> None:
    assert merchant
    result = run("app", "create", "--name", "Mine", "--redirect", REDIRECT_URI, "--public")
    assert "secret" not in result.stdout
    assert " public " in run("app", "list").stdout


@pytest.mark.parametrize("uri", ["http://far.example/", "https://a.example/#x", "nowhere"])
def test_an_invalid_redirect_uri_is_rejected(run: Run, uri: str) -> None:
    assert "not a valid redirect URI" in error_line(
        run("app", "create", "--name", "Mine", "--redirect", uri)
    )


def test_an_app_needs_a_name(run: Run) -> None:
    assert "name" in error_line(run("app", "create", "--name", " ", "--redirect", REDIRECT_URI))


def test_subscriptions_are_listed(run: Run, database: Database) -> None:
    assert "No subscriptions" in run("webhook", "list").stderr
    with database.writing() as tx:
        webhooks.add(
            tx, MerchantId(1), Subscription("n", "product.updated", "https://a/"), Millis(5)
        )
    heading, line = run("webhook", "list", "--merchant", "shop1").stdout.splitlines()
    names = "ID MERCHANT CREATED EVENT URL STRATEGY FAILURES PAUSED_UNTIL"
    assert heading.split() == names.split(" ")
    assert line.split()[3:] == ["product.updated", "https://a/", "signature", "0", "-"]
    (row,) = json.loads(run("webhook", "list", "--json").stdout)
    assert (row["name"], row["created"]) == ("n", "1970-01-01T00:00:00+00:00")
    assert json.loads(run("webhook", "list", "--merchant", "shop9", "--json").stdout) == []


def test_deliveries_are_listed_and_repeated(run: Run, database: Database) -> None:
    assert "No deliveries" in run("webhook", "log").stderr
    with database.writing() as tx:
        number = webhooks.add(
            tx, MerchantId(1), Subscription("n", "product.updated", "https://a/"), Millis(5)
        )
        deliveries.enqueue(tx, number, ProductId(7), b"{}", Millis(5))
    (delivery,) = json.loads(run("webhook", "log", "--json").stdout)
    assert (delivery["merchant"], delivery["event"]) == ("shop1", "product.updated")
    heading, line = run("webhook", "log").stdout.splitlines()
    names = ["ID", "TIME", "MERCHANT", "EVENT", "PRODUCT", "URL", "ATTEMPTS", "RESULT"]
    assert heading.split() == names
    assert line.split()[1] == "1970-01-01T00:00:00+00:00"
    assert line.split()[-3:] == ["https://a/", "0", "pending"]
    assert "still pending" in error_line(run("webhook", "redeliver", "1"))
    with database.writing() as tx:
        due = deliveries.find_pending(tx, DeliveryId(1))
        assert due is not None
        third = Outcome(due._replace(attempts=2), 500, "status 500")
        tx.execute(schema.deliveries.update().values(tries=2))
        assert deliveries.record_attempt(tx, third, None, Millis(9))
    failed = run("webhook", "log", "--failed").stdout.splitlines()[1]
    assert failed.split()[-5:] == ["3", "status", "500,", "given", "up"]
    assert not run("webhook", "log", "--merchant", "shop2").stdout
    assert run("webhook", "redeliver", "1").exit_code == 0
    (row,) = subscriptions.list_deliveries(database)
    assert (row.attempts, row.due_at is None) == (0, False)


@pytest.mark.parametrize("group", ["app", "fault", "merchant", "webhook"])
def test_a_group_without_a_command_prints_help(group: str) -> None:
    result = CliRunner().invoke(cli, [group])
    assert "Commands:" in result.output


def run_process(token: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fatrina", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FATRINA_ADMIN_TOKEN": token},
    )


def test_faults_are_injected_and_requests_are_listed(service: Service) -> None:
    at = ("--url", f"http://127.0.0.1:{service.port}")

    def run_command(*words: str) -> str:
        process = run_process(ADMIN_TOKEN, *words, *at)
        assert process.returncode == 0, process.stderr
        return process.stdout

    run_command("fault", "add", "503", "--path", "/nowhere/*", "--times", "2")
    heading, fault = run_command("fault", "list").splitlines()
    assert heading.split() == ["ID", "WHAT", "METHOD", "PATH", "MERCHANT", "LEFT", "HITS"]
    assert fault.split()[1:] == ["503", "*", "/nowhere/*", "-", "2", "0"]
    Store(service, "x", "no token").call("GET", PRODUCTS_PATH)
    wait_until(lambda: "The access token is invalid" in run_command("requests", "--status", "401"))
    run_command("fault", "clear")
    assert not run_command("fault", "list")
    assert run_command("requests", "--path", "/a b&c") == ""
    refused = run_process(ADMIN_TOKEN, "fault", "add", "503", "--times", "0", *at)
    assert (refused.returncode, "must be between 1 and" in refused.stderr) == (1, True)
    refused = run_process(ADMIN_TOKEN, "fault", "add", "418", *at)
    assert (refused.returncode, "Use one of these" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("token", "url", "words"),
    [
        ("", "", "Set FATRINA_ADMIN_TOKEN"),
        (ADMIN_TOKEN, "http://127.0.0.1:9", "No Fatrina service responds"),
        (ADMIN_TOKEN, "nowhere", "is not the URL"),
        ("x" * 20, "http://127.0.0.1:{port}", "rejected the request (401)"),
    ],
)
def test_unreachable_admin_endpoints_are_reported_in_one_line(
    service: Service, token: str, url: str, words: str
) -> None:
    at = ("--url", url.format(port=service.port)) if url else ()
    refused = run_process(token, "fault", "list", *at)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_seed_dump_reset_and_restore(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(sample_photos.png(seed=6))
    product = {"name": "cup", "images": [{"file": "a.png"}]}
    seed = {"merchants": [{"code": "shop1", "products": [product]}]}
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    file = str(tmp_path / "all.tar")
    result = run("seed", str(tmp_path / "seed.json"))
    assert result.stdout == "merchants: 1, products: 1, images: 1\n", result.output
    assert run("dump", file).stdout.startswith("images: 1, bytes: ")
    assert run("reset", "--yes").stdout == "images deleted: 1\n"
    assert not run("merchant", "list").stdout
    assert run("restore", file, "--yes").stdout == "images: 1\n"
    assert run("merchant", "list").stdout.splitlines()[1].split()[:2] == ["shop1", "plus"]
    for option in ("--keep-merchants", "--keep-shops"):
        assert run("reset", "--yes", option).exit_code == 0
        assert run("merchant", "list").stdout.splitlines()[1].split()[:2] == ["shop1", "plus"]
    assert run("reset").exit_code == 1
    assert run("merchant", "list").stdout
    (tmp_path / "all.tar").write_bytes(b"no dump")
    assert "Nothing was changed" in run("restore", file, "--yes").stderr
    assert {each.name for each in tmp_path.iterdir()} == {"a.png", "all.tar", "data", "seed.json"}


def test_an_invalid_seed_is_reported_line_by_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text('{"merchants": [{"code": "x"}, {"code": "shop2", "plan": "gold"}]}')
    lines = run("seed", str(file)).stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"{file}/merchants/0/code",
        f"{file}/merchants/1/plan",
    ]
    file.write_text("{")
    assert "is not JSON" in run("seed", str(file)).stderr


def test_one_merchant_is_reset(run: Run, tmp_path: Path) -> None:
    seed = {
        "merchants": [{"code": code, "products": [{"name": "p"}]} for code in ("shop1", "shop2")]
    }
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    assert run("seed", str(tmp_path / "seed.json")).exit_code == 0
    assert run("reset", "--merchant", "shop1", "--yes").stdout == "images deleted: 0\n"
    assert [row["code"] for row in json.loads(run("merchant", "list", "--json").stdout)] == [
        "shop2"
    ]


def test_seeding_twice_reports_the_conflict(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    product = {"name": "Cup", "sku": "CUP-1"}
    file.write_text(json.dumps({"merchants": [{"code": "shop1", "products": [product]}]}))
    assert run("seed", str(file)).exit_code == 0
    result = run("seed", str(file))
    error_line = (
        'The SKU "CUP-1" belongs to another product. Choose another SKU. Nothing was added.'
    )
    assert (result.exit_code, result.stderr) == (1, f"/merchants/0/products/0: {error_line}\n")
