"""Fault injection rules: which requests they match, how often, and their effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Final

WAIT, CUT, CUT_AFTER = "wait", "cut", "cut_after"
PENDING_IMAGE, LOSE_WEBHOOK = "unmade", "lose_webhook"
KINDS: Final[Mapping[str, str]] = {
    **{str(code): f"Respond with {code}." for code in (401, 403, 404, 422, 429, 500, 503)},
    WAIT: "Wait `seconds`, then respond.",
    CUT: "Close the connection; the request is not executed.",
    CUT_AFTER: "Execute the request, then close the connection instead of responding.",
    PENDING_IMAGE: "Respond as if renditions were pending: the same URL four times, all 0 by 0.",
    LOSE_WEBHOOK: "Execute the request, and send no webhook.",
}
MAX_DELAY: Final = 60.0
"""Seconds."""
MAX_FAULTS: Final = 100
"""Rules that may exist at once."""


@dataclass(slots=True)
class Fault:
    """A fault injection rule; it counts the requests that it has matched."""

    id: int
    kind: str
    method: str = "*"
    path: str = "*"
    """A pattern in which `*` matches any text."""
    merchant: str = ""
    """Code of the only merchant whose requests it affects; empty for all requests."""
    remaining: int | None = None
    """How many more requests it affects; None for any number."""
    probability: float = 1.0
    """The proportion of the matching requests that it affects, from 0 to 1."""
    seconds: float = 0.0
    seed: int = 0
    """The seed of its random numbers: the same seed affects the same requests."""
    hits: int = 0
    _random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311  reproducible, not secret

    def selects(self, method: str, path: str) -> bool:
        """Return whether the rule is for requests with this method and path."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def matches(self, method: str, path: str, merchant: str = "") -> bool:
        """Return whether the rule affects this request of a merchant; if so, count it."""
        fits = self.selects(method, path) and self.merchant in {"", merchant}
        if not fits or self.remaining == 0 or self._random.random() >= self.probability:
            return False
        self.hits += 1
        if self.remaining is not None:
            self.remaining -= 1
        return True


class FaultInjector:
    """The current fault injection rules."""

    def __init__(self) -> None:
        self.faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, kind: str, **fields: object) -> Fault:
        """Add a rule; `fields` are those of `Fault`."""
        self._last_id += 1
        fault = Fault(self._last_id, kind, **fields)  # type: ignore[arg-type]  # types as declared
        self.faults[fault.id] = fault
        return fault

    def needs_merchant(self, method: str, path: str) -> bool:
        """Return whether the rules for this request depend on its merchant."""
        return any(each.merchant and each.selects(method, path) for each in self.faults.values())

    def matching(self, method: str, path: str, merchant: str = "") -> list[Fault]:
        """Return the rules that affect this request of a merchant, the oldest first."""
        return [each for each in self.faults.values() if each.matches(method, path, merchant)]

    def clear(self, fault_id: int | None = None) -> bool:
        """Remove one rule, or all; return False if no rule has this id."""
        if fault_id is None:
            self.faults.clear()
            return True
        return self.faults.pop(fault_id, None) is not None

    def clear_merchant(self, merchant: str) -> None:
        """Remove the rules that are limited to this merchant."""
        self.faults = {
            number: fault for number, fault in self.faults.items() if fault.merchant != merchant
        }
