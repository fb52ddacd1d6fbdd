"""Where an installed Chromium is; Playwright downloads none."""

import os
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Without a sandbox, because tests may run as root; without requests to hosts of the vendor.
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def find_chromium() -> str | None:
    """Return the path of Chromium: that of CHROMIUM, an installed one, or none."""
    given = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in _NAMES)
    return given or next((path for path in found if path), None)
