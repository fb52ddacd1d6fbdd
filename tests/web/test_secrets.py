"""Protection of secrets: guessing, printing, revocation, and permissions of files."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fatrina.actions import access, oauth
from fatrina.actions.access import generate_token
from fatrina.actions.clock import Clock
from fatrina.adapters.database import SqliteDatabase
from fatrina.adapters.rate_limits import FileBucketStore
from fatrina.cli import cli
from fatrina.domain.access import is_guessable, token_hint
from fatrina.domain.oauth import OAuthError
from fatrina.domain.types import MerchantId, Millis
from fatrina.settings import Settings
from tests import client
from tests.stores import ADMIN_TOKEN, PRODUCTS_PATH, Service, Store, run_service

INVALID_TOKEN = "word of the house"
FAULTS_PATH = "/_fatrina/faults"


def settings(**given: Any) -> Settings:
    return Settings(**given)


@pytest.fixture
def admin_service(tmp_path: Path) -> Iterator[Service]:
    with run_service(tmp_path, admin_token=ADMIN_TOKEN) as service:
        yield service


# The admin token


@pytest.mark.parametrize(
    "token", ["a" * 16, "ab" * 20, "password" * 3, "0123456789abcdef", "x" * 15]
)
def test_guessable_tokens(token: str) -> None:
    assert is_guessable(token)


def test_random_tokens_are_not_guessable() -> None:
    assert not any(is_guessable(generate_token()) for _ in range(50))
    assert not is_guessable("d41d8cd98f00b204e9800998ecf8427e")


@pytest.mark.parametrize("command", ["serve", "doctor"])
@pytest.mark.parametrize("token", ["secret word of this house", "a" * 16, "too-short-one"])
def test_rejected_admin_token_is_not_printed(tmp_path: Path, command: str, token: str) -> None:
    program = [sys.executable, "-m", "fatrina", command, "--data", str(tmp_path / "data")]
    env = {**os.environ, "FATRINA_ADMIN_TOKEN": token}
    process = subprocess.run(program, env=env, capture_output=True, text=True, check=False)
    assert process.returncode != 0
    assert "FATRINA_ADMIN_TOKEN" in process.stdout + process.stderr
    assert token not in process.stdout + process.stderr


def test_settings_do_not_print_the_admin_token() -> None:
    assert ADMIN_TOKEN not in repr(settings(admin_token=ADMIN_TOKEN))
    with pytest.raises(ValueError, match="admin_token") as exc_info:
        settings(admin_token=INVALID_TOKEN)
    assert INVALID_TOKEN not in str(exc_info.value)


def test_wrong_tokens_are_delayed_and_the_right_one_is_not(admin_service: Service) -> None:
    def guess(number: int) -> int:
        wrong = f"Bearer wrong-token-{number:08}"
        return client.request(admin_service.port, "GET", FAULTS_PATH, authorization=wrong).status

    with ThreadPoolExecutor(16) as threads:
        start = time.monotonic()
        statuses = list(threads.map(guess, range(90)))
        assert time.monotonic() - start > 2  # 30 more than the burst, at ten per second
        assert set(statuses) <= {401, 429}
        other_guesses = threads.map(guess, range(40))
        response = client.request(
            admin_service.port, "GET", FAULTS_PATH, authorization=f"Bearer {ADMIN_TOKEN}"
        )
        assert response.status == 200
        assert set(other_guesses) <= {401, 429}


# Tokens of merchants and apps


def test_token_hint_is_at_most_a_quarter() -> None:
    assert token_hint("12345678") == "12"
    assert len(token_hint("x" * 40)) == 10
    assert token_hint(generate_token()).startswith("fatrina_")


def test_revoking_an_app_token_revokes_its_grant(strict_service: Service) -> None:
    services, store = strict_service.services, Store.create(strict_service)
    database, clock = services.database, services.clock
    client_id, _ = oauth.create_app(
        database, "a", ["http://127.0.0.1:9/cb"], public=True, now=clock()
    )
    app = oauth.find_app(services, client_id)
    key = oauth.rotate_owner_key(database, store.merchant_code, Millis(1))
    assert app is not None
    assert key is not None
    authorization = oauth.AuthorizationRequest(
        app, app.redirect_uris[0], "products.read offline_access", None
    )
    code = oauth.approve(services, authorization, store.merchant_code, key, clock())
    assert code is not None
    issued = oauth.exchange(
        *(services, app), code=code, redirect=app.redirect_uris[0], verifier="", now=clock()
    )
    token = max(
        row.id for row in access.list_tokens(database) if row.merchant_code == store.merchant_code
    )
    assert access.revoke_token(database, token, clock())
    assert (
        Store(strict_service, store.merchant_code, issued.access).call("GET", PRODUCTS_PATH).status
        == 401
    )
    with pytest.raises(OAuthError):
        oauth.refresh(services, app, issued.refresh or "", "", clock())
    assert not access.revoke_token(database, token, clock())
    assert store.call("GET", PRODUCTS_PATH).status == 200


# Files


def modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.glob("*.sqlite3*")}


def test_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "fatrina.sqlite3") as database:
        database.migrate()
        with FileBucketStore(tmp_path / "limits.sqlite3", Clock()) as buckets:
            buckets.update(MerchantId(1), lambda _: 5)
            found = modes(tmp_path)
    assert len(found) == 6
    assert set(found.values()) == {0o600}


def test_existing_database_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "fatrina.sqlite3"
    with SqliteDatabase(path) as database:
        database.migrate()
    path.chmod(0o644)
    with SqliteDatabase(path) as database:
        database.check_writable()
        assert set(modes(tmp_path).values()) == {0o600}


def test_new_data_directory_and_dump_are_private(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "a.tar"
    for command in (["merchant", "create", "shop1"], ["dump", str(file)]):
        assert CliRunner().invoke(cli, [*command, "--data", str(data)]).exit_code == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
