"""The doctor finds what is wrong, says what to do, and harms nothing."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions.clock import Clock
from fatrina.adapters.database import deliveries, schema, webhooks
from fatrina.adapters.decoder import Handshake
from fatrina.data_directory import lock_data_directory
from fatrina.doctor import directory_checks, run_checks, settings_checks, system_checks
from fatrina.doctor.report import Report
from fatrina.domain.webhook import Subscription
from fatrina.settings import Settings
from tests import sample_photos
from tests.stores import ImageInProduct, Service, Store, run_service


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with its tables and its places."""
    path = tmp_path / "data"
    with lock_data_directory(path, create=True) as held, held.database():
        held.storage()
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Service]:
    """A service of this test's own."""
    with run_service(tmp_path / "kept") as service:
        yield service


def settings(**given: Any) -> Settings:
    return Settings(**given)


def looked_into(path: Path, **given: Any) -> Report:
    report = Report()
    directory_checks.check_directory(report, settings(data=path, **given))
    return report


def chosen(**given: Any) -> Report:
    report = Report()
    settings_checks.check_settings(report, settings(**given))
    return report


def test_all_is_well(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_checks(settings(data=data, decoders=1))
    told = capsys.readouterr().out
    for what in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        assert f"OK    {what} " in told
    assert "FAIL  " not in told
    assert not list(data.glob(".doctor-*"))


def test_beside_a_running_server(
    service: Service, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    report = looked_into(service.folder)
    assert (report.failures, report.warnings) == (0, 0)
    told = capsys.readouterr().out
    assert " uses it, since " in told
    assert "merchants " in told
    assert service.get("/ready").status == 200


def test_a_folder_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = looked_into(tmp_path / "none" / "data")
    assert (report.failures, report.warnings) == (0, 1)
    assert "does not exist yet" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert looked_into(tmp_path / "data").failures == 1


def test_an_empty_folder_stays_empty_but_for_the_lock(tmp_path: Path) -> None:
    assert looked_into(tmp_path).failures == 0
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_damaged_database(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "fatrina.sqlite3").write_bytes(b"no database " * 1000)
    assert looked_into(data).failures == 1
    assert "file is not a database" in capsys.readouterr().out


def test_tables_of_another_version(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(data / "fatrina.sqlite3")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    assert looked_into(data).failures == 1
    assert "have revision 0000" in capsys.readouterr().out


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "wrong size": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "damaged": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_stored_file(
    kept: Service, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    ImageInProduct.create(Store.create(kept), photo=sample_photos.png(seed=5))
    assert looked_into(kept.folder).failures == 0
    assert "all 1 images with 4 files are complete" in capsys.readouterr().out
    path = next((kept.folder / "media").rglob("*.png"))
    DAMAGE[fault](path)
    assert looked_into(kept.folder).failures == 1
    seen = " ".join(capsys.readouterr().out.split())
    assert f"1 {fault}: {path.parent.parent.name}/{path.name} ({fault})" in seen


@pytest.mark.parametrize("fault", ["missing", "empty", "wrong size"])
def test_the_sizes_of_old_pictures_are_checked_too(
    kept: Service,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    ImageInProduct.create(Store.create(kept), photo=sample_photos.png(seed=5))
    monkeypatch.setattr("fatrina.doctor.file_checks._MAX_OPENED", 0)
    assert looked_into(kept.folder).failures == 0
    DAMAGE[fault](next((kept.folder / "media").rglob("*.png")))
    assert looked_into(kept.folder).failures == 1
    assert f"1 {fault}:" in capsys.readouterr().out


def test_a_storage_or_a_database_that_was_deleted(
    kept: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(Store.create(kept), photo=sample_photos.png(seed=5))
    media = kept.folder / "media"
    media.rename(kept.folder / "gone")
    assert looked_into(kept.folder).failures == 1
    assert "media/ is missing, but the database has images" in capsys.readouterr().out
    (kept.folder / "gone").rename(media)
    database = kept.folder / "fatrina.sqlite3"
    database.rename(kept.folder / "gone")
    assert looked_into(kept.folder).failures == 1
    assert "is missing, but image files are stored" in capsys.readouterr().out
    (kept.folder / "gone").rename(database)


@pytest.mark.parametrize("column", ["created_at", "revoked_at", "expires_at"])
def test_a_row_an_hour_ahead_is_noticed(
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
    assert looked_into(data).warnings == (0 if column == "expires_at" else 1)
    noticed = "the newest row is 59 minutes ahead of the clock" in capsys.readouterr().out
    assert noticed == (column != "expires_at")


def test_damage_within_a_file_is_found_by_decoding_it(
    kept: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(
        Store.create(kept), photo=sample_photos.png(seed=5, width=300, height=200)
    )
    path = max((kept.folder / "media").rglob("*.png"), key=lambda each: each.stat().st_size)
    data = path.read_bytes()
    report = Report()
    directory_checks.check_directory(report, settings(data=kept.folder), deep=True)
    assert report.failures == 0
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    assert looked_into(kept.folder).failures == 0
    report = Report()
    directory_checks.check_directory(report, settings(data=kept.folder), deep=True)
    assert report.failures == 1
    assert "1 damaged" in capsys.readouterr().out


def test_rows_from_the_future_and_rows_without_parents(
    kept: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageInProduct.create(Store.create(kept), photo=sample_photos.png(seed=5))
    ahead = Clock()() + 5 * 3_600_000
    with closing(sqlite3.connect(kept.folder / "fatrina.sqlite3")) as database, database:
        database.execute("UPDATE images SET created_at = ?", (ahead,))
        database.execute("UPDATE versions SET image_id = 1")
    report = looked_into(kept.folder)
    assert (report.failures, report.warnings) == (1, 1)
    seen = " ".join(capsys.readouterr().out.split())
    assert "1 refer to missing rows: versions" in seen
    assert "the newest row is 5.0 hours ahead of the clock" in seen


def test_a_folder_that_everybody_may_write_to(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data.chmod(0o777)
    assert looked_into(data).failures == 1
    assert "every user may write to it (777)" in capsys.readouterr().out
    data.chmod(0o1777)
    assert looked_into(data).failures == 1
    data.chmod(0o700)
    (data / "media").chmod(0o777)
    assert looked_into(data).failures == 1
    assert "every user may write to media/ (777)" in capsys.readouterr().out


@pytest.mark.parametrize("note", ["gone", "future"])
def test_a_server_of_which_the_lock_says_nothing_or_that_started_in_the_future(
    kept: Service, capsys: pytest.CaptureFixture[str], note: str
) -> None:
    if note == "gone":
        (kept.folder / "lock").unlink()
    else:
        owner = {"pid": 1, "command": "fatrina serve", "since": time.time() + 3600}
        (kept.folder / "lock").write_text(json.dumps(owner))
    assert looked_into(kept.folder).warnings == 1
    seen = " ".join(capsys.readouterr().out.split())
    assert ("was deleted or damaged" if note == "gone" else "in the future") in seen


def test_events_that_wait_and_subscriptions_that_can_receive_nothing(
    kept: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    merchant = Store.create(kept)
    with kept.services.database.writing() as tx:
        found = tx.scalar(schema.merchants.select().with_only_columns(schema.merchants.c.id))
        assert found is not None, merchant
        for secret in ("sound", "un\nsound", "sound again"):
            wanted = Subscription("n", "e", "https://a.invalid/", strategy="token", secret=secret)
            webhooks.add(tx, found, wanted, 5)
        values = {"failures": 10, "paused_until": 2**62}
        table = schema.subscriptions
        tx.execute(table.update().where(table.c.id == 1).values(values))
        tx.execute(table.update().where(table.c.id == 3).values(headers="{no JSON"))
        values = {"tries": 1, "due_at": Clock()() + 60_000}
        deliveries.enqueue(tx, 1, 7, b"{}", Clock()() - 3_600_000)
        tx.execute(schema.deliveries.update().values(values))
    report = looked_into(kept.folder)
    seen = capsys.readouterr().out
    assert "WARN  events" in seen
    assert "1 pending, the oldest for 60 minutes" in seen
    assert "1 paused" in seen
    assert "nothing can be sent to 2 (invalid_secret), 3 (row_unreadable)" in seen
    assert "sound" not in seen
    assert report.warnings >= 3


def test_a_storage_that_cannot_be_written(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fatrina.adapters.storage.LocalStorage.check_writable", refuse)
    assert looked_into(data).failures == 1


def test_too_little_room(data: Path) -> None:
    assert looked_into(data, photo_bytes=2**60).failures == 1
    assert looked_into(data, incoming_bytes=2**60).warnings == 1


def test_what_is_missing_of_the_cage(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    system_checks._report_sandbox(
        report, Handshake(landlock=0, seccomp=False, vips="8.18.0", heic=False)
    )
    assert (report.failures, report.warnings) == (0, 3)
    told = capsys.readouterr().out
    assert "libseccomp2" in told
    assert "pip install pi-heif" in told


def test_a_decoder_that_cannot_take_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_checks, "_create_sample", lambda _: b"\xff\xd8\xff no picture")
    report = Report()
    system_checks.check_decoders(report, settings(decoders=1))
    assert report.failures == 5


def test_more_decoders_than_memory() -> None:
    report = Report()
    system_checks.check_limits(report, settings(decoders=10_000))
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
def test_settings_that_cannot_work(setting: str, value: object) -> None:
    assert chosen(**{setting: value}).failures == 1


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
def test_settings_that_may_not_be_meant(setting: str, value: object) -> None:
    report = chosen(**{setting: value})
    assert (report.failures, report.warnings) == (0, 1)


def test_settings_that_are_well() -> None:
    report = chosen(public_url="https://images.shop.test/pictures/", host="192.0.2.1")
    assert (report.failures, report.warnings) == (0, 0)


def test_a_variable_that_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FATRINA_PUBLIC_URI", "https://images.shop.test")
    assert chosen().warnings == 1
    assert "FATRINA_PUBLIC_URI" in capsys.readouterr().out
