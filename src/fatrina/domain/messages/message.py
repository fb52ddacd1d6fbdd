"""A text in both languages."""

from typing import Literal, NamedTuple

Language = Literal["ar", "en"]


class Message(NamedTuple):
    """A text in both languages; `{name}` and `{name:unit}` stand for a parameter of the error."""

    ar: str
    en: str
