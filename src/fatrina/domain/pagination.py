"""Pagination of lists."""

from dataclasses import dataclass
from typing import Final

DEFAULT_PAGE_SIZE: Final = 15  # both sizes are the contract's
MAX_PAGE_SIZE: Final = 60


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `number` counts from 1."""

    number: int = 1
    size: int = DEFAULT_PAGE_SIZE

    @property
    def offset(self) -> int:
        """Number of rows before this page."""
        return (self.number - 1) * self.size

    def page_count(self, total: int) -> int:
        """Return the number of pages of a list of `total` rows; an empty list has one page."""
        return max(1, -(-total // self.size))
