"""Start Fatrina without one of its safety measures, to measure its cost. For benchmarks only.

`python launcher.py confinement|fsync|stripping serve …`. The service has no setting for this.
"""

import os
import sys
from pathlib import Path

from fatrina import cli
from fatrina.adapters.decoder import process

CHILD = Path(__file__).parent / "unsafe_child.py"


def main(without: str) -> None:
    if without == "fsync":
        setattr(os, "fsync", lambda _: None)  # noqa: B010  not what the type checker expects
    else:
        program = (sys.executable, "-I", str(CHILD), without)
        setattr(process, "PROGRAM", program)  # noqa: B010  a Final
    cli.main()


if __name__ == "__main__":
    without = sys.argv.pop(1)
    main(without)
