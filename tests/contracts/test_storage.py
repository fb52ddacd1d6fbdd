"""Every storage: files are stored completely and durably, and read by range."""

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
from fatrina.adapters.storage.bucket import BucketStorage
from fatrina.domain.bucket_address import BucketAddress
from tests.s3_server import S3Server

STORAGES = ("folder", "bucket")
NAME = "aaBBccDDee0011223344556677889900aaBBccDD.jpg"
KEY = f"shop1/{NAME}"
OTHER = "shop1/zz" + NAME[2:]


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "media")
    server: S3Server = request.getfixturevalue("s3_server")
    return BucketStorage(BucketAddress.parse(server.create_bucket()))


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that writes a complete incoming file."""
    (tmp_path / "incoming").mkdir()
    count = iter(range(1000))

    def write(data: bytes) -> Path:
        path = tmp_path / "incoming" / str(next(count))
        path.write_bytes(data)
        return path

    return write


FileWriter = Callable[[bytes], Path]


def read(storage: Storage, key: str) -> bytes:
    blob = storage.open(key)
    try:
        return b"".join(blob.chunks(0, blob.size))
    finally:
        blob.close()


def test_stored_files_can_be_read(storage: Storage, write_file: FileWriter) -> None:
    storage.put(
        {KEY: write_file(b"one"), OTHER: write_file(b"two"), "shop2/" + NAME: write_file(b"")}
    )
    assert [read(storage, key) for key in (KEY, OTHER, "shop2/" + NAME)] == [b"one", b"two", b""]


def test_storing_no_files_does_nothing(storage: Storage) -> None:
    storage.put({})
    assert not list(storage.list())


def test_keys_are_case_sensitive(storage: Storage, write_file: FileWriter) -> None:
    storage.put({KEY: write_file(b"one")})
    storage.put({f"shop1/{NAME.swapcase().replace('JPG', 'jpg')}": write_file(b"two")})
    assert read(storage, KEY) == b"one"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 40), length=st.integers(0, 40))
def test_any_range_can_be_read(
    storage: Storage, write_file: FileWriter, start: int, length: int
) -> None:
    data = bytes(range(32))
    try:
        blob = storage.open(KEY)
    except FileNotFoundError:
        storage.put({KEY: write_file(data)})
        blob = storage.open(KEY)
    assert blob.size == len(data)
    stop = start + length
    assert b"".join(blob.chunks(start, stop)) == data[start:stop]
    blob.close()


def test_a_large_file_is_read_concurrently_in_ranges(
    storage: Storage, write_file: FileWriter
) -> None:
    data = os.urandom(300_000)
    storage.put({KEY: write_file(data)})

    def read_in_ranges(size: int) -> bytes:
        blob = storage.open(KEY)
        ranges = [(at, at + size) for at in range(0, blob.size, size)]
        pieces = [chunk for each in ranges for chunk in blob.chunks(*each)]
        blob.close()
        return b"".join(pieces)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read_in_ranges, [1000, 4096, 65_536, 300_000])) == {data}


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7]
)
def test_chunks_are_limited_in_size(storage: Storage, write_file: FileWriter, size: int) -> None:
    data = os.urandom(size)
    storage.put({KEY: write_file(data)})
    blob = storage.open(KEY)
    for stop in (size, size + 1, 2 * size):
        pieces = [*blob.chunks(0, stop)]
        assert b"".join(pieces) == data
        assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in pieces)
    assert not [*blob.chunks(size, size), *blob.chunks(size + 5, size + 9), *blob.chunks(5, 2)]
    blob.close()


@pytest.mark.parametrize("key", [KEY, "nobody/" + NAME, "shop1/" + "x" * 40 + ".jpg"])
def test_missing_files_are_not_found(storage: Storage, write_file: FileWriter, key: str) -> None:
    storage.put({OTHER: write_file(b"two")})
    with pytest.raises(FileNotFoundError):
        storage.open(key)
    storage.delete([key])
    assert read(storage, OTHER) == b"two"


def test_only_the_given_keys_are_deleted(storage: Storage, write_file: FileWriter) -> None:
    storage.put({KEY: write_file(b"one"), OTHER: write_file(b"two")})
    storage.delete(iter([KEY, KEY]))
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    assert [listed.key for listed in storage.list()] == [OTHER]


def test_an_open_file_can_be_read_after_its_deletion(
    storage: Storage, write_file: FileWriter
) -> None:
    storage.put({KEY: write_file(b"one")})
    blob = storage.open(KEY)
    storage.delete([KEY])
    assert b"".join(blob.chunks(0, 9)) == b"one"
    blob.close()


def test_files_are_listed_with_their_time(storage: Storage, write_file: FileWriter) -> None:
    assert not list(storage.list())
    before = time.time()
    keys = {KEY, OTHER, "shop2/" + NAME}
    storage.put({key: write_file(b"x") for key in keys})
    listed = list(storage.list())
    assert {each.key for each in listed} == keys
    assert all(before - 1 < each.changed_at <= time.time() for each in listed)


def test_a_listing_survives_concurrent_deletions(storage: Storage, write_file: FileWriter) -> None:
    keys = [f"shop1/aa{number:038}.jpg" for number in range(50)]
    storage.put({key: write_file(b"x") for key in keys})
    listing = storage.list()
    keys_seen = [next(listing).key]
    storage.delete(keys[:25])
    keys_seen += [listed.key for listed in listing]
    assert set(keys[25:]) <= set(keys_seen) <= set(keys)


def test_check_writable_leaves_no_file(storage: Storage) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: storage.check_writable(), range(20))] == [None] * 20
    assert not list(storage.list())


def test_concurrent_puts_and_deletions(storage: Storage, write_file: FileWriter) -> None:
    keys = [f"shop{n % 3}/a{n % 5}{n:038}.jpg" for n in range(60)]
    sources = {key: write_file(key.encode()) for key in keys}
    barrier = threading.Barrier(4)

    def work(part: int) -> None:
        barrier.wait()
        for key in keys[part::4]:
            storage.put({key: sources[key]})
            if part == 3:
                storage.delete([key])

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(work, range(4))] == [None] * 4
    remaining = [key for number, key in enumerate(keys) if number % 4 != 3]
    assert {listed.key for listed in storage.list()} == set(remaining)
    assert all(read(storage, key) == key.encode() for key in remaining)


# Local storage: durability at a power loss


class Disk:
    """Records the order of flushes, renames and created directories."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.root = root
        self.calls: list[tuple[str, str]] = []
        self.broken = -1
        for name in ("fsync", "rename", "mkdir"):
            monkeypatch.setattr(os, name, self._recording(name, getattr(os, name)))

    def _recording(self, name: str, call: Callable[..., None]) -> Callable[..., None]:
        def recording(target: int | str | Path, *rest: object, **kwargs: object) -> None:
            path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target
            recorded_path = str(
                Path(str(rest[0]) if name == "rename" else path).relative_to(self.root)
            )
            self.calls.append((name, recorded_path))
            if len(self.calls) - 1 == self.broken:
                raise OSError(errno.EIO, "broken")
            call(target, *rest, **kwargs)

        return recording

    def at(self, name: str, recorded_path: str) -> int:
        return self.calls.index((name, recorded_path))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    return Disk(monkeypatch, tmp_path)


def test_files_are_flushed_before_the_rename_and_directories_after(
    disk: Disk, write_file: FileWriter
) -> None:
    storage = LocalStorage(disk.root / "media")
    assert disk.calls[-1] == ("fsync", ".")
    disk.calls.clear()
    names = [f"aa{number}{NAME[3:]}" for number in range(4)]
    storage.put({f"shop1/{name}": write_file(b"x") for name in names})
    for number, name in enumerate(names):
        moved = disk.at("rename", f"media/shop1/aa/{name}")
        assert disk.at("fsync", f"incoming/{number}") < moved < disk.at("fsync", "media/shop1/aa")
    assert disk.at("mkdir", "media/shop1") < disk.at("fsync", "media")
    assert disk.calls.index(("fsync", "media/shop1")) > max(
        index for index, each in enumerate(disk.calls) if each == ("mkdir", "media/shop1/aa")
    )


def test_an_existing_directory_is_flushed_once(disk: Disk, write_file: FileWriter) -> None:
    (disk.root / "media" / "shop1" / "aa").mkdir(parents=True)
    storage = LocalStorage(disk.root / "media")
    disk.calls.clear()
    storage.put({KEY: write_file(b"x")})
    flushed = [recorded_path for name, recorded_path in disk.calls if name == "fsync"]
    assert flushed == ["media", "media/shop1", "incoming/0", "media/shop1/aa"]
    disk.calls.clear()
    storage.put({KEY: write_file(b"x")})
    assert [name for name, _ in disk.calls] == ["fsync", "rename", "fsync"]


def test_a_deleted_directory_is_recreated(disk: Disk, write_file: FileWriter) -> None:
    storage = LocalStorage(disk.root / "media")
    storage.put({KEY: write_file(b"x")})
    storage.delete([KEY])
    (disk.root / "media" / "shop1" / "aa").rmdir()
    storage.put({KEY: write_file(b"y")})
    assert read(storage, KEY) == b"y"


def test_a_failed_flush_is_raised_and_not_retried(disk: Disk, write_file: FileWriter) -> None:
    storage = LocalStorage(disk.root / "media")
    for at in range(-1, 6):
        disk.calls.clear()
        disk.broken = at
        files = {KEY: write_file(b"x"), OTHER: write_file(b"y")}
        if at < 0:
            storage.put(files)
            continue
        with pytest.raises(OSError, match="broken"):
            storage.put(files)
        assert len(disk.calls) == at + 1, "it continued"


def test_no_descriptor_leaks(disk: Disk, write_file: FileWriter) -> None:
    storage = LocalStorage(disk.root / "media")
    before = len([*Path("/proc/self/fd").iterdir()])
    for broken in (-1, 0, 3, 5):
        disk.broken = len(disk.calls) + broken if broken >= 0 else -1
        try:
            storage.put({KEY: write_file(b"x"), OTHER: write_file(b"y")})
        except OSError:
            pass
        else:
            storage.check_writable()
            list(storage.list())
            read(storage, KEY)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    (tmp_path / "media" / "shop1" / "aa").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "media" / "shop1" / "aa" / NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        storage.open(KEY)


def test_check_writable_fails_on_a_full_disk(
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
