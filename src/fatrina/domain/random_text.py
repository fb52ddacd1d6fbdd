"""Random text that a person copies: letters and digits alone.

A double click selects all of it, no shell splits it, and no command takes it for an option.
"""

from secrets import choice
from string import ascii_letters, digits
from typing import Final

ALPHABET: Final = ascii_letters + digits
SECRET: Final = 43
"""Characters of a secret: 256 random bits, more than anyone can guess."""


def random_text(length: int) -> str:
    """`length` random letters and digits."""
    return "".join(choice(ALPHABET) for _ in range(length))
