"""Settings of a service with a given data directory."""

from pathlib import Path
from typing import Any

from fatrina.settings import Settings


def settings_for(folder: Path, **settings: Any) -> Settings:
    """Return settings from the environment, with this data directory."""
    return Settings(**{"data": folder, **settings})
