"""Values of request fields: numbers and flags, as forms, spreadsheets and JSON write them."""

import re
from math import isfinite
from typing import Final

from fatrina.domain import errors

# Most clients send 1 or true, HTML checkboxes "on", spreadsheets "yes" or a float such as "1.0".
_BOOLEANS: Final = {
    "true": True,
    "on": True,
    "yes": True,
    "false": False,
    "off": False,
    "no": False,
}
# ASCII only: `float` accepts Arabic digits, underscores, "nan" and "inf" too.
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?")


def parse_boolean(name: str, value: object) -> bool | None:
    """Return a flag; None if it is empty.

    Raises:
        errors.NotBoolean: it is something else.
    """
    if value == "":
        return None
    normalized = str(value).strip(" \t\r\n").lower() if isinstance(value, str | int | float) else ""
    if _NUMBER.fullmatch(normalized) and float(normalized) in {0.0, 1.0}:
        return bool(float(normalized))
    if normalized not in _BOOLEANS:
        raise errors.NotBoolean(name)
    return _BOOLEANS[normalized]


def parse_number(name: str, value: object) -> float | None:
    """Return a finite number; None if it is empty.

    Raises:
        errors.NotNumber: it is something else.
    """
    if value == "":
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip(" \t\r\n")):
        value = float(value)
    if isinstance(value, str | bool) or not isinstance(value, int | float):
        raise errors.NotNumber(name)
    try:
        number = float(value)
    except OverflowError:
        raise errors.NotNumber(name) from None
    if not isfinite(number):
        raise errors.NotNumber(name)
    return number
