"""Random ids that cannot be guessed."""

from collections.abc import Callable
from secrets import randbelow
from typing import Final

from fatrina.domain.integers import MAX_INT32

_MIN_ID: Final = 10_000_000


def new_id(is_taken: Callable[[int], bool]) -> int:
    """Return a random positive id below 2^31 for which `is_taken` is false."""
    while is_taken(number := _MIN_ID + randbelow(MAX_INT32 + 1 - _MIN_ID)):
        pass
    return number


def new_ids(count: int, is_taken: Callable[[int], bool]) -> list[int]:
    """Return `count` different ids."""
    ids: dict[int, None] = {}
    while len(ids) < count:
        ids[new_id(is_taken)] = None
    return list(ids)
