"""ICC profiles: check the header, and find where the profile ends."""

MAX_PROFILE_BYTES = 4_000_000
"""Size of the largest profile that is kept; those of printing presses have up to 3 million bytes.
"""

_HEADER_BYTES = 128  # ICC.1:2022, 7.2
_SIGNATURE = slice(36, 40)


def trim_profile(profile: bytes) -> bytes:
    """Return the profile without bytes after its end; empty if invalid (ICC.1:2022, 7.2)."""
    size = int.from_bytes(profile[:4], "big")
    if (
        _HEADER_BYTES < size <= min(len(profile), MAX_PROFILE_BYTES)
        and profile[_SIGNATURE] == b"acsp"
    ):
        return profile[:size]
    return b""
