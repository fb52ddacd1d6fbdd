"""The fields of a product apart from its name, SKU and images: their rules, and what follows."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from typing import Any, Final, NamedTuple

from fatrina.domain import errors, text
from fatrina.domain.form_values import parse_boolean, parse_number
from fatrina.domain.integers import MAX_INT32

Details = Mapping[str, Any]
"""The fields that were sent, by their names in the documented request bodies."""
Rule = Callable[[str, Any], Any]

SALE: Final = "sale"
OUT: Final = "out"
HIDDEN: Final = "hidden"
STATUSES: Final = (SALE, OUT, HIDDEN)
TYPES: Final = (
    *("product", "service", "group_products", "codes", "digital", "food", "booking", "donating"),
)
WEIGHT_TYPES: Final = ("kg", "g", "lb", "oz")
MAX_DETAILS_BYTES: Final = 65_536
"""Maximum bytes of a product's fields as JSON: the size of a request body without files."""
EMPTY_DOCUMENT: Final = "{}"
MAX_DEPTH: Final = 8
"""Levels of nesting within a field; the documented bodies have four."""
_MAX_AMOUNT: Final = 1e12
_MAX_LINE: Final = 500
_MAX_TEXT: Final = 50_000
_MAX_CODE: Final = 40
_MAX_ITEMS: Final = 100
_REFERENCE: Final = ("id", "name", "description", "logo", "banner")


class ProductFilter(NamedTuple):
    """Conditions for the products of a list; an empty one matches all."""

    keyword: str = ""
    """Part of the name or SKU."""
    status: str = ""
    category_id: int = 0


ALL: Final = ProductFilter()


def _number(field: str, value: Any, maximum: float = _MAX_AMOUNT) -> float | None:
    number = parse_number(field, value)
    if number is not None and not 0 <= number <= maximum:
        raise errors.OutOfRange(field, low=0, high=int(maximum))
    return int(number) if number is not None and number.is_integer() else number


def _integer(field: str, value: Any, maximum: int = MAX_INT32) -> int | None:
    number = _number(field, value, maximum)
    if isinstance(number, float):
        raise errors.NotInteger(field)
    return number


def _line(field: str, value: Any, limit: int = _MAX_LINE) -> str | None:
    if not isinstance(value, str):
        raise errors.NotString(field)
    return text.normalize_line(field, value, limit) or None


def _code(field: str, value: Any) -> str | None:
    """Return a code such as a GTIN; some clients send it as a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _line(field, str(value) if is_number else value, _MAX_CODE)


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise errors.NotString(field)
    return text.validate_lines(field, value, _MAX_TEXT)


def _choice(choices: tuple[str, ...], field: str, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str) or value.lower() not in choices:
        raise errors.InvalidChoice(field, known=", ".join(choices))
    return value.lower()


def _currency(field: str, value: Any) -> str | None:
    code = (_line(field, value, 3) or "").upper()
    if code and not (len(code) == len("SAR") and code.isascii() and code.isalpha()):
        raise errors.InvalidChoice(field, known="SAR, AED, KWD, USD, …")
    return code or None


def _list(field: str, value: Any, item: Rule) -> list[Any]:
    if not isinstance(value, list):
        raise errors.NotList(field)
    if len(value) > _MAX_ITEMS:
        raise errors.ListTooLong(field, limit=_MAX_ITEMS)
    return [item(f"{field}.{index}", each) for index, each in enumerate(value)]


def _json(field: str, value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a nested value in which every text and number is valid."""
    if depth == 0:
        raise errors.NestedTooDeeply(field, limit=MAX_DEPTH)
    if isinstance(value, dict):
        return {
            _json(field, name): _json(f"{field}.{name}", each, depth - 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_json(f"{field}.{index}", each, depth - 1) for index, each in enumerate(value)]
    if isinstance(value, str):
        return text.validate_lines(field, value, _MAX_TEXT)
    if isinstance(value, int | float) and not (isfinite(value) and abs(value) <= _MAX_AMOUNT):
        raise errors.NotNumber(field)
    return value


def _object(field: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise errors.NotObject(field)
    document: dict[str, Any] = _json(field, value)
    return document


def _reference(field: str, value: Any) -> dict[str, Any]:
    """Return a reference to a category, brand or tag: its id, or an object with id and name."""
    if not isinstance(value, dict):
        return {"id": _identifier(field, value)}
    if unknown := [name for name in value if name not in _REFERENCE]:
        raise errors.UnknownField(f"{field}.{unknown[0]}", known=", ".join(_REFERENCE))
    texts = {
        name: _line(f"{field}.{name}", each)
        for name, each in value.items()
        if name != "id" and each is not None
    }
    return {"id": _identifier(f"{field}.id", value.get("id", "")), **texts}


def _identifier(field: str, value: Any) -> int:
    identifier = _integer(field, value)
    if not identifier:
        raise errors.NotInteger(field)
    return identifier


def _option(field: str, value: Any) -> dict[str, Any]:
    option = _object(field, value)
    values = _list(f"{field}.values", option.get("values") or [], _option_value)
    return {**option, **_known(field, option, {"name": _line}), "values": values}


def _option_value(field: str, value: Any) -> dict[str, Any]:
    given = _object(field, value)
    rules = {"name": _line, "price": _number, "quantity": _integer}
    return {**given, **_known(field, given, rules)}


def _known(field: str, given: dict[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    return {
        name: rule(f"{field}.{name}", given[name])
        for name, rule in rules.items()
        if given.get(name) is not None
    }


_references: Final = partial(_list, item=_reference)
_objects: Final = partial(_list, item=_object)

RULES: Final[Mapping[str, Rule]] = {
    "price": _number,
    "status": partial(_choice, STATUSES),
    "product_type": partial(_choice, TYPES),
    "quantity": _integer,
    "booking_details": _object,
    "unlimited_quantity": parse_boolean,
    "description": _text,
    "categories": _references,
    "min_amount_donating": _number,
    "max_amount_donating": _number,
    "sale_price": _number,
    "cost_price": _number,
    "sale_end": partial(_line, limit=_MAX_CODE),
    "sale_start": partial(_line, limit=_MAX_CODE),
    "require_shipping": parse_boolean,
    "maximum_quantity_per_order": _integer,
    "weight": _number,
    "weight_type": partial(_choice, WEIGHT_TYPES),
    "mpn": _code,
    "gtin": _code,
    "calories": _code,
    "with_tax": parse_boolean,
    "tax_reason_code": _code,
    "hide_quantity": parse_boolean,
    "enable_upload_image": parse_boolean,
    "enable_note": parse_boolean,
    "pinned": parse_boolean,
    "active_advance": parse_boolean,
    "subtitle": _line,
    "promotion_title": _line,
    "promotion_subtitle": _line,
    "metadata_title": _line,
    "metadata_description": partial(_line, limit=5_000),
    "metadata_url": partial(_line, limit=2_048),
    "scoped_prices": _objects,
    "brand_id": _reference,
    "tags": _references,
    "consisted_products": _objects,
    "channels": partial(_list, item=partial(_line, limit=_MAX_CODE)),
    "options": partial(_list, item=_option),
    "currency": _currency,
}
"""The rule of each field; its result None removes the field."""


def parse(given: Mapping[str, Any]) -> tuple[Details, list[errors.FieldError]]:
    """Return the valid fields of a request, None for those to remove, and the errors of others."""
    details: dict[str, Any] = {}
    found: list[errors.FieldError] = []
    for field, rule in RULES.items():
        if field not in given:
            continue
        value = given[field]
        try:
            if isinstance(value, errors.FieldError):
                raise value
            details[field] = None if value is None else rule(field, value)
        except errors.FieldError as exc:
            found.append(exc)
    return details, found


def merge(details: Details, changes: Details) -> Details:
    """Return the details with the changes; a change to None removes a field.

    Raises:
        errors.ValidationFailed: the result is larger than MAX_DETAILS_BYTES.
    """
    merged = {name: value for name, value in {**details, **changes}.items() if value is not None}
    if len(dump(merged).encode()) > MAX_DETAILS_BYTES:
        raise errors.ValidationFailed(errors.DetailsTooLarge("product", limit=MAX_DETAILS_BYTES))
    return merged


def dump(details: Details) -> str:
    """Return the details as JSON text."""
    return json.dumps(details, ensure_ascii=False, separators=(",", ":"))


def load(document: str) -> Details:
    """Return the details of a stored JSON text; none if it is not a JSON object of valid fields.

    Only a dump that was edited by hand can contain such a text.
    """
    if document == EMPTY_DOCUMENT:
        return {}
    try:
        value = json.loads(document)
    except ValueError:
        return {}
    return parse(value)[0] if isinstance(value, dict) else {}


def intended_status(details: Details) -> str:
    """Return the status of a product that has an image; without one, every product is hidden.

    It is the status that was sent, or follows from the quantity.
    """
    status: str | None = details.get("status")
    is_out = details.get("quantity") == 0 and not details.get("unlimited_quantity")
    return status or (OUT if is_out else SALE)


def category_ids(details: Details) -> list[int]:
    """Return the ids of the product's categories."""
    return [category["id"] for category in details.get("categories") or ()]
