"""Ranges of integers."""

from typing import Final

MAX_INT32: Final = 2**31 - 1
"""Largest id: clients and INTEGER columns hold signed 32-bit integers."""
MAX_INT64: Final = 2**63 - 1
"""Largest delivery id and timestamp: BIGINT columns hold signed 64-bit integers."""
