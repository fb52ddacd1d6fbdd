"""JSON as this service accepts it: RFC 8259, nested at most 64 deep.

Python's parser has a limit of its own, which depends on its version and on who calls it.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

ObjectHook = Callable[[list[tuple[str, Any]]], object]
MAX_DEPTH: Final = 64
"""How deep arrays and objects may be nested; what the contract needs is nested 4 deep."""
# A string, also one without its end, or a bracket. Possessive: no text makes it go back.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)


class JsonError(ValueError):
    """The text is not JSON, or is nested too deep."""


def parse(data: bytes | str, object_hook: ObjectHook | None = None) -> Any:
    """The value of a JSON text, in UTF-8, UTF-16 or UTF-32.

    `make_object` makes an object from its names and values; without it, an object is a dict.

    Raises:
        JsonError: the text is not JSON (`NaN` and `Infinity` are not), or is nested too deep.
    """
    try:
        text = data if isinstance(data, str) else _decode(data)
        if _depth_exceeds(text, MAX_DEPTH):
            raise JsonError(f"it is nested more than {MAX_DEPTH} deep")
        return json.loads(text, object_pairs_hook=object_hook, parse_constant=_reject_constant)
    except ValueError as exc:
        raise JsonError(str(exc)) from exc


def _decode(data: bytes) -> str:
    # Half of a surrogate pair is no text; who takes a text says so, by the name of its field.
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
