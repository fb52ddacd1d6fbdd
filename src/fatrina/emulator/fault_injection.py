"""Faults to order: which requests they strike, how often, and what befalls those."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Final

WAIT, CUT, CUT_AFTER = "wait", "cut", "cut_after"
PENDING_IMAGE, LOSE_WEBHOOK = "unmade", "lose_webhook"
KINDS: Final[Mapping[str, str]] = {
    **{str(code): f"Refuse with {code}." for code in (401, 403, 404, 422, 429, 500, 503)},
    WAIT: "Wait `seconds`, then answer.",
    CUT: "Cut the connection; nothing is done.",
    CUT_AFTER: "Do what is asked, then cut the connection instead of answering.",
    PENDING_IMAGE: "Answer as if renditions were not made yet: four equal URLs, all 0 by 0.",
    LOSE_WEBHOOK: "Do what is asked, and tell no subscriber.",
}
MAX_DELAY: Final = 60.0
"""Seconds."""
MAX_FAULTS: Final = 100
"""Faults that may be ordered at once."""


@dataclass(slots=True)
class Fault:
    """A fault to order; it counts its own strikes."""

    id: int
    kind: str
    method: str = "*"
    path: str = "*"
    """A pattern in which `*` stands for anything."""
    remaining: int | None = None
    """How often it still strikes; None for without end."""
    probability: float = 1.0
    """Of the requests it fits, the part that it strikes."""
    seconds: float = 0.0
    seed: int = 0
    hits: int = 0
    _chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)  # noqa: S311  the same seed strikes the same requests

    def matches(self, method: str, path: str) -> bool:
        """Whether it strikes this request; if so, that counts."""
        fits = fnmatchcase(method, self.method) and fnmatchcase(path, self.path)
        if not fits or self.remaining == 0 or self._chance.random() >= self.probability:
            return False
        self.hits += 1
        if self.remaining is not None:
            self.remaining -= 1
        return True


class FaultInjector:
    """The faults that are ordered now."""

    def __init__(self) -> None:
        self.faults: dict[int, Fault] = {}
        self._last = 0

    def add(self, kind: str, **how: object) -> Fault:
        """Order a fault, with the fields of `Fault`."""
        self._last += 1
        fault = Fault(self._last, kind, **how)  # type: ignore[arg-type]  # as they are named
        self.faults[fault.id] = fault
        return fault

    def matching(self, method: str, path: str) -> list[Fault]:
        """The faults that befall this request, in the order they were ordered in."""
        return [fault for fault in self.faults.values() if fault.matches(method, path)]

    def clear(self, number: int | None = None) -> bool:
        """Take back one fault, or all; False when there is none with this number."""
        if number is None:
            self.faults.clear()
            return True
        return self.faults.pop(number, None) is not None
