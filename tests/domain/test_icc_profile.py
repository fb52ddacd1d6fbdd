"""Profiles are recognised as sRGB by their primaries and curves, not by their names."""

import struct
from collections.abc import Mapping

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms

from fatrina.domain.icc_profile import is_srgb

SRGB = bytes(pyvips.Image.profile_load("srgb"))
PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.7141),
}
ADOBE = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
P3 = {
    b"rXYZ": (0.51512, 0.2412, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.1571, 0.06657, 0.78407),
}


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def table(*values: float) -> bytes:
    """Return a tone curve as a table."""
    points = [min(65535, round(value * 65535)) for value in values]
    return b"curv\0\0\0\0" + struct.pack(f">I{len(points)}H", len(points), *points)


def srgb(x: float) -> float:
    return x / 12.92 if x <= 0.04045 else float(((x + 0.055) / 1.055) ** 2.4)


TABLE = table(*(srgb(step / 1023) for step in range(1024)))
FUNCTION = b"para\0\0\0\0\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
GAMMA = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", round(2.2 * 256))


def profile(
    primaries: Mapping[bytes, tuple[float, ...]] | None = None,
    curve: bytes = FUNCTION,
    *,
    kind: bytes = b"mntr",
    space: bytes = b"RGB ",
    extra: dict[bytes, bytes] | None = None,
) -> bytes:
    """Return a profile with these primaries and one tone curve for all three colours."""
    tags = {
        name: b"XYZ \0\0\0\0" + fixed(*values) for name, values in (primaries or PRIMARIES).items()
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve) | (extra or {})
    rows, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        rows += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I", start + len(body)) + bytes(8) + kind + space + b"XYZ " + bytes(12)
    return head + b"acsp" + bytes(88) + struct.pack(">I", len(tags)) + rows + body


SRGB_PROFILES = {
    "libvips' own": SRGB,
    "Little CMS' own": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "a function": profile(),
    "a table": profile(curve=TABLE),
    "a short table": profile(curve=table(*(srgb(step / 255) for step in range(256)))),
    "with a name of another": profile(extra={b"desc": b"desc\0\0\0\0Display P3"}),
    "rounded primaries": profile(
        {key: tuple(round(v, 3) for v in PRIMARIES[key]) for key in PRIMARIES}
    ),
}
OTHER_PROFILES = {
    "nothing": b"",
    "text": b"sRGB IEC61966-2.1" * 20,
    "libvips' P3": bytes(pyvips.Image.profile_load("p3")),
    "libvips' CMYK": bytes(pyvips.Image.profile_load("cmyk")),
    "P3": profile(P3),
    "Adobe RGB": profile(ADOBE, GAMMA),
    "Adobe's primaries alone": profile(ADOBE),
    "a gamma of 2.2": profile(curve=GAMMA),
    "no gamma": profile(curve=b"curv\0\0\0\0\0\0\0\0"),
    "a straight table": profile(curve=table(0, 1)),
    "red and green exchanged": profile(
        PRIMARIES | {b"rXYZ": PRIMARIES[b"gXYZ"], b"gXYZ": PRIMARIES[b"rXYZ"]}
    ),
    "a printer's": profile(kind=b"prtr"),
    "grey": profile(space=b"GRAY"),
    "with a table that outranks": profile(extra={b"A2B0": b"mft2"}),
    "a curve of another kind": profile(curve=b"para\0\0\0\0\0\0\0\0" + fixed(2.2)),
    "an unknown curve": profile(curve=b"sf32\0\0\0\0"),
    "no blue": profile({key: PRIMARIES[key] for key in (b"rXYZ", b"gXYZ")}),
}


@pytest.mark.parametrize("name", SRGB_PROFILES)
def test_is_srgb(name: str) -> None:
    assert is_srgb(SRGB_PROFILES[name])


@pytest.mark.parametrize("name", OTHER_PROFILES)
def test_is_not_srgb(name: str) -> None:
    assert not is_srgb(OTHER_PROFILES[name])


def test_one_different_curve_is_not_srgb() -> None:
    assert not is_srgb(profile(extra={b"bTRC": GAMMA}))


@pytest.mark.parametrize("part", range(1, 20))
def test_truncated_profile_is_not_srgb(part: int) -> None:
    complete = profile(curve=TABLE)
    assert not is_srgb(complete[: len(complete) * part // 20])


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_not_srgb(data: bytes) -> None:
    assert not is_srgb(data)


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=40))
def test_corrupt_profile_raises_nothing(at: int, patch: bytes) -> None:
    complete = profile(curve=TABLE)
    assert is_srgb(complete[:at] + patch + complete[at + len(patch) :]) in {True, False}


def test_tag_limit() -> None:
    many = {f"x{number:03}".encode(): b"text" for number in range(200)}
    assert is_srgb(profile(extra=many))
    assert not is_srgb(SRGB[:128] + struct.pack(">I", 2**32 - 1) + SRGB[132:200])
