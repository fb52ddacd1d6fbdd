"""Read single values of JSON data, and collect their problems with JSON pointers (RFC 6901)."""

from collections.abc import Callable
from math import isfinite
from typing import Any, Final, TypeVar

from fatrina.domain import errors, text
from fatrina.domain.integers import MAX_INT32

T = TypeVar("T")
_MAX_TEXT_LENGTH: Final = 500
_MAX_PROBLEMS: Final = 100
_MAX_POINTER_LENGTH: Final = 200


class ValueReader:
    """Reads values and collects problems; `at` is always the JSON pointer of the value."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._ids: dict[str, set[int]] = {}

    def read_text(self, at: str, value: object, max_length: int = _MAX_TEXT_LENGTH) -> str | None:
        """Return a text; None if it is absent or invalid."""
        return self._check_text(at, value, max_length, text.validate)

    def read_line(self, at: str, value: object) -> str | None:
        """Return a text of one line."""
        return self._check_text(at, value, _MAX_TEXT_LENGTH, text.normalize_line)

    def _check_text(
        self, at: str, value: object, max_length: int, check: Callable[[str, str, int], str]
    ) -> str | None:
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return check("", value, max_length)
        except errors.FieldError:
            pass
        self.add_problem(
            at, f"must be text of up to {max_length} characters without control characters"
        )
        return None

    def read_number(self, at: str, value: object) -> float | None:
        """Return a finite number."""
        if value is None:
            return None
        try:
            if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
                return float(value)
        except OverflowError:  # an integer greater than any float
            pass
        self.add_problem(at, "must be a number")
        return None

    def read_id(self, at: str, value: object, kind: str) -> int | None:
        """Return an id that nothing else of this kind has in the seed."""
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_INT32:
            self.add_problem(at, f"must be an integer from 1 to {MAX_INT32}")
            return None
        used = self._ids.setdefault(kind, set())
        if value in used:
            self.add_problem(at, f"is the id of another {kind}")
        used.add(value)
        return value

    def read_list(
        self, at: str, values: object, read: Callable[[str, dict[str, Any]], T]
    ) -> list[T]:
        """Return what `read` returns for each object of a list."""
        if not isinstance(values, list):
            self.add_problem(at, "must be a list")
            return []
        items = []
        for index, value in enumerate(values):
            if isinstance(value, dict):
                items.append(read(f"{at}/{index}", value))
            else:
                self.add_problem(f"{at}/{index}", "must be an object")
        return items

    def check_names(self, at: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
        """Add a problem for each name that is not known."""
        for name in given.keys() - {*known}:
            pointer = f"{at}/{name}"[:_MAX_POINTER_LENGTH]
            self.add_problem(pointer, f"is not a known name: use {', '.join(known)}")

    def add_problem(self, at: str, problem: str) -> None:
        """Add a problem, unless there are many already."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(f"{at or '/'}: {problem}")
        elif len(self.problems) == _MAX_PROBLEMS:
            self.problems.append("and more problems that are not listed")
