"""ICC profiles: which are sound, and where they end."""

LIMIT = 4_000_000
"""Bytes of the largest profile that is kept; those of printing presses have up to 3 million."""

_HEADER = 128  # ICC.1:2022, 7.2
_SIGNATURE = slice(36, 40)


def is_valid(profile: bytes) -> bytes:
    """Give the profile without what follows it, or nothing when it is none (ICC.1:2022, 7.2)."""
    size = int.from_bytes(profile[:4], "big")
    if _HEADER < size <= min(len(profile), LIMIT) and profile[_SIGNATURE] == b"acsp":
        return profile[:size]
    return b""
