"""Every storage: four files of a picture in, whole and durable, and out again by range."""

import errno
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fatrina.adapters.storage import CHUNK_BYTES, LocalStorage, Storage

STORAGES: dict[str, Callable[[Path], Storage]] = {"folder": LocalStorage}
NAME = "aaBBccDDee0011223344556677889900aaBBccDD.jpg"
KEY = f"shop1/{NAME}"
OTHER = "shop1/zz" + NAME[2:]


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    made: Storage = STORAGES[request.param](tmp_path / "media")
    return made


@pytest.fixture
def finished(tmp_path: Path) -> Callable[[bytes], Path]:
    """A finished file on its way."""
    (tmp_path / "incoming").mkdir()
    count = iter(range(1000))

    def write(data: bytes) -> Path:
        path = tmp_path / "incoming" / str(next(count))
        path.write_bytes(data)
        return path

    return write


Finished = Callable[[bytes], Path]


def read(storage: Storage, key: str) -> bytes:
    blob = storage.open(key)
    try:
        return b"".join(blob.chunks(0, blob.size))
    finally:
        blob.close()


def test_what_is_put_is_there(storage: Storage, finished: Finished) -> None:
    storage.put({KEY: finished(b"one"), OTHER: finished(b"two"), "shop2/" + NAME: finished(b"")})
    assert [read(storage, key) for key in (KEY, OTHER, "shop2/" + NAME)] == [b"one", b"two", b""]


def test_nothing_is_put(storage: Storage) -> None:
    storage.put({})
    assert not list(storage.list())


def test_keys_that_differ_only_in_case_are_two(storage: Storage, finished: Finished) -> None:
    storage.put({KEY: finished(b"one")})
    storage.put({f"shop1/{NAME.swapcase().replace('JPG', 'jpg')}": finished(b"two")})
    assert read(storage, KEY) == b"one"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 40), length=st.integers(0, 40))
def test_any_range_of_it_is_read(
    storage: Storage, finished: Finished, start: int, length: int
) -> None:
    data = bytes(range(32))
    try:
        blob = storage.open(KEY)
    except FileNotFoundError:
        storage.put({KEY: finished(data)})
        blob = storage.open(KEY)
    assert blob.size == len(data)
    stop = start + length
    assert b"".join(blob.chunks(start, stop)) == data[start:stop]
    blob.close()


def test_a_large_one_is_read_in_pieces_by_many_at_once(
    storage: Storage, finished: Finished
) -> None:
    data = os.urandom(300_000)
    storage.put({KEY: finished(data)})

    def in_pieces(size: int) -> bytes:
        blob = storage.open(KEY)
        ranges = [(at, at + size) for at in range(0, blob.size, size)]
        pieces = [piece for each in ranges for piece in blob.chunks(*each)]
        blob.close()
        return b"".join(pieces)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(in_pieces, [1000, 4096, 65_536, 300_000])) == {data}


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7]
)
def test_a_piece_has_a_limit(storage: Storage, finished: Finished, size: int) -> None:
    data = os.urandom(size)
    storage.put({KEY: finished(data)})
    blob = storage.open(KEY)
    for stop in (size, size + 1, 2 * size):
        pieces = [*blob.chunks(0, stop)]
        assert b"".join(pieces) == data
        assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)
    assert not [*blob.chunks(size, size), *blob.chunks(size + 5, size + 9), *blob.chunks(5, 2)]
    blob.close()


@pytest.mark.parametrize("key", [KEY, "nobody/" + NAME, "shop1/" + "x" * 40 + ".jpg"])
def test_what_is_not_there(storage: Storage, finished: Finished, key: str) -> None:
    storage.put({OTHER: finished(b"two")})
    with pytest.raises(FileNotFoundError):
        storage.open(key)
    storage.delete([key])
    assert read(storage, OTHER) == b"two"


def test_deleting_takes_those_named_and_no_other(storage: Storage, finished: Finished) -> None:
    storage.put({KEY: finished(b"one"), OTHER: finished(b"two")})
    storage.delete(iter([KEY, KEY]))
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    assert [listed.key for listed in storage.list()] == [OTHER]


def test_a_reader_keeps_what_is_deleted(storage: Storage, finished: Finished) -> None:
    storage.put({KEY: finished(b"one")})
    blob = storage.open(KEY)
    storage.delete([KEY])
    assert b"".join(blob.chunks(0, 9)) == b"one"
    blob.close()


def test_all_is_listed_with_its_time(storage: Storage, finished: Finished) -> None:
    assert not list(storage.list())
    before = time.time()
    keys = {KEY, OTHER, "shop2/" + NAME}
    storage.put({key: finished(b"x") for key in keys})
    listed = list(storage.list())
    assert {each.key for each in listed} == keys
    assert all(before - 1 < each.changed_at <= time.time() for each in listed)


def test_a_listing_survives_what_others_delete_meanwhile(
    storage: Storage, finished: Finished
) -> None:
    keys = [f"shop1/aa{number:038}.jpg" for number in range(50)]
    storage.put({key: finished(b"x") for key in keys})
    listing = storage.list()
    seen = [next(listing).key]
    storage.delete(keys[:25])
    seen += [listed.key for listed in listing]
    assert set(keys[25:]) <= set(seen) <= set(keys)


def test_a_check_leaves_nothing(storage: Storage) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: storage.check_writable(), range(20))] == [None] * 20
    assert not list(storage.list())


def test_many_put_and_delete_at_once(storage: Storage, finished: Finished) -> None:
    keys = [f"shop{n % 3}/a{n % 5}{n:038}.jpg" for n in range(60)]
    sources = {key: finished(key.encode()) for key in keys}
    barrier = threading.Barrier(4)

    def work(part: int) -> None:
        barrier.wait()
        for key in keys[part::4]:
            storage.put({key: sources[key]})
            if part == 3:
                storage.delete([key])

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(work, range(4))] == [None] * 4
    left = [key for number, key in enumerate(keys) if number % 4 != 3]
    assert {listed.key for listed in storage.list()} == set(left)
    assert all(read(storage, key) == key.encode() for key in left)


# What a folder owes besides: that a power loss takes nothing


class Disk:
    """Notes what is flushed and moved, in order, as the kernel is told of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.root = root
        self.noted: list[tuple[str, str]] = []
        self.broken = -1
        for name in ("fsync", "rename", "mkdir"):
            monkeypatch.setattr(os, name, self._noting(name, getattr(os, name)))

    def _noting(self, name: str, call: Callable[..., None]) -> Callable[..., None]:
        def noting(what: int | str | Path, *rest: object, **more: object) -> None:
            path = Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else what
            place = str(Path(str(rest[0]) if name == "rename" else path).relative_to(self.root))
            self.noted.append((name, place))
            if len(self.noted) - 1 == self.broken:
                raise OSError(errno.EIO, "broken")
            call(what, *rest, **more)

        return noting

    def at(self, name: str, place: str) -> int:
        return self.noted.index((name, place))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    return Disk(monkeypatch, tmp_path)


def test_every_file_is_flushed_before_it_is_moved_and_its_folders_after(
    disk: Disk, finished: Finished
) -> None:
    storage = LocalStorage(disk.root / "media")
    assert disk.noted[-1] == ("fsync", ".")
    disk.noted.clear()
    names = [f"aa{number}{NAME[3:]}" for number in range(4)]
    storage.put({f"shop1/{name}": finished(b"x") for name in names})
    for number, name in enumerate(names):
        moved = disk.at("rename", f"media/shop1/aa/{name}")
        assert disk.at("fsync", f"incoming/{number}") < moved < disk.at("fsync", "media/shop1/aa")
    assert disk.at("mkdir", "media/shop1") < disk.at("fsync", "media")
    assert disk.noted.index(("fsync", "media/shop1")) > max(
        index for index, each in enumerate(disk.noted) if each == ("mkdir", "media/shop1/aa")
    )


def test_a_folder_that_another_made_is_flushed_too(disk: Disk, finished: Finished) -> None:
    (disk.root / "media" / "shop1" / "aa").mkdir(parents=True)
    storage = LocalStorage(disk.root / "media")
    disk.noted.clear()
    storage.put({KEY: finished(b"x")})
    flushed = [place for name, place in disk.noted if name == "fsync"]
    assert flushed == ["media", "media/shop1", "incoming/0", "media/shop1/aa"]
    disk.noted.clear()
    storage.put({KEY: finished(b"x")})
    assert [name for name, _ in disk.noted] == ["fsync", "rename", "fsync"]


def test_a_folder_that_was_taken_away_is_made_again(disk: Disk, finished: Finished) -> None:
    storage = LocalStorage(disk.root / "media")
    storage.put({KEY: finished(b"x")})
    storage.delete([KEY])
    (disk.root / "media" / "shop1" / "aa").rmdir()
    storage.put({KEY: finished(b"y")})
    assert read(storage, KEY) == b"y"


def test_a_failed_flush_goes_up_and_is_not_tried_again(disk: Disk, finished: Finished) -> None:
    storage = LocalStorage(disk.root / "media")
    for at in range(-1, 6):
        disk.noted.clear()
        disk.broken = at
        files = {KEY: finished(b"x"), OTHER: finished(b"y")}
        if at < 0:
            storage.put(files)
            continue
        with pytest.raises(OSError, match="broken"):
            storage.put(files)
        assert len(disk.noted) == at + 1, "it went on"


def test_no_descriptor_is_left_open(disk: Disk, finished: Finished) -> None:
    storage = LocalStorage(disk.root / "media")
    before = len([*Path("/proc/self/fd").iterdir()])
    for broken in (-1, 0, 3, 5):
        disk.broken = len(disk.noted) + broken if broken >= 0 else -1
        try:
            storage.put({KEY: finished(b"x"), OTHER: finished(b"y")})
        except OSError:
            pass
        else:
            storage.check_writable()
            list(storage.list())
            read(storage, KEY)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    (tmp_path / "media" / "shop1" / "aa").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "media" / "shop1" / "aa" / NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        storage.open(KEY)


def test_a_disk_that_takes_nothing_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalStorage(tmp_path / "media")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full"):
        storage.check_writable()
    monkeypatch.undo()
    storage.check_writable()
