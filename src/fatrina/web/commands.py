"""Plain fields into commands: each judged by the contract's rules, all faults told at once."""

import re
import unicodedata
from collections.abc import Callable
from math import isfinite
from typing import Final, NamedTuple, TypeVar

from fatrina.actions.images import Offer
from fatrina.actions.ingest import Linked, Photo
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.web.forms import PHOTO, Form, Value

T = TypeVar("T")

ORIGINAL: Final = "original"
_FLAGS: Final = {"1": True, "true": True, "0": False, "false": False}
# ASCII alone: `float` would take Arabic digits, underscores, "nan" and "inf".
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?")
LONGEST_NAME: Final = 500
LONGEST_SKU: Final = 120


class ImageCommand(NamedTuple):
    """What a request to attach or update an image asks for."""

    change: Change
    offer: Offer


class ProductCommand(NamedTuple):
    """What a request to create a product asks for."""

    name: str
    sku: str | None


def update(
    form: Form, alt_length: int, *, photo_optional: bool = False
) -> tuple[Change, Offer | None]:
    """Update Image: what changes, and the photo if there is one.

    Raises:
        errors.Invalid: with every field that cannot be taken.
    """
    fields = _Fields(form)
    change = fields.change(("default",), alt_length)
    offer = fields.offer()
    if offer is None and not photo_optional and not fields.at_fault(PHOTO, ORIGINAL):
        fields.problems.append(errors.Required(PHOTO))
    fields.must_be_sound()
    return change, offer


def attach(form: Form, alt_length: int) -> ImageCommand:
    """Attach Image: where it goes, and its photo; `main` wins over its older name `default`.

    Raises:
        errors.Invalid: with every field that cannot be taken.
    """
    fields = _Fields(form)
    change = fields.change(("main", "default"), alt_length)
    offer = fields.offer()
    if offer is None and not fields.at_fault(PHOTO, ORIGINAL):
        fields.problems += (
            errors.RequiredWithout(PHOTO, other=ORIGINAL),
            errors.RequiredWithout(ORIGINAL, other=PHOTO),
        )
    fields.must_be_sound()
    return ImageCommand(change, offer or Linked(""))


def product(form: Form) -> ProductCommand:
    """Create Product: its name, and its SKU if it has one.

    Raises:
        errors.Invalid: with every field that cannot be taken.
    """
    fields = _Fields(form)
    name = fields.text("name", LONGEST_NAME)
    sku = fields.text("sku", LONGEST_SKU)
    if not name and not fields.at_fault("name"):
        fields.problems.append(errors.Required("name"))
    fields.must_be_sound()
    return ProductCommand(name or "", sku or None)


class _Fields:
    """The fields of one form, and what is wrong with them."""

    def __init__(self, form: Form) -> None:
        self.problems: list[errors.FieldRefused] = []
        self._form = form

    def must_be_sound(self) -> None:
        if self.problems:
            raise errors.Invalid(*self.problems)

    def at_fault(self, *names: str) -> bool:
        return any(problem.field in names for problem in self.problems)

    def change(self, flags: tuple[str, ...], alt_length: int) -> Change:
        defaults = [self._read(name, _flag) for name in flags]
        return Change(
            default=next((each for each in defaults if each is not None), None),
            sort=self._read("sort", _number),
            alt=self.text("alt", alt_length),
        )

    def offer(self) -> Offer | None:
        """The photo's bytes, or else the first link."""
        if self._form.photo is not None:
            return Photo(self._form.photo)
        links = ((name, self._read(name, _link)) for name in (PHOTO, ORIGINAL))
        return next((Linked(link, name) for name, link in links if link), None)

    def text(self, name: str, limit: int) -> str | None:
        return self._read(name, lambda field, value: _text(field, value, limit))

    def _read(self, name: str, read: Callable[[str, Value], T]) -> T | None:
        """A field's value; None when it is not there, null, or cannot be taken."""
        value = self._form.fields.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, errors.FieldRefused):
                raise value
            return read(name, value)
        except errors.FieldRefused as problem:
            self.problems.append(problem)
            return None


def _flag(name: str, value: Value) -> bool | None:
    spelling = str(value).strip(" \t\r\n").lower() if isinstance(value, str | int) else ""
    if value == "":
        return None
    if spelling not in _FLAGS:
        raise errors.NotFlag(name)
    return _FLAGS[spelling]


def _number(name: str, value: Value) -> float | None:
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


def _link(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise errors.LinkMalformed(name)
    return value.strip(" \t\r\n")


def _text(name: str, value: Value, limit: int) -> str:
    """Text of any script; no database takes NUL, and no page wants another control character."""
    if not isinstance(value, str):
        raise errors.NotText(name)
    if len(value) > limit:
        raise errors.TextTooLong(name, limit=limit)
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs":
            raise errors.TextBroken(name)
        if category == "Cc":
            raise errors.TextControl(name, character=f"U+{ord(character):04X}")
    return value
