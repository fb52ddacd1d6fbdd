"""The fields of one form, each read by the contract's rules, and all that is wrong with them."""

import re
from collections.abc import Callable, Collection
from math import isfinite
from typing import Final, TypeVar

from fatrina.actions.receiving import IncomingPhoto, PhotoLink, PhotoSource
from fatrina.domain import errors, link, text, video, webhook
from fatrina.domain.gallery import Change
from fatrina.domain.photo import is_base64_image
from fatrina.domain.video import Video
from fatrina.web.parsing.forms import Form, Value
from fatrina.web.parsing.multipart import ORIGINAL, PHOTO

T = TypeVar("T")
_MAX_HEADER_LENGTH: Final = 1024
_MAX_ITEMS: Final = 100
"""Items of a list that are looked at: ten times as many as the images of a product."""

VIDEO_URL: Final = "video_url"
# Most clients send 1 or true, HTML checkboxes "on", spreadsheets "yes" or a float such as "1.0".
_BOOLEANS: Final = {
    "true": True,
    "on": True,
    "yes": True,
    "false": False,
    "off": False,
    "no": False,
}
# ASCII alone: `float` would take Arabic digits, underscores, "nan" and "inf".
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?")
_INTEGER: Final = re.compile(r"[0-9]{1,20}")


class Fields:
    """The fields of one form, and what is wrong with them."""

    def __init__(self, form: Form, prefix: str = "") -> None:
        """Read `form`, whose fields are blamed under names that begin with `prefix`."""
        self.errors: list[errors.FieldError] = []
        self._form = form
        self._prefix = prefix

    def raise_errors(self) -> None:
        """Pass unless something is wrong.

        Raises:
            errors.ValidationFailed: with every field that cannot be taken.
        """
        if self.errors:
            raise errors.ValidationFailed(*self.errors)

    def has_error(self, *names: str) -> bool:
        """Whether one of these fields cannot be taken."""
        return any(problem.field in names for problem in self.errors)

    def change(self, flags: tuple[str, ...], alt_length: int) -> Change:
        """Where an image goes; the first of the `flags` that is there says whether it is main."""
        defaults = [self._read(name, _parse_boolean) for name in flags]
        return Change(
            default=next((each for each in defaults if each is not None), None),
            sort=self._read("sort", _parse_number),
            alt=self.line("alt", alt_length),
        )

    def photo_source(self) -> PhotoSource | None:
        """The photo's bytes, or else the first link."""
        if self._form.photo is not None:
            return IncomingPhoto(self._form.photo)
        return self.link(PHOTO, ORIGINAL)

    def link(self, *names: str) -> PhotoLink | None:
        """The first link among these fields."""
        links = ((name, self._read(name, _parse_link)) for name in names)
        return next((PhotoLink(link, self._prefix + name) for name, link in links if link), None)

    def text(self, name: str, limit: int) -> str | None:
        """A text."""
        return self._read(name, lambda field, value: _parse_text(field, value, limit))

    def line(self, name: str, limit: int) -> str | None:
        """A text of one line: line breaks in it become spaces."""
        return self._read(
            name,
            lambda field, value: text.normalize_line(field, _check_string(field, value), limit),
        )

    def text_or_integer(self, name: str, limit: int) -> str | None:
        """A text that some clients send as a whole number."""

        def read(field: str, value: Value) -> str:
            plain = isinstance(value, int) and not isinstance(value, bool)
            return _parse_text(field, str(value) if plain else value, limit)

        return self._read(name, read)

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        """A whole number between two others, both included."""

        def read(field: str, value: Value) -> int | None:
            if value == "":
                return None
            if not _INTEGER.fullmatch(str(value)):
                raise errors.NotInteger(field)
            if not minimum <= int(str(value)) <= maximum:
                raise errors.OutOfRange(field, low=minimum, high=maximum)
            return int(str(value))

        return self._read(name, read)

    def items(self, name: str) -> list["Fields"]:
        """The objects in a list."""
        value: object = self._form.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.errors.append(errors.NotList(name))
            return []
        if len(value) > _MAX_ITEMS:
            self.errors.append(errors.ListTooLong(name, limit=_MAX_ITEMS))
            return []
        items = []
        for at, item in enumerate(value):
            if isinstance(item, dict):
                items.append(Fields(Form(item), f"{name}.{at}."))
            else:
                self.errors.append(errors.NotObject(f"{name}.{at}"))
        return items

    def number(self, name: str, minimum: float, maximum: float) -> float | None:
        """A number between two others, both included."""

        def read(field: str, value: Value) -> float | None:
            number = _parse_number(field, value)
            if number is not None and not minimum <= number <= maximum:
                raise errors.OutOfRange(field, low=minimum, high=maximum)
            return number

        return self._read(name, read)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of several words."""

        def read(field: str, value: Value) -> str | None:
            if value == "":
                return None
            if not isinstance(value, str) or value.lower() not in choices:
                raise errors.InvalidChoice(field, known=", ".join(choices))
            return value.lower()

        return self._read(name, read)

    def url(self, name: str) -> str | None:
        """An absolute http or https URL; where it leads is judged when it is followed."""

        def read(field: str, value: Value) -> str | None:
            url = _parse_link(field, value)
            try:
                return url and str(link.parse(url)) and url
            except errors.LinkError as exc:
                exc.field = field
                raise

        return self._read(name, read) or None

    def headers(self, name: str) -> tuple[tuple[str, str], ...] | None:
        """Headers to send, as a list of objects with `key` and `value`."""
        if self._form.fields.get(name) is None:
            return None
        items = self.items(name)
        if len(items) > webhook.MAX_HEADERS:
            self.errors.append(errors.TooManyHeaders(name, limit=webhook.MAX_HEADERS))
            return None
        pairs = []
        for item in items:
            key, value = (
                item.text("key", _MAX_HEADER_LENGTH),
                item.text("value", _MAX_HEADER_LENGTH),
            )
            self.errors += item.errors
            if not webhook.is_sendable_header(key or "", value or ""):
                self.errors.append(errors.HeaderNotAllowed(name, name=key or ""))
            pairs.append((key or "", value or ""))
        return tuple(pairs)

    def video(self) -> Video | None:
        """The video that must be there."""
        found = self._read(VIDEO_URL, _parse_video)
        if found is None:
            self.require(VIDEO_URL)
        return found

    def require(self, name: str) -> None:
        """Note that a field is missing, unless something is wrong with it already."""
        field = self._prefix + name
        if not self.has_error(field):
            self.errors.append(errors.Required(field))

    def _read(self, name: str, read: Callable[[str, Value], T]) -> T | None:
        """A field's value; None when it is not there, null, or cannot be taken."""
        value = self._form.fields.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, errors.FieldError):
                raise value
            return read(self._prefix + name, value)
        except errors.FieldError as problem:
            self.errors.append(problem)
            return None


def _parse_boolean(name: str, value: Value) -> bool | None:
    if value == "":
        return None
    spelling = str(value).strip(" \t\r\n").lower() if isinstance(value, str | int | float) else ""
    if _NUMBER.fullmatch(spelling) and float(spelling) in {0.0, 1.0}:
        return bool(float(spelling))
    if spelling not in _BOOLEANS:
        raise errors.NotBoolean(name)
    return _BOOLEANS[spelling]


def _parse_number(name: str, value: Value) -> float | None:
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


def _parse_link(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise errors.LinkMalformed(name)
    if is_base64_image(value):
        raise errors.PhotoEncoded(name)
    return value.strip(" \t\r\n")


def _parse_video(name: str, value: Value) -> Video | None:
    if not isinstance(value, str):
        raise errors.InvalidVideoLink(name)
    link = value.strip(" \t\r\n")
    return video.parse(link, name) if link else None


def _parse_text(name: str, value: Value, limit: int) -> str:
    return text.validate(name, _check_string(name, value), limit)


def _check_string(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise errors.NotString(name)
    return value
