"""Output of the demo: lines on standard output, and a heading for each part."""

from typing import Final

_WIDTH: Final = 78


def say(*lines: str) -> None:
    """Print lines and flush each, so that a reader of a file or a pipe sees them at once."""
    for line in lines:
        print(line, flush=True)  # noqa: T201  the demo's purpose


def title(english: str, arabic: str) -> None:
    """Print a heading in both languages."""
    text = f"── {english} · {arabic} "
    say("", text + "─" * (_WIDTH - len(text)), "")
