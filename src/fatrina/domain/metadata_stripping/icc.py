"""ICC profiles: which are sound, and where they end."""

MAX_PROFILE_BYTES = 4_000_000
"""Bytes of the largest profile that is kept; those of printing presses have up to 3 million."""

_HEADER_BYTES = 128  # ICC.1:2022, 7.2
_SIGNATURE = slice(36, 40)


def trim_profile(profile: bytes) -> bytes:
    """Give the profile without what follows it, or nothing when it is none (ICC.1:2022, 7.2)."""
    size = int.from_bytes(profile[:4], "big")
    if (
        _HEADER_BYTES < size <= min(len(profile), MAX_PROFILE_BYTES)
        and profile[_SIGNATURE] == b"acsp"
    ):
        return profile[:size]
    return b""
