"""JSON parser: RFC 8259, with a limit on nesting.

The limit of Python's parser depends on the Python version and on the depth of the call stack.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

ObjectHook = Callable[[list[tuple[str, Any]]], object]
MAX_DEPTH: Final = 64
"""Levels of nested arrays and objects; the contract needs 4."""
# A string, terminated or not, or a bracket. Possessive quantifiers prevent backtracking.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)


class JsonError(ValueError):
    """The text is not JSON, or exceeds MAX_DEPTH."""


def parse(data: bytes | str, object_hook: ObjectHook | None = None) -> Any:
    """Return the value of a JSON text in UTF-8, UTF-16 or UTF-32.

    `object_hook` creates an object from its names and values; the default is a dict.

    Raises:
        JsonError: the text is not JSON (`NaN` and `Infinity` are not), or exceeds MAX_DEPTH.
    """
    try:
        text = data if isinstance(data, str) else _decode(data)
        if _depth_exceeds(text, MAX_DEPTH):
            raise JsonError(f"it is nested more than {MAX_DEPTH} deep")
        return json.loads(text, object_pairs_hook=object_hook, parse_constant=_reject_constant)
    except ValueError as exc:
        raise JsonError(str(exc)) from exc


def _decode(data: bytes) -> str:
    # A lone surrogate passes here: the validation of its field reports it under the field's name.
    return data.decode(json.detect_encoding(data), "surrogatepass")


def _depth_exceeds(text: str, limit: int) -> bool:
    if text.count("[") + text.count("{") <= limit:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                if depth > limit:
                    return True
            case "]" | "}":
                depth -= 1
    return False


def _reject_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
