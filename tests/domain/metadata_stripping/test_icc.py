"""Validation of ICC profiles."""

import pytest

from fatrina.domain.metadata_stripping.icc import MAX_PROFILE_BYTES, trim_profile
from tests import sample_photos


@pytest.mark.parametrize("name", ["srgb", "p3", "cmyk"])
def test_valid_profile_is_kept(name: str) -> None:
    assert trim_profile(sample_photos.icc_profile(name)) == sample_photos.icc_profile(name)


def test_bytes_after_a_profile_are_removed() -> None:
    assert trim_profile(sample_photos.icc_profile() + b"more") == sample_photos.icc_profile()


def test_invalid_profile_is_removed() -> None:
    profile = sample_photos.icc_profile()
    too_large = (MAX_PROFILE_BYTES + 1).to_bytes(4, "big") + profile[4:] + bytes(MAX_PROFILE_BYTES)
    short = (128).to_bytes(4, "big") + profile[4:128]
    for broken in (
        b"",
        profile[:-1],
        b"A" * 500,
        profile[:36] + b"ascp" + profile[40:],
        too_large,
        short,
    ):
        assert trim_profile(broken) == b""
