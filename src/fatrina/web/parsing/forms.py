"""Forms: parse request bodies into fields; write an uploaded photo to disk as it arrives."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl

from multipart import MultipartError, parse_options_header
from starlette.requests import Request

from fatrina.actions.receiving import File
from fatrina.domain import errors, json_text
from fatrina.domain.json_text import JsonError
from fatrina.domain.photo import is_image
from fatrina.domain.text import replace_surrogates
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.parsing import charsets, oversized
from fatrina.web.parsing.multipart import FILE_TYPE_PREFIXES, PHOTO, MultipartReader, Parser

Value = str | int | float | bool | None

_MAX_FIELDS_BYTES: Final = 65_536
"""Maximum bytes of a body without a photo, and of the other parts of a body with a photo."""
_PEEK_SECONDS: Final = 1.0
"""Seconds to wait for the first bytes of a body that is too large."""
_MAX_PARTS: Final = 64
_MAX_PART_HEADERS: Final = 16
_MAX_LOGGED_NAME_LENGTH: Final = 100
_MAX_LOGGED_FIELDS: Final = 40
"""Maximum fields of a form whose names are logged."""


@dataclass(slots=True)
class Form:
    """The fields of a body by name, and the file of the photo if there is one."""

    fields: dict[str, Value | errors.FieldError] = field(default_factory=dict)
    """Values by field name; the error of an invalid field is raised only if the field is used."""
    photo: File | None = None
    discarded: tuple[str, ...] = ()
    """Names of the file parts that were discarded."""
    used: set[str] = field(default_factory=set)
    """Names of the fields that were read; `Fields` adds them."""
    nested: list[tuple[str, "Form"]] = field(default_factory=list)
    """The objects in lists that were read, with the names of their lists."""

    def ignored(self) -> list[str]:
        """Return the names of the fields that were not read, and of those in nested objects."""
        unread = [name for name in self.fields if name not in self.used]
        inner = [f"{name}.{each}" for name, form in self.nested for each in form.ignored()]
        names = dict.fromkeys((*unread, *self.discarded, *inner))
        return [name for name in names if name != charsets.CHARSET_FIELD]

    def shape(self) -> dict[str, str]:
        """Return the type of each field, and the length of each text, but no values."""
        fields = islice(self.fields.items(), _MAX_LOGGED_FIELDS)
        shape = {
            replace_surrogates(name[:_MAX_LOGGED_NAME_LENGTH]): _describe_value(value)
            for name, value in fields
        }
        if (more := len(self.fields) - _MAX_LOGGED_FIELDS) > 0:
            shape["…"] = f"{more} more fields"
        return shape | ({PHOTO: f"file, {self.photo.size} bytes"} if self.photo else {})


def _describe_value(value: object) -> str:
    if isinstance(value, str):
        return f"text, {len(value)} characters"
    return value.reason if isinstance(value, errors.FieldError) else type(value).__name__


@dataclass(frozen=True, slots=True)
class FormReader:
    """Reads request bodies as forms."""

    new_file: Callable[[], File]
    photo_bytes: int
    timeouts: BodyTimeouts

    def check_length(self, request: Request) -> None:
        """Check the Content-Length and Content-Type headers before the body is read.

        Raises:
            errors.PhotoTooLarge: a multipart body is too large, which only a photo can cause.
            errors.UnsupportedContentType: the body is a file, not a form.
        """
        media_type, _ = _content_type(request)
        size = body.content_length(request)
        if media_type == "multipart/form-data" and size > self.photo_bytes + _MAX_FIELDS_BYTES:
            raise errors.PhotoTooLarge(limit=self.photo_bytes)
        if media_type.startswith(FILE_TYPE_PREFIXES) and size > _MAX_FIELDS_BYTES:
            raise errors.UnsupportedContentType(type=media_type)

    async def read(self, request: Request, stack: ExitStack) -> Form:
        """Read the complete body after `check_length`; the photo's file is closed with `stack`.

        Raises:
            errors.BadRequest, errors.PayloadTooLarge, errors.RequestTimeout: the body cannot be
                read.
            errors.PhotoTooLarge: the photo is too large; raised before the rest is read.
        """
        media_type, options = _content_type(request)
        if media_type == "multipart/form-data":
            return await self._read_multipart(request, options.get("boundary", ""), stack)
        data = await self._read_small_body(request)
        if not data:
            return Form()
        if media_type == "application/json":
            return Form(_parse_json(data))
        if media_type == "application/x-www-form-urlencoded":
            if is_image(data):
                raise errors.BodyIsPhoto
            return Form(_parse_urlencoded(data, options.get("charset", "")))
        raise errors.UnsupportedContentType(type=media_type or "none")

    async def _read_small_body(self, request: Request) -> bytes:
        """Return a complete body that has no photo file."""
        if body.content_length(request) > _MAX_FIELDS_BYTES:
            raise oversized.error_for_body(await self._peek(request), _MAX_FIELDS_BYTES)
        data = bytearray()
        async for chunk in body.iter_chunks(
            request, self.photo_bytes + _MAX_FIELDS_BYTES, self.timeouts
        ):
            data += chunk
            if len(data) > _MAX_FIELDS_BYTES:
                raise oversized.error_for_body(
                    bytes(data[: oversized.PEEK_BYTES]), _MAX_FIELDS_BYTES
                )
        return bytes(data)

    async def _peek(self, request: Request) -> bytes:
        """Return the first bytes of a rejected body, if they arrive without `100 Continue`."""
        data = bytearray()
        if request.headers.get("expect", "").lower() == "100-continue":
            return b""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_PEEK_SECONDS, self.timeouts.idle)):
                async for chunk in body.iter_chunks(request, sys.maxsize, self.timeouts):
                    data += chunk
                    if len(data) >= oversized.PEEK_BYTES:
                        break
        return bytes(data[: oversized.PEEK_BYTES])

    async def _read_multipart(self, request: Request, boundary: str, stack: ExitStack) -> Form:
        reader = MultipartReader(self.new_file, self.photo_bytes, stack)
        try:
            parser = Parser(
                boundary,
                max_segment_count=_MAX_PARTS,
                max_header_count=_MAX_PART_HEADERS,
                # File names may have any encoding; the relevant parts of a header are ASCII.
                header_charset="latin-1",
            )
            with parser:
                limit = self.photo_bytes + _MAX_FIELDS_BYTES
                async for chunk in body.iter_chunks(request, limit, self.timeouts):
                    reader.feed(parser.parse(chunk))
                    del chunk  # otherwise it stays in memory during the wait for the next one
        except errors.PayloadTooLarge:
            raise errors.PhotoTooLarge(limit=self.photo_bytes) from None
        except MultipartError as exc:
            raise errors.MalformedMultipart(problem=str(exc)) from exc
        fields, photo = reader.finish()
        return Form({**fields}, photo, tuple(reader.discarded))


def _content_type(request: Request) -> tuple[str, dict[str, str]]:
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    return media_type, options


def _parse_json(data: bytes) -> dict[str, Value | errors.FieldError]:
    try:
        value = json_text.parse(data)
    except JsonError:
        raise errors.MalformedJson from None
    if not isinstance(value, dict):
        raise errors.MalformedJson
    return value


def _parse_urlencoded(data: bytes, charset: str) -> dict[str, Value | errors.FieldError]:
    """Return the fields of a urlencoded form, in the encoding of its type or its charset field."""
    try:
        if not charset:
            latin_fields = dict(_parse_pairs(data.decode("latin-1"), "latin-1"))
            charset = latin_fields.get(charsets.CHARSET_FIELD) or charsets.UTF_8
        codec = charsets.find_codec(charsets.CHARSET_FIELD, charset)
        return dict(_parse_pairs(data.decode(codec), codec))
    except errors.UnsupportedCharset as exc:
        raise errors.ValidationFailed(exc) from None
    except ValueError:
        raise errors.MalformedForm from None


def _parse_pairs(text: str, codec: str) -> list[tuple[str, str]]:
    return parse_qsl(
        text, keep_blank_values=True, encoding=codec, errors="strict", max_num_fields=_MAX_PARTS
    )
