"""Every opened database is closed explicitly, not by the garbage collector."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from fatrina import app
from fatrina.actions.clock import Clock
from fatrina.adapters.database import SqliteDatabase
from fatrina.adapters.rate_limits import FileBucketStore
from fatrina.cli import cli
from fatrina.data_directory import lock_data_directory
from fatrina.doctor import run_checks
from fatrina.domain import errors
from fatrina.domain.types import MerchantId
from fatrina.settings import Settings
from tests import sample_photos
from tests.configured import settings_for
from tests.stores import ImageInProduct, Store, run_service


@pytest.fixture(autouse=True)
def disable_gc() -> Iterator[None]:
    """Disable the garbage collector, so that files stay open unless they are closed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def create_settings(**options: Any) -> Settings:
    return Settings(**options)


def open_files(folder: Path) -> list[str]:
    """Return the files below `folder` that this process has open."""
    paths = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith(f"{folder}/"):
            paths.append(target)
    return paths


def test_a_service_used_by_many_threads_closes_its_databases(tmp_path: Path) -> None:
    with run_service(tmp_path, rate_limits=True) as service:
        image_in_product = ImageInProduct.create(
            Store.create(service), photo=sample_photos.png(seed=9)
        )
        with ThreadPoolExecutor(16) as threads:
            answers = list(
                threads.map(
                    lambda _: image_in_product.store.product_details(image_in_product.product_id),
                    range(64),
                )
            )
        assert len(answers) == 64
        names = {Path(each).name for each in open_files(tmp_path)}
        assert {"fatrina.sqlite3", "limits.sqlite3"} <= names
    assert open_files(tmp_path) == []


def test_a_connection_in_use_is_closed_when_its_transaction_ends(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "fatrina.sqlite3")
    database.migrate()
    started, finish = Event(), Event()

    def read() -> None:
        with database.reading():
            started.set()
            finish.wait()

    thread = Thread(target=read)
    thread.start()
    started.wait()
    database.close()
    assert open_files(tmp_path)
    finish.set()
    thread.join()
    assert open_files(tmp_path) == []


@pytest.mark.parametrize("method", ["reading", "writing"])
def test_a_closed_database_is_unavailable(tmp_path: Path, method: str) -> None:
    with SqliteDatabase(tmp_path / "fatrina.sqlite3") as database:
        database.migrate()
    with pytest.raises(errors.DatabaseUnavailable), getattr(database, method)():
        pass
    assert open_files(tmp_path) == []


def test_a_damaged_database_is_closed(tmp_path: Path) -> None:
    (tmp_path / "fatrina.sqlite3").write_bytes(b"no database " * 1000)
    with lock_data_directory(settings_for(tmp_path)) as folder:
        with pytest.raises(errors.DatabaseUnavailable) as exc_info:
            folder.open_database()
        with pytest.raises(errors.DatabaseUnavailable) as second_exc_info:
            app.build(create_settings(data=tmp_path, decoders=1), folder)
    assert (
        exc_info.tb is not second_exc_info.tb
    )  # both tracebacks keep references to local variables
    assert not run_checks(create_settings(data=tmp_path, decoders=1))
    for command in (["token", "list"], ["sweep"], ["reset", "--yes"], ["dump", f"{tmp_path}/x"]):
        assert CliRunner().invoke(cli, [*command, "--data", str(tmp_path)]).exit_code == 1
    assert open_files(tmp_path) == []


def test_a_failed_start_closes_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(app, "DecoderPool", fail)
    with (
        lock_data_directory(settings_for(tmp_path)) as folder,
        pytest.raises(OSError, match="temporarily") as failed,
    ):
        app.build(create_settings(data=tmp_path), folder)
    assert failed.tb is not None
    assert open_files(tmp_path) == []


def test_commands_close_their_databases(tmp_path: Path) -> None:
    data, dump = tmp_path / "data", tmp_path / "all.tar"
    for command in (
        ["merchant", "create", "shop1"],
        ["token", "create", "--merchant", "shop1"],
        ["sweep"],
        ["dump", str(dump)],
        ["reset", "--yes"],
        ["restore", str(dump), "--yes"],
        ["doctor"],
    ):
        result = CliRunner().invoke(cli, [*command, "--data", str(data)])
        assert result.exit_code == 0, result.output
        assert open_files(data) == [], command


def test_the_bucket_store_is_closed(tmp_path: Path) -> None:
    with FileBucketStore(tmp_path / "limits.sqlite3", Clock()) as buckets:
        buckets.update(MerchantId(1), lambda _: 7)
        assert open_files(tmp_path)
    assert open_files(tmp_path) == []
