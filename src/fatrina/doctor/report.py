"""A report: one line for each thing looked at, and below it what to do where it is not well."""

from typing import Final

_SUBJECT_WIDTH: Final = 23


class Report:
    """Prints as it goes, and counts what is not well."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.failures = 0
        self.warnings = 0
        self._is_empty = True

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self._print(text if self._is_empty else f"\n{text}")
        self._is_empty = False

    def ok(self, subject: str, finding: str) -> None:
        """Tell of something that is well."""
        self._line("OK", subject, finding)

    def warn(self, subject: str, finding: str, advice: str) -> None:
        """Tell of something that may be meant so, or may hurt one day."""
        self.warnings += 1
        self._line("WARN", subject, finding, advice)

    def fail(self, subject: str, finding: str, advice: str) -> None:
        """Tell of something that keeps Fatrina from working, or from keeping its word."""
        self.failures += 1
        self._line("FAIL", subject, finding, advice)

    def summarize(self) -> None:
        """Say how it is on the whole."""
        self._print("")
        if self.failures or self.warnings:
            self._print(f"{self.failures} to mend (FAIL), {self.warnings} to think about (WARN).")
        else:
            self._print("All is well.")

    def _line(self, state: str, subject: str, finding: str, advice: str = "") -> None:
        self._print(f"  {state:<5} {subject:<{_SUBJECT_WIDTH}} {finding}")
        if advice:
            self._print(f"        {'':<{_SUBJECT_WIDTH}} → {advice}")

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)  # noqa: T201  the report is what the command is for
