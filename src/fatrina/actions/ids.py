"""Ids that nobody can guess."""

from collections.abc import Callable
from secrets import randbelow
from typing import Final

from fatrina.domain.integers import MAX_INT32

_SMALLEST: Final = 10_000_000


def new_id(is_taken: Callable[[int], bool]) -> int:
    """A random positive id below 2^31 that is not `taken`."""
    while is_taken(identifier := _SMALLEST + randbelow(MAX_INT32 + 1 - _SMALLEST)):
        pass
    return identifier


def new_ids(count: int, is_taken: Callable[[int], bool]) -> list[int]:
    """As many different ids."""
    drawn: dict[int, None] = {}
    while len(drawn) < count:
        drawn[new_id(is_taken)] = None
    return list(drawn)
