"""The doctor finds problems, recommends actions, and changes nothing."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict

from fatrina.actions.clock import Clock
from fatrina.adapters.database import deliveries, schema, webhooks
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.decoder import Handshake
from fatrina.data_directory import lock_data_directory
from fatrina.doctor import directory_checks, run_checks, settings_checks, system_checks
from fatrina.doctor.report import Report
from fatrina.domain.types import Millis, ProductId, SubscriptionId
from fatrina.domain.webhook import Subscription
from fatrina.settings import Settings
from tests import sample_photos
from tests.configured import settings_for
from tests.stores import ImageInProduct, Service, Store, run_service


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data directory with tables and storage."""
    path = tmp_path / "data"
    with (
        lock_data_directory(settings_for(path), create=True) as directory,
        directory.open_database(),
    ):
        directory.storage()
    return path


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """Run a service for one test."""
    with run_service(tmp_path / "kept") as service:
        yield service


def create_settings(**options: Any) -> Settings:
    return Settings(**options)


def check_directory(path: Path, **options: Any) -> Report:
    report = Report()
    directory_checks.check_directory(report, create_settings(data=path, **options))
    return report


def check_settings(**options: Any) -> Report:
    report = Report()
    settings_checks.check_settings(report, create_settings(**options))
    return report


def test_a_correct_system_passes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_checks(create_settings(data=data, decoders=1))
    output = capsys.readouterr().out
    for what in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        assert f"OK    {what} " in output
    assert "FAIL  " not in output
    assert not list(data.glob(".doctor-*"))


def test_postgres_is_checked(postgres_service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service, folder = postgres_service, postgres_service.folder
    ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=9))
    address = cast("PostgresDatabase", service.services.database).direct_address
    options = {key: str(value) for key, value in conninfo_to_dict(address).items()}
    uri = "postgresql://?" + urlencode(options)
    report = check_directory(folder, database=uri)
    output = capsys.readouterr().out
    # The server of the tests does not flush its files.
    assert (report.failures, report.warnings) == (1, 0), output
    assert "FAIL  durability" in output
    for subject in ("server", "clock of the server", "connections", "tables", "rows", "images"):
        assert f"OK    {subject} " in output
    check_directory(folder, database=uri.replace(options["port"], "1"))
    assert "FAIL  database                cannot be used" in capsys.readouterr().out
    check_directory(folder, database="postgresql://?nonsense=1")
    assert "FATRINA_DATABASE is invalid" in capsys.readouterr().out


def test_a_running_server_passes(
    service: Service, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    report = check_directory(service.folder)
    assert (report.failures, report.warnings) == (0, 0)
    output = capsys.readouterr().out
    assert " uses it, since " in output
    assert "merchants " in output
    assert service.get("/ready").status == 200


def test_a_missing_directory_is_not_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = check_directory(tmp_path / "none" / "data")
    assert (report.failures, report.warnings) == (0, 1)
    assert "does not exist yet" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_file_instead_of_a_directory_fails(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert check_directory(tmp_path / "data").failures == 1


def test_only_the_lock_is_created_in_an_empty_directory(tmp_path: Path) -> None:
    assert check_directory(tmp_path).failures == 0
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_damaged_database_fails(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "fatrina.sqlite3").write_bytes(b"no database " * 1000)
    assert check_directory(data).failures == 1
    assert "file is not a database" in capsys.readouterr().out


def test_tables_of_another_revision_fail(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(data / "fatrina.sqlite3")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    assert check_directory(data).failures == 1
    assert "have revision 0000" in capsys.readouterr().out


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "wrong size": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "damaged": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_stored_file_fails(
    own_service: Service, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    ImageInProduct.create(Store.create(own_service), photo=sample_photos.png(seed=5))
    assert check_directory(own_service.folder).failures == 0
    assert "all 1 images with 4 files are complete" in capsys.readouterr().out
    path = next((own_service.folder / "media").rglob("*.png"))
    DAMAGE[fault](path)
    assert check_directory(own_service.folder).failures == 1
    output = " ".join(capsys.readouterr().out.split())
    assert f"1 {fault}: {path.parent.parent.name}/{path.name} ({fault})" in output


@pytest.mark.parametrize("fault", ["missing", "empty", "wrong size"])
def test_sizes_of_old_images_are_checked(
    own_service: Service,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    ImageInProduct.create(Store.create(own_service), photo=sample_photos.png(seed=5))
    monkeypatch.setattr("fatrina.doctor.file_checks._MAX_OPENED", 0)
    assert check_directory(own_service.folder).failures == 0
    DAMAGE[fault](next((own_service.folder / "media").rglob("*.png")))
    assert check_directory(own_service.folder).failures == 1
    assert f"1 {fault}:" in capsys.readouterr().out


def test_a_deleted_storage_or_database_fails(
    own_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(Store.create(own_service), photo=sample_photos.png(seed=5))
    media = own_service.folder / "media"
    media.rename(own_service.folder / "gone")
    assert check_directory(own_service.folder).failures == 1
    assert "media/ is missing, but the database has images" in capsys.readouterr().out
    (own_service.folder / "gone").rename(media)
    database = own_service.folder / "fatrina.sqlite3"
    database.rename(own_service.folder / "gone")
    assert check_directory(own_service.folder).failures == 1
    assert "is missing, but image files are stored" in capsys.readouterr().out
    (own_service.folder / "gone").rename(database)


@pytest.mark.parametrize("column", ["created_at", "revoked_at", "expires_at"])
def test_a_timestamp_in_the_future_is_reported(
    data: Path, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    now = Clock()()
    times = {"created_at": now, "revoked_at": now, column: now + 3_590_000}
    rows = {
        "merchants": {"id": 1, "code": "shop1", "plan": "plus", "created_at": times["created_at"]},
        "tokens": {
            "merchant_id": 1,
            "hash": "0",
            "hint": "0",
            "scope": "",
            "created_at": now,
            "expires_at": now + 10**9,
            "revoked_at": times["revoked_at"],
        },
    }
    with closing(sqlite3.connect(data / "fatrina.sqlite3")) as file, file:
        for table, row in rows.items():
            marks = ", ".join("?" * len(row))
            file.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()]
            )
    assert check_directory(data).warnings == (0 if column == "expires_at" else 1)
    is_reported = "the newest row is 59 minutes ahead of the clock" in capsys.readouterr().out
    assert is_reported == (column != "expires_at")


def test_damage_within_a_file_is_found_by_decoding(
    own_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(
        Store.create(own_service), photo=sample_photos.png(seed=5, width=300, height=200)
    )
    path = max((own_service.folder / "media").rglob("*.png"), key=lambda each: each.stat().st_size)
    data = path.read_bytes()
    report = Report()
    directory_checks.check_directory(report, create_settings(data=own_service.folder), deep=True)
    assert report.failures == 0
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    assert check_directory(own_service.folder).failures == 0
    report = Report()
    directory_checks.check_directory(report, create_settings(data=own_service.folder), deep=True)
    assert report.failures == 1
    assert "1 damaged" in capsys.readouterr().out


def test_future_timestamps_and_orphaned_rows_are_reported(
    own_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(Store.create(own_service), photo=sample_photos.png(seed=5))
    ahead = Clock()() + 5 * 3_600_000
    with closing(sqlite3.connect(own_service.folder / "fatrina.sqlite3")) as database, database:
        database.execute("UPDATE images SET created_at = ?", (ahead,))
        database.execute("UPDATE versions SET image_id = 1")
    report = check_directory(own_service.folder)
    assert (report.failures, report.warnings) == (1, 1)
    output = " ".join(capsys.readouterr().out.split())
    assert "1 refer to missing rows: versions" in output
    assert "the newest row is 5.0 hours ahead of the clock" in output


def test_world_writable_directories_fail(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.chmod(0o777)
    assert check_directory(data).failures == 1
    assert "every user may write to it (777)" in capsys.readouterr().out
    data.chmod(0o1777)
    assert check_directory(data).failures == 1
    data.chmod(0o700)
    (data / "media").chmod(0o777)
    assert check_directory(data).failures == 1
    assert "every user may write to media/ (777)" in capsys.readouterr().out


@pytest.mark.parametrize("note", ["gone", "future"])
def test_a_lock_without_owner_or_from_the_future_is_reported(
    own_service: Service, capsys: pytest.CaptureFixture[str], note: str
) -> None:
    if note == "gone":
        (own_service.folder / "lock").unlink()
    else:
        owner = {"pid": 1, "command": "fatrina serve", "since": time.time() + 3600}
        (own_service.folder / "lock").write_text(json.dumps(owner))
    assert check_directory(own_service.folder).warnings == 1
    output = " ".join(capsys.readouterr().out.split())
    assert ("was deleted or damaged" if note == "gone" else "in the future") in output


def test_late_events_and_unsendable_subscriptions_are_reported(
    own_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    merchant = Store.create(own_service)
    with own_service.services.database.writing() as tx:
        found = tx.scalar(schema.merchants.select().with_only_columns(schema.merchants.c.id))
        assert found is not None, merchant
        for secret in ("sound", "un\nsound", "sound again"):
            wanted = Subscription("n", "e", "https://a.invalid/", strategy="token", secret=secret)
            webhooks.add(tx, found, wanted, Millis(5))
        values = {"failures": 10, "paused_until": 2**62}
        table = schema.subscriptions
        tx.execute(table.update().where(table.c.id == 1).values(values))
        tx.execute(table.update().where(table.c.id == 3).values(headers="{no JSON"))
        values = {"tries": 1, "due_at": Clock()() + 60_000}
        deliveries.enqueue(
            tx, SubscriptionId(1), ProductId(7), b"{}", Millis(Clock()() - 3_600_000)
        )
        tx.execute(schema.deliveries.update().values(values))
    report = check_directory(own_service.folder)
    output = capsys.readouterr().out
    assert "WARN  events" in output
    assert "1 pending, the oldest for 60 minutes" in output
    assert "1 paused" in output
    assert "nothing can be sent to 2 (invalid_secret), 3 (row_unreadable)" in output
    assert "sound" not in output
    assert report.warnings >= 3


def test_an_unwritable_storage_fails(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fatrina.adapters.storage.LocalStorage.check_writable", refuse)
    assert check_directory(data).failures == 1


def test_low_disk_space_is_reported(data: Path) -> None:
    assert check_directory(data, photo_bytes=2**60).failures == 1
    assert check_directory(data, incoming_bytes=2**60).warnings == 1


def test_missing_sandbox_features_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    system_checks._report_sandbox(
        report, Handshake(landlock=0, seccomp=False, vips="8.18.0", heic=False)
    )
    assert (report.failures, report.warnings) == (0, 3)
    output = capsys.readouterr().out
    assert "libseccomp2" in output
    assert "pip install pi-heif" in output


def test_a_format_that_cannot_be_decoded_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_checks, "_create_sample", lambda _: b"\xff\xd8\xff no picture")
    report = Report()
    system_checks.check_decoders(report, create_settings(decoders=1))
    assert report.failures == 5


def test_more_decoders_than_memory_are_reported() -> None:
    report = Report()
    system_checks.check_limits(report, create_settings(decoders=10_000))
    assert report.warnings >= 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("public_url", "images.shop.test"),
        ("public_url", "ftp://images.shop.test"),
        ("public_url", "https://"),
        ("public_url", "https://images.shop.test/?size="),
        ("incoming_bytes", 1000),
        ("admin_token", "a" * 16),
    ],
)
def test_unusable_settings_fail(setting: str, value: object) -> None:
    assert check_settings(**{setting: value}).failures == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("download_allow", "127.0.0.1"),
        ("keep_days", 0),
        ("log_level", "loud"),
        ("admin_token", "only-for-rehearsals"),
        ("host", "192.0.2.1"),
    ],
)
def test_unusual_settings_are_reported(setting: str, value: object) -> None:
    report = check_settings(**{setting: value})
    assert (report.failures, report.warnings) == (0, 1)


def test_correct_settings_pass() -> None:
    report = check_settings(public_url="https://images.shop.test/pictures/", host="192.0.2.1")
    assert (report.failures, report.warnings) == (0, 0)


def test_an_unknown_variable_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FATRINA_PUBLIC_URI", "https://images.shop.test")
    assert check_settings().warnings == 1
    assert "FATRINA_PUBLIC_URI" in capsys.readouterr().out
