"""Which ICC profiles are sound."""

import pytest

from fatrina.domain.cleaning.icc import LIMIT, sound
from tests import drawn


@pytest.mark.parametrize("name", ["srgb", "p3", "cmyk"])
def test_a_profile_stays(name: str) -> None:
    assert sound(drawn.profile(name)) == drawn.profile(name)


def test_what_follows_a_profile_goes() -> None:
    assert sound(drawn.profile() + b"more") == drawn.profile()


def test_what_is_none_goes() -> None:
    profile = drawn.profile()
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
        assert sound(broken) == b""
