"""The bucket store: shared by processes, kept at a restart, replaced when damaged."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fatrina.adapters.rate_limits import BucketStoreError, FileBucketStore
from fatrina.domain.types import MerchantId, Millis

NOW = Millis(1_800_000_000_000)
COUNTING_PROGRAM = """
import sys
from pathlib import Path
from fatrina.adapters.rate_limits import FileBucketStore
with FileBucketStore(Path(sys.argv[1]), lambda: 0) as buckets:
    for _ in range(200):
        buckets.update(1, lambda at: at + 1)
"""


def read_value(buckets: FileBucketStore, merchant: int = 1) -> int:
    values: list[int] = []

    def read(at: int) -> int:
        values.append(at)
        return at

    buckets.update(MerchantId(merchant), read)
    return values[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits.sqlite3"


def clear_buckets(path: Path) -> None:
    with FileBucketStore(path, lambda: NOW) as store:
        store.clear()


def test_clearing_empties_all_buckets(path: Path) -> None:
    clear_buckets(path)
    assert not path.exists()
    with FileBucketStore(path, lambda: NOW) as buckets:
        buckets.update(MerchantId(1), lambda _: 7)
        clear_buckets(path)
        assert read_value(buckets) == 0


def test_each_merchant_has_a_bucket_that_survives_a_restart(path: Path) -> None:
    with FileBucketStore(path, lambda: NOW) as buckets:
        buckets.update(MerchantId(1), lambda _: 7)
        buckets.update(MerchantId(2), lambda _: 8)
    with FileBucketStore(path, lambda: NOW) as buckets:
        assert [read_value(buckets, merchant) for merchant in (1, 2, 3)] == [7, 8, 0]


def test_threads_and_processes_share_the_buckets(path: Path) -> None:
    others = [
        subprocess.Popen([sys.executable, "-c", COUNTING_PROGRAM, str(path)]) for _ in range(2)
    ]
    with FileBucketStore(path, lambda: NOW) as buckets:
        with ThreadPoolExecutor(4) as threads:
            list(
                threads.map(lambda _: buckets.update(MerchantId(1), lambda at: at + 1), range(200))
            )
        assert [store.wait(30) for store in others] == [0, 0]
        assert read_value(buckets) == 600


def test_an_exception_in_the_change_keeps_the_value(path: Path) -> None:
    with FileBucketStore(path, lambda: NOW) as buckets:
        buckets.update(MerchantId(1), lambda _: 7)
        with pytest.raises(ZeroDivisionError):
            buckets.update(MerchantId(1), lambda at: at // 0)
        assert read_value(buckets) == 7


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with FileBucketStore(path, lambda: NOW) as buckets:
        buckets.update(MerchantId(1), lambda at: at + 7)
        assert read_value(buckets) == 7


def test_a_file_that_cannot_be_created_raises(tmp_path: Path) -> None:
    with FileBucketStore(tmp_path / "nowhere" / "limits.sqlite3", lambda: NOW) as buckets:
        with pytest.raises(BucketStoreError):
            buckets.update(MerchantId(1), lambda at: at)
        (tmp_path / "nowhere").mkdir()
        assert read_value(buckets) == 0
