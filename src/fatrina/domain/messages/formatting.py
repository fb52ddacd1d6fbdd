"""Formatting of an error's parameters in its text: numbers, units, quoted input."""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, Final

from fatrina.domain.errors import Params
from fatrina.domain.messages.message import Language, Message

_MAX_QUOTED_LENGTH: Final = 100
"""Characters of a client's text that a message quotes."""
_KILO, _MEGA = 1_000, 1_000_000
_SIZES: Final = ((_MEGA, Message("ميغابايت", "MB")), (_KILO, Message("كيلوبايت", "kB")))
_FEW_SECONDS: Final[dict[float, str]] = {1: "ثانية واحدة", 2: "ثانيتين"}

_OPERATIONS: Final = {
    "seed": "إنشاء متجر",
    "reset": "حذف البيانات",
    "restore": "استعادة نسخة احتياطية",
    "sweep": "حذف الملفات التي انتهت مدة حفظها",
    "unknown": "غير معروفة",
}
"""Arabic names of the operations that exclude each other."""


class ParamFormatter(Formatter):
    """Format values for people; a missing value is shown as a question mark."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def get_value(self, key: int | str, _: Sequence[Any], kwargs: Mapping[str, Any]) -> Params:
        """Return the named value, or a question mark."""
        value: Params = kwargs.get(str(key), "?")
        return value

    def format_field(self, value: Params, format_spec: str) -> str:
        """Return the value in the unit `format_spec`; text is quoted.

        A `detail` is an English text, which an Arabic message omits.
        """
        text = _quote(str(value))
        if format_spec == "detail":
            return "" if self.language == "ar" else f" ({text})"
        if format_spec == "operation":
            return _OPERATIONS.get(text, text) if self.language == "ar" else text
        if isinstance(value, str):
            return text
        unit = _UNITS.get(format_spec)
        return unit(value, self.language) if unit else _number(value, format_spec)


def _quote(text: str) -> str:
    """Return a client's text, truncated, with spaces for control characters and surrogates."""
    shown = "".join(
        character if character.isprintable() else " "
        for character in text[: _MAX_QUOTED_LENGTH + 1]
    )
    return shown if len(shown) <= _MAX_QUOTED_LENGTH else shown[:_MAX_QUOTED_LENGTH] + "…"


def _number(value: float, separator: str = ",") -> str:
    return format(value, separator if isinstance(value, int) else f"{separator}.12g")


def _bytes(value: float, language: Language) -> str:
    """Return a size, rounded down, so that no text promises more than the limit."""
    for scale, unit in _SIZES:
        if value >= scale:
            return f"{_number(value * 10 // scale / 10)} {getattr(unit, language)}"
    return f"{_number(value)} {'بايت' if language == 'ar' else 'bytes'}"


def _kilobytes(value: float, _: Language) -> str:
    return _number(value // _KILO, "")


def _megapixels(value: float, _: Language) -> str:
    return _number(value * 10 // _MEGA / 10 if value >= _MEGA else value / _MEGA)


def _seconds(value: float, language: Language) -> str:
    if language == "en":
        return f"{_number(value)} {'second' if value == 1 else 'seconds'}"
    if value in _FEW_SECONDS:
        return _FEW_SECONDS[value]
    # Arabic uses the plural after 3 to 10 and 103 to 110, and the singular after other numbers.
    return f"{_number(value)} {'ثوانٍ' if value % 100 in range(3, 11) else 'ثانية'}"


_UNITS: Final = {
    "bytes": _bytes,
    "kilobytes": _kilobytes,
    "megapixels": _megapixels,
    "seconds": _seconds,
}
