"""The buckets' file: shared, kept over a restart, begun anew when it is damaged."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fatrina.adapters.rate_limits import BucketStore, BucketStoreError

COUNTING = """
import sys
from pathlib import Path
from fatrina.adapters.rate_limits import BucketStore
with BucketStore(Path(sys.argv[1])) as buckets:
    for _ in range(200):
        buckets.update(1, lambda at: at + 1)
"""


def value(buckets: BucketStore, merchant: int = 1) -> int:
    seen: list[int] = []

    def look(at: int) -> int:
        seen.append(at)
        return at

    buckets.update(merchant, look)
    return seen[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits.sqlite3"


def emptied(path: Path) -> None:
    with BucketStore(path) as other:
        other.clear()


def test_emptied_all_begin_anew(path: Path) -> None:
    emptied(path)
    assert not path.exists()
    with BucketStore(path) as buckets:
        buckets.update(1, lambda _: 7)
        emptied(path)
        assert value(buckets) == 0


def test_each_merchant_has_one_and_a_restart_keeps_it(path: Path) -> None:
    with BucketStore(path) as buckets:
        buckets.update(1, lambda _: 7)
        buckets.update(2, lambda _: 8)
    with BucketStore(path) as buckets:
        assert [value(buckets, merchant) for merchant in (1, 2, 3)] == [7, 8, 0]


def test_threads_and_processes_count_together(path: Path) -> None:
    others = [subprocess.Popen([sys.executable, "-c", COUNTING, str(path)]) for _ in range(2)]
    with BucketStore(path) as buckets:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: buckets.update(1, lambda at: at + 1), range(200)))
        assert [other.wait(30) for other in others] == [0, 0]
        assert value(buckets) == 600


def test_what_goes_wrong_meanwhile_changes_nothing(path: Path) -> None:
    with BucketStore(path) as buckets:
        buckets.update(1, lambda _: 7)
        with pytest.raises(ZeroDivisionError):
            buckets.update(1, lambda at: at // 0)
        assert value(buckets) == 7


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_begun_anew(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with BucketStore(path) as buckets:
        buckets.update(1, lambda at: at + 7)
        assert value(buckets) == 7


def test_where_there_can_be_no_file_it_is_lost(tmp_path: Path) -> None:
    with BucketStore(tmp_path / "nowhere" / "limits.sqlite3") as buckets:
        with pytest.raises(BucketStoreError):
            buckets.update(1, lambda at: at)
        (tmp_path / "nowhere").mkdir()
        assert value(buckets) == 0
