"""The disk reserve: released when the disk is full, and recreated."""

import os
from pathlib import Path

import pytest

from fatrina.adapters import reserve as module
from fatrina.adapters.reserve import Reserve

SIZE = 8_000_000


def test_the_reserve_allocates_its_space(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path)
    for _ in range(2):
        reserve.create()
        stats = (tmp_path / "reserve").stat()
        assert (stats.st_size, stats.st_mode & 0o777) == (SIZE, 0o600)
        assert stats.st_blocks * 512 >= SIZE


@pytest.mark.parametrize(("free", "exists"), [(SIZE - 1, False), (SIZE, True)])
def test_the_reserve_is_released_only_if_space_is_low(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, free: int, exists: bool
) -> None:
    monkeypatch.setattr(module, "_free_bytes", lambda _: free)
    reserve = Reserve(tmp_path)
    reserve.create()
    with reserve.release():
        assert (tmp_path / "reserve").exists() == exists
    assert (tmp_path / "reserve").stat().st_size == SIZE


def test_a_partial_reserve_is_completed(tmp_path: Path) -> None:
    (tmp_path / "reserve").write_bytes(b"x")
    Reserve(tmp_path).create()
    assert (tmp_path / "reserve").stat().st_size == SIZE


def test_the_reserve_is_smaller_if_space_is_low(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocate = os.posix_fallocate

    def nearly_full(descriptor: int, offset: int, size: int) -> None:
        allocate(descriptor, offset, min(size, 3_500_000))
        if size > 3_500_000:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", nearly_full)
    Reserve(tmp_path).create()
    assert (tmp_path / "reserve").stat().st_size == 3_000_000


def test_a_full_disk_has_no_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with Reserve(tmp_path).release():
        pass
    assert not list(tmp_path.iterdir())
