"""A decoder process without its sandbox, or without metadata stripping: see `launcher.py`."""

import sys

from fatrina.adapters.decoder import cage, child
from fatrina.domain import cleaning
from fatrina.domain.cleaning import Buffer, Clean
from fatrina.domain.photo import Kind


def unconfined(memory: int) -> cage.Cage:
    del memory
    return cage.Cage(landlock=1, seccomp=True)


def unchanged(kind: Kind, data: Buffer) -> Clean:
    del kind
    return Clean((range(len(data)),))


if __name__ == "__main__":
    if sys.argv[1] == "confinement":
        cage.confine = unconfined
    else:
        cleaning.clean = unchanged
    child.main(int(sys.argv[2]), int(sys.argv[3]))
