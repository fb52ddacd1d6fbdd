"""Which ICC profiles are sound."""

import pytest

from fatrina.domain.metadata_stripping.icc import LIMIT, is_valid
from tests import sample_photos


@pytest.mark.parametrize("name", ["srgb", "p3", "cmyk"])
def test_a_profile_stays(name: str) -> None:
    assert is_valid(sample_photos.profile(name)) == sample_photos.profile(name)


def test_what_follows_a_profile_goes() -> None:
    assert is_valid(sample_photos.profile() + b"more") == sample_photos.profile()


def test_what_is_none_goes() -> None:
    profile = sample_photos.profile()
    too_large = (LIMIT + 1).to_bytes(4, "big") + profile[4:] + bytes(LIMIT)
    short = (128).to_bytes(4, "big") + profile[4:128]
    for broken in (
        b"",
        profile[:-1],
        b"A" * 500,
        profile[:36] + b"ascp" + profile[40:],
        too_large,
        short,
    ):
        assert is_valid(broken) == b""
