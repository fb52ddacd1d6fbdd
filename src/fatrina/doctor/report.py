"""A report: one line for each thing looked at, and below it what to do where it is not well."""

from typing import Final

_WIDTH: Final = 23


class Report:
    """Prints as it goes, and counts what is not well."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.failures = 0
        self.warnings = 0
        self._fresh = True

    def title(self, words: str) -> None:
        """Begin a chapter."""
        self._say(words if self._fresh else f"\n{words}")
        self._fresh = False

    def ok(self, what: str, seen: str) -> None:
        """Tell of something that is well."""
        self._line("OK", what, seen)

    def warn(self, what: str, seen: str, advice: str) -> None:
        """Tell of something that may be meant so, or may hurt one day."""
        self.warnings += 1
        self._line("WARN", what, seen, advice)

    def fail(self, what: str, seen: str, advice: str) -> None:
        """Tell of something that keeps Fatrina from working, or from keeping its word."""
        self.failures += 1
        self._line("FAIL", what, seen, advice)

    def verdict(self) -> None:
        """Say how it is on the whole."""
        self._say("")
        if self.failures or self.warnings:
            self._say(f"{self.failures} to mend (FAIL), {self.warnings} to think about (WARN).")
        else:
            self._say("All is well.")

    def _line(self, state: str, what: str, seen: str, advice: str = "") -> None:
        self._say(f"  {state:<5} {what:<{_WIDTH}} {seen}")
        if advice:
            self._say(f"        {'':<{_WIDTH}} → {advice}")

    @staticmethod
    def _say(words: str) -> None:
        print(words, flush=True)  # noqa: T201  the report is what the command is for
