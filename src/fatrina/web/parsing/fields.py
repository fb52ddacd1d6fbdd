"""Form fields: parse each by the contract's rules, and collect all errors."""

import re
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from fatrina.actions.receiving import IncomingPhoto, PhotoLink, PhotoSource
from fatrina.domain import errors, link, product, text, video, webhook
from fatrina.domain.form_values import parse_boolean, parse_number
from fatrina.domain.gallery import Change
from fatrina.domain.photo import is_base64_image
from fatrina.domain.video import Video
from fatrina.web.parsing.forms import Form, Value
from fatrina.web.parsing.multipart import ORIGINAL, PHOTO

T = TypeVar("T")
_MAX_HEADER_LENGTH: Final = 1024
_MAX_ITEMS: Final = 100
"""Maximum items of a list: ten times the images of a product."""

VIDEO_URL: Final = "video_url"
_INTEGER: Final = re.compile(r"[0-9]{1,20}")


class Fields:
    """The fields of one form and their errors."""

    def __init__(self, form: Form, prefix: str = "") -> None:
        """Read `form`; field names in errors get the prefix `prefix`."""
        self.errors: list[errors.FieldError] = []
        self._form = form
        self._prefix = prefix

    def raise_errors(self) -> None:
        """Return if there are no errors.

        Raises:
            errors.ValidationFailed: with all invalid fields.
        """
        if self.errors:
            raise errors.ValidationFailed(*self.errors)

    def reject_unknown(self, *known: str) -> None:
        """Add an error for each field whose name is not one of `known`."""
        self.errors += [
            errors.UnknownField(self._prefix + name, known=", ".join(known))
            for name in self._form.fields
            if name not in known
        ]

    def details(self) -> product.Details:
        """Return the fields of a product apart from its name, SKU and images; None to remove."""
        self._form.used.update(product.RULES)
        details, found = product.parse(self._form.fields)
        self.errors += found
        return details

    def has_error(self, *names: str) -> bool:
        """Return True if one of these fields has an error."""
        return any(error.field in names for error in self.errors)

    def change(self, flags: tuple[str, ...], alt_length: int) -> Change:
        """Return the changes to an image; the first present field of `flags` is `default`."""
        defaults = [self._read(name, parse_boolean) for name in flags]
        return Change(
            default=next((each for each in defaults if each is not None), None),
            sort=self._read("sort", parse_number),
            alt=self.line("alt", alt_length),
        )

    def photo_source(self) -> PhotoSource | None:
        """Return the uploaded photo, or else the first link, or None."""
        if self._form.photo is not None:
            return IncomingPhoto(self._form.photo)
        return self.link(PHOTO, ORIGINAL)

    def link(self, *names: str) -> PhotoLink | None:
        """Return the first link in these fields, or None."""
        links = ((name, self._read(name, _parse_link)) for name in names)
        return next((PhotoLink(link, self._prefix + name) for name, link in links if link), None)

    def text(self, name: str, limit: int) -> str | None:
        """Return a text of at most `limit` characters."""
        return self._read(name, lambda field, value: _parse_text(field, value, limit))

    def line(self, name: str, limit: int) -> str | None:
        """Return a text of one line; line breaks become spaces."""
        return self._read(
            name,
            lambda field, value: text.normalize_line(field, _check_string(field, value), limit),
        )

    def text_or_integer(self, name: str, limit: int) -> str | None:
        """Return a text; an integer is converted, because some clients send one."""

        def read(field: str, value: Value) -> str:
            is_integer = isinstance(value, int) and not isinstance(value, bool)
            return _parse_text(field, str(value) if is_integer else value, limit)

        return self._read(name, read)

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        """Return an integer between `minimum` and `maximum` (inclusive)."""

        def read(field: str, value: Value) -> int | None:
            if value == "":
                return None
            if not _INTEGER.fullmatch(str(value)):
                raise errors.NotInteger(field)
            if not minimum <= int(str(value)) <= maximum:
                raise errors.OutOfRange(field, low=minimum, high=maximum)
            return int(str(value))

        return self._read(name, read)

    def integers(self, name: str, minimum: int, maximum: int) -> list[int] | None:
        """Return a list of integers, from JSON or from a comma-separated text."""
        value: object = self._value(name)
        if value is None:
            return None
        if isinstance(value, str):
            value = [each.strip() for each in value.split(",")] if value else []
        if not isinstance(value, list):
            self.errors.append(errors.NotList(name))
            return None
        if len(value) > _MAX_ITEMS:
            self.errors.append(errors.ListTooLong(name, limit=_MAX_ITEMS))
            return None
        items = Fields(Form({str(index): each for index, each in enumerate(value)}), f"{name}.")
        integers = [items.integer(str(index), minimum, maximum) for index in range(len(value))]
        for index, each in enumerate(integers):
            if each is None:
                items.require(str(index))
        self.errors += items.errors
        return [each for each in integers if each is not None]

    def items(self, name: str) -> list["Fields"]:
        """Return the fields of each object in a list."""
        value: object = self._value(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.errors.append(errors.NotList(name))
            return []
        if len(value) > _MAX_ITEMS:
            self.errors.append(errors.ListTooLong(name, limit=_MAX_ITEMS))
            return []
        items = []
        for index, item in enumerate(value):
            if isinstance(item, dict):
                form = Form(item)
                self._form.nested.append((name, form))
                items.append(Fields(form, f"{name}.{index}."))
            else:
                self.errors.append(errors.NotObject(f"{name}.{index}"))
        return items

    def number(self, name: str, minimum: float, maximum: float) -> float | None:
        """Return a number between `minimum` and `maximum` (inclusive)."""

        def read(field: str, value: Value) -> float | None:
            number = parse_number(field, value)
            if number is not None and not minimum <= number <= maximum:
                raise errors.OutOfRange(field, low=minimum, high=maximum)
            return number

        return self._read(name, read)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """Return one of `choices`, in lower case."""

        def read(field: str, value: Value) -> str | None:
            if value == "":
                return None
            if not isinstance(value, str) or value.lower() not in choices:
                raise errors.InvalidChoice(field, known=", ".join(choices))
            return value.lower()

        return self._read(name, read)

    def url(self, name: str) -> str | None:
        """Return an absolute http or https URL; its address is checked when it is requested."""

        def read(field: str, value: Value) -> str | None:
            url = _parse_link(field, value)
            try:
                return url and str(link.parse(url)) and url
            except errors.LinkError as exc:
                exc.field = field
                raise

        return self._read(name, read) or None

    def nested(self, name: str) -> "Fields | None":
        """Return the fields of an object; None if it is absent or invalid."""
        value: object = self._value(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.errors.append(errors.NotObject(self._prefix + name))
            return None
        form = Form(value)
        self._form.nested.append((name, form))
        return Fields(form, f"{self._prefix}{name}.")

    def headers(self, name: str) -> tuple[tuple[str, str], ...] | None:
        """Return header names and values: from an object, or a list of `key` and `value`."""
        value: object = self._value(name)
        if value is None:
            return None
        if isinstance(value, dict):
            items = [Fields(Form({"key": key, "value": each})) for key, each in value.items()]
        else:
            items = self.items(name)
        if len(items) > webhook.MAX_HEADERS:
            self.errors.append(errors.TooManyHeaders(name, limit=webhook.MAX_HEADERS))
            return None
        pairs = []
        for item in items:
            key, text = (
                item.text("key", _MAX_HEADER_LENGTH),
                item.text("value", _MAX_HEADER_LENGTH),
            )
            self.errors += item.errors
            if not webhook.is_sendable_header(key or "", text or ""):
                self.errors.append(errors.HeaderNotAllowed(name, name=key or ""))
            pairs.append((key or "", text or ""))
        return tuple(pairs)

    def video(self) -> Video | None:
        """Return the video, which is required."""
        parsed = self._read(VIDEO_URL, _parse_video)
        if parsed is None:
            self.require(VIDEO_URL)
        return parsed

    def require(self, name: str) -> None:
        """Add the error that a field is missing, unless it has an error already."""
        field = self._prefix + name
        if not self.has_error(field):
            self.errors.append(errors.Required(field))

    def _value(self, name: str) -> Value | errors.FieldError:
        self._form.used.add(name)
        return self._form.fields.get(name)

    def _read(self, name: str, read: Callable[[str, Value], T]) -> T | None:
        """Return the parsed value of a field; None if it is absent, null or invalid."""
        value = self._value(name)
        if value is None:
            return None
        try:
            if isinstance(value, errors.FieldError):
                raise value
            return read(self._prefix + name, value)
        except errors.FieldError as exc:
            self.errors.append(exc)
            return None


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
