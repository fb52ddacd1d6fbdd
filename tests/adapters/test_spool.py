"""Files on their way: counted, bounded, hashed, and emptied when they are closed."""

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
def test_what_is_written_is_counted_and_hashed(spool: Spool, pieces: list[bytes]) -> None:
    with spool.create_file() as file:
        for piece in pieces:
            file.write(piece)
        whole = b"".join(pieces)
        assert (file.size, file.sha256) == (len(whole), sha256(whole).hexdigest())
        assert os.pread(file.descriptor, LIMIT, 0) == whole
        assert spool._used == len(whole)
    assert (spool._used, spool.count_leftovers()) == (0, 0)


def test_all_files_together_are_bounded(spool: Spool) -> None:
    with spool.create_file() as one, spool.create_file() as two:
        one.write(bytes(600))
        with pytest.raises(errors.Busy):
            two.write(bytes(401))
        two.write(bytes(400))
    with spool.create_file() as three:
        three.write(bytes(LIMIT))


@pytest.mark.parametrize("call", ["open", "write"])
def test_a_failed_write_gives_back_what_it_took(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with spool.create_file() as file:
        file.write(b"some")
        monkeypatch.setattr(os, call, full)
        with pytest.raises(OSError, match="full"):
            file.write(bytes(500))
        monkeypatch.undo()
    assert (spool._used, spool.count_leftovers()) == (0, 0)


def test_a_short_write_goes_on(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    with spool.create_file() as file:
        file.write(b"longer than three")
        assert os.pread(file.descriptor, LIMIT, 0) == b"longer than three"


def test_closing_twice_gives_back_once(spool: Spool) -> None:
    file = spool.create_file()
    file.write(b"some")
    file.close()
    file.close()
    assert spool._used == 0


def test_a_file_that_was_moved_away_stays(spool: Spool, tmp_path: Path) -> None:
    with spool.create_file() as file:
        file.write(b"some")
        file.path.rename(tmp_path / "kept")
    with spool.create_file() as other:
        other.write(b"other")
    assert (tmp_path / "kept").read_bytes() == b"some"


def test_a_file_is_used_again_without_what_it_held(spool: Spool) -> None:
    with spool.create_file() as first:
        first.write(b"a long one")
    assert first.path.stat().st_size == 0
    with spool.create_file() as second:
        assert second.path == first.path
        second.write(b"short")
        assert os.pread(second.descriptor, LIMIT, 0) == b"short"


def test_no_more_files_wait_than_are_of_use(spool: Spool) -> None:
    files = [spool.create_file() for _ in range(100)]
    for file in files:
        file.write(b"some")
    for file in files:
        file.close()
    waiting = len(list(spool.directory.iterdir()))
    assert 0 < waiting < 100
    assert len({spool.create_file().path for _ in range(100)}) == 100


def test_a_spool_that_closes_leaves_nothing(spool: Spool) -> None:
    with spool.create_file() as file:
        file.write(b"some")
    spool.close()
    assert list(spool.directory.iterdir()) == []


@pytest.mark.parametrize("call", ["close", "truncate"])
def test_a_file_that_cannot_be_closed_or_emptied_is_no_fault(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    file = spool.create_file()
    file.write(b"some")
    descriptor = file.descriptor
    monkeypatch.setattr(os, call, broken)
    file.close()
    monkeypatch.undo()
    assert spool._used == 0
    assert spool.count_leftovers() == (call == "truncate")
    if call == "close":
        os.close(descriptor)


def test_a_file_begins_again(spool: Spool) -> None:
    with spool.create_file() as file:
        file.truncate()
        os.write(file.descriptor, b"half of a pic")
        file.truncate()
        os.write(file.descriptor, b"whole")
        assert file.path.read_bytes() == b"whole"


def test_what_an_earlier_process_left_goes(spool: Spool, tmp_path: Path) -> None:
    for _ in range(3):
        spool.create_file().write(b"left")
    (spool.directory / "lost+found").mkdir()
    later = Spool(tmp_path / "incoming", LIMIT)
    assert (later.count_leftovers(), later.clear(), later.count_leftovers(), later.clear()) == (
        3,
        3,
        0,
        0,
    )


def test_many_at_once_are_counted_right(spool: Spool) -> None:
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
