"""The spool: incoming files are counted, limited, hashed, and truncated at their close."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fatrina.adapters.spool import Spool
from fatrina.domain import errors

LIMIT = 1000


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "incoming", LIMIT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=50), max_size=10))
def test_written_bytes_are_counted_and_hashed(spool: Spool, chunks: list[bytes]) -> None:
    with spool.create_file() as file:
        for chunk in chunks:
            file.write(chunk)
        data = b"".join(chunks)
        assert (file.size, file.sha256) == (len(data), sha256(data).hexdigest())
        assert os.pread(file.descriptor, LIMIT, 0) == data
        assert spool._used == len(data)
    assert (spool._used, spool.count_leftovers()) == (0, 0)


def test_the_limit_applies_to_all_files_together(spool: Spool) -> None:
    with spool.create_file() as one, spool.create_file() as two:
        one.write(bytes(600))
        with pytest.raises(errors.Busy):
            two.write(bytes(401))
        two.write(bytes(400))
    with spool.create_file() as three:
        three.write(bytes(LIMIT))


@pytest.mark.parametrize("call", ["open", "write"])
def test_a_failed_write_releases_its_bytes(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail_full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with spool.create_file() as file:
        file.write(b"some")
        monkeypatch.setattr(os, call, fail_full)
        with pytest.raises(OSError, match="full"):
            file.write(bytes(500))
        monkeypatch.undo()
    assert (spool._used, spool.count_leftovers()) == (0, 0)


def test_a_short_write_is_continued(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    with spool.create_file() as file:
        file.write(b"longer than three")
        assert os.pread(file.descriptor, LIMIT, 0) == b"longer than three"


def test_closing_twice_releases_bytes_once(spool: Spool) -> None:
    file = spool.create_file()
    file.write(b"some")
    file.close()
    file.close()
    assert spool._used == 0


def test_a_moved_file_is_kept(spool: Spool, tmp_path: Path) -> None:
    with spool.create_file() as file:
        file.write(b"some")
        file.path.rename(tmp_path / "kept")
    with spool.create_file() as other:
        other.write(b"other")
    assert (tmp_path / "kept").read_bytes() == b"some"


def test_a_closed_file_is_truncated_and_reused(spool: Spool) -> None:
    with spool.create_file() as first:
        first.write(b"a long one")
    assert first.path.stat().st_size == 0
    with spool.create_file() as second:
        assert second.path == first.path
        second.write(b"short")
        assert os.pread(second.descriptor, LIMIT, 0) == b"short"


def test_the_number_of_spare_files_is_limited(spool: Spool) -> None:
    files = [spool.create_file() for _ in range(100)]
    for file in files:
        file.write(b"some")
    for file in files:
        file.close()
    spare_count = len(list(spool.directory.iterdir()))
    assert 0 < spare_count < 100
    assert len({spool.create_file().path for _ in range(100)}) == 100


def test_closing_the_spool_deletes_spare_files(spool: Spool) -> None:
    with spool.create_file() as file:
        file.write(b"some")
    spool.close()
    assert list(spool.directory.iterdir()) == []


@pytest.mark.parametrize("call", ["close", "truncate"])
def test_errors_while_closing_a_file_are_ignored(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    file = spool.create_file()
    file.write(b"some")
    descriptor = file.descriptor
    monkeypatch.setattr(os, call, fail)
    file.close()
    monkeypatch.undo()
    assert spool._used == 0
    assert spool.count_leftovers() == (call == "truncate")
    if call == "close":
        os.close(descriptor)


def test_a_truncated_file_is_written_from_the_start(spool: Spool) -> None:
    with spool.create_file() as file:
        file.truncate()
        os.write(file.descriptor, b"half of a pic")
        file.truncate()
        os.write(file.descriptor, b"whole")
        assert file.path.read_bytes() == b"whole"


def test_leftovers_of_an_earlier_process_are_deleted(spool: Spool, tmp_path: Path) -> None:
    for _ in range(3):
        spool.create_file().write(b"left")
    (spool.directory / "lost+found").mkdir()
    new_spool = Spool(tmp_path / "incoming", LIMIT)
    assert (
        new_spool.count_leftovers(),
        new_spool.clear(),
        new_spool.count_leftovers(),
        new_spool.clear(),
    ) == (
        3,
        3,
        0,
        0,
    )


def test_concurrent_files_are_counted_correctly(spool: Spool) -> None:
    def fill(_: int) -> int:
        with spool.create_file() as file:
            try:
                for _ in range(20):
                    file.write(bytes(10))
            except errors.Busy:
                return 0
            return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fill, range(100))) >= 5
    assert (spool._used, spool.count_leftovers()) == (0, 0)
