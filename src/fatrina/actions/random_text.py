"""Random letters and digits, for tokens, secrets and file names.

A double click selects the complete text, and no shell or command line treats it specially.
"""

from secrets import choice
from typing import Final

from fatrina.domain.text import ALPHANUMERIC

SECRET_LENGTH: Final = 43
"""Characters of a secret: at least 256 random bits."""


def random_text(length: int) -> str:
    """Return `length` random letters and digits from a cryptographic source."""
    return "".join(choice(ALPHANUMERIC) for _ in range(length))
