"""A bucket: what is sent to it, and what happens when it does not respond. The server is a fake."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fatrina.adapters.storage.bucket import BucketStorage
from fatrina.domain.bucket_address import BucketAddress
from tests.fault_proxy import FaultProxy, run_proxy
from tests.s3_server import S3Server

KEY = "shop1/" + "a" * 40 + ".jpg"
FILES = [f"shop1/{letter * 40}.png" for letter in "abcd"]


def open_bucket(address: str, *, bulk_delete: bool = True) -> BucketStorage:
    return BucketStorage(BucketAddress.parse(address), bulk_delete=bulk_delete)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo"
    path.write_bytes(b"photo")
    return path


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    with run_proxy("127.0.0.1", s3_server.port) as proxy:
        yield proxy


@pytest.fixture
def storage(s3_server: S3Server, proxy: FaultProxy) -> BucketStorage:
    """An empty bucket behind the proxy."""
    name = BucketAddress.parse(s3_server.create_bucket()).name
    return open_bucket(s3_server.address(name, proxy.port))


def test_objects_have_the_headers_that_a_cdn_needs(s3_server: S3Server, photo: Path) -> None:
    storage = open_bucket(s3_server.create_bucket())
    storage.put({KEY: photo})
    assert storage.request(KEY).attributes == {
        "Content-Type": "image/jpeg",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    assert photo.exists()  # the spool reuses it


def test_foreign_objects_are_not_listed(s3_server: S3Server) -> None:
    address = s3_server.create_bucket()
    for key in ("backup.tar", "shop1/notes.txt", "logs/2026/" + "a" * 40 + ".jpg"):
        s3_server.request("PUT", f"/{BucketAddress.parse(address).name}/{key}")
    assert not list(open_bucket(address).list())


@pytest.mark.parametrize("bulk_delete", [True, False])
def test_files_are_deleted_with_and_without_bulk_requests(
    s3_server: S3Server, photo: Path, *, bulk_delete: bool
) -> None:
    storage = open_bucket(s3_server.create_bucket(), bulk_delete=bulk_delete)
    storage.put(dict.fromkeys(FILES, photo))
    storage.delete([KEY, *FILES[:3]])
    assert [each.key for each in storage.list()] == FILES[3:]


def test_a_missing_bucket_is_an_outage(s3_server: S3Server, photo: Path) -> None:
    storage = open_bucket(s3_server.address("no-such-bucket"))
    calls = [
        lambda: storage.open(KEY),
        lambda: storage.size(KEY),
        lambda: storage.put({KEY: photo}),
        lambda: storage.delete([KEY]),
        lambda: list(storage.list()),
        storage.check_writable,
        storage.settled_before,
    ]
    for call in calls:
        with pytest.raises(OSError, match="The bucket") as caught:
            call()
        assert not isinstance(caught.value, FileNotFoundError)


def test_a_recent_file_is_not_settled_whatever_the_local_clock_says(
    s3_server: S3Server, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_bucket(s3_server.create_bucket())
    storage.put({KEY: photo})
    [listed] = storage.list()
    monkeypatch.setattr(time, "time", lambda: listed.changed_at + 10**6)
    assert 86_390 < listed.changed_at - storage.settled_before() <= 86_400


def test_a_refused_connection_is_an_error_within_two_seconds(
    storage: BucketStorage, proxy: FaultProxy, photo: Path
) -> None:
    storage.put({KEY: photo})
    proxy.refuse()
    started = time.monotonic()
    with pytest.raises(OSError, match="does not respond"):
        storage.put({FILES[0]: photo})
    assert time.monotonic() - started < 2
    with pytest.raises(OSError, match="does not respond"):
        storage.open(KEY)
    proxy.accept()
    storage.put({FILES[0]: photo})
    assert b"".join(storage.open(KEY).chunks(0, 9)) == b"photo"


def test_connections_that_are_cut_are_repeated(
    storage: BucketStorage, proxy: FaultProxy, photo: Path
) -> None:
    for forwarded in (False, True):
        proxy.cut_at(b"PUT /", forwarded=forwarded)
        storage.put(dict.fromkeys(FILES, photo))
    assert proxy.faults.cuts == 2
    assert [each.key for each in storage.list()] == FILES


def test_a_stalled_server_is_an_error_within_seven_seconds(
    storage: BucketStorage, proxy: FaultProxy, photo: Path
) -> None:
    proxy.faults.stalled = True
    started = time.monotonic()
    with pytest.raises(OSError, match="does not respond"):
        storage.put(dict.fromkeys(FILES, photo))
    assert time.monotonic() - started < 7
    proxy.resume()
    storage.put({KEY: photo})


def test_a_connection_that_is_cut_while_a_file_is_read(
    s3_server: S3Server, storage: BucketStorage, proxy: FaultProxy, photo: Path
) -> None:
    photo.write_bytes(bytes(12_000_000))
    storage.put({KEY: photo})
    chunks = storage.open(KEY).chunks(0, 12_000_000)
    size = len(next(chunks))
    proxy.cut()
    assert size + sum(map(len, chunks)) == 12_000_000  # the rest is requested again
