"""Report of the doctor: one line per check, with a recommendation for each problem."""

from typing import Final

_SUBJECT_WIDTH: Final = 23


class Report:
    """Prints each result at once, and counts failures and warnings."""

    def __init__(self) -> None:
        """Create an empty report."""
        self.failures = 0
        self.warnings = 0
        self._is_empty = True

    def heading(self, text: str) -> None:
        """Print the heading of a section."""
        self._print(text if self._is_empty else f"\n{text}")
        self._is_empty = False

    def ok(self, subject: str, finding: str) -> None:
        """Report a check that passed."""
        self._line("OK", subject, finding)

    def warn(self, subject: str, finding: str, advice: str) -> None:
        """Report something that may be intended, or may become a problem."""
        self.warnings += 1
        self._line("WARN", subject, finding, advice)

    def fail(self, subject: str, finding: str, advice: str) -> None:
        """Report something that prevents Fatrina from working correctly."""
        self.failures += 1
        self._line("FAIL", subject, finding, advice)

    def summarize(self) -> None:
        """Print the number of failures and warnings."""
        self._print("")
        if self.failures or self.warnings:
            self._print(f"{self.failures} failures (FAIL), {self.warnings} warnings (WARN).")
        else:
            self._print("No problems found.")

    def _line(self, state: str, subject: str, finding: str, advice: str = "") -> None:
        self._print(f"  {state:<5} {subject:<{_SUBJECT_WIDTH}} {finding}")
        if advice:
            self._print(f"        {'':<{_SUBJECT_WIDTH}} → {advice}")

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)  # noqa: T201  the purpose of the command
