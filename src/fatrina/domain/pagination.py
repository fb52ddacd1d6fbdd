"""A page of a long list."""

from dataclasses import dataclass
from typing import Final

DEFAULT_PAGE_SIZE: Final = 15  # both from the contract
MAX_PAGE_SIZE: Final = 60


@dataclass(frozen=True, slots=True)
class Page:
    """Which stretch of a list: pages count from 1."""

    number: int = 1
    size: int = DEFAULT_PAGE_SIZE

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size

    def page_count(self, total: int) -> int:
        """How many pages a list of `total` rows has; an empty one has its first page."""
        return max(1, -(-total // self.size))
