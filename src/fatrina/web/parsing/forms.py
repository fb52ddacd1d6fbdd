"""A request's body into plain fields; a photo goes to disk as it arrives."""

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
"""Most bytes of a body without a photo, and of a photo's body besides the photo."""
_PEEK_SECONDS: Final = 1.0
"""Seconds that are waited for the beginning of a body that is too large anyway."""
_MAX_PARTS: Final = 64
_MAX_PART_HEADERS: Final = 16
_MAX_LOGGED_NAME_LENGTH: Final = 100
_MAX_LOGGED_FIELDS: Final = 40
"""Fields of one body that are noted by name."""


@dataclass(slots=True)
class Form:
    """What a body holds: the fields by name, and the photo's file if one came."""

    fields: dict[str, Value | errors.FieldError] = field(default_factory=dict)
    """A field that cannot be read is refused only where somebody asks for it."""
    photo: File | None = None

    def shape(self) -> dict[str, str]:
        """What was sent, without what it says: each field's type, and how long its text is."""
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
    """Reads bodies."""

    new_file: Callable[[], File]
    photo_bytes: int
    timeouts: BodyTimeouts

    def check_length(self, request: Request) -> None:
        """Pass unless the request's headers refuse its body; asked before the body is read.

        Raises:
            errors.PhotoTooLarge: of a multipart body, where only a photo can be that large.
            errors.UnsupportedContentType: it is a file and no form.
        """
        media_type, _ = _content_type(request)
        size = body.content_length(request)
        if media_type == "multipart/form-data" and size > self.photo_bytes + _MAX_FIELDS_BYTES:
            raise errors.PhotoTooLarge(limit=self.photo_bytes)
        if media_type.startswith(FILE_TYPE_PREFIXES) and size > _MAX_FIELDS_BYTES:
            raise errors.UnsupportedContentType(type=media_type)

    async def read(self, request: Request, stack: ExitStack) -> Form:
        """Read the whole body, which `must_fit`; the photo's file lives as long as `arrival`.

        Raises:
            errors.BadRequest, errors.PayloadTooLarge, errors.RequestTimeout: the body as such.
            errors.PhotoTooLarge: the photo, at once.
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
        """A body without a photo file."""
        if body.content_length(request) > _MAX_FIELDS_BYTES:
            raise oversized.error_for_body(await self._peek(request), _MAX_FIELDS_BYTES)
        data = bytearray()
        async for piece in body.iter_chunks(
            request, self.photo_bytes + _MAX_FIELDS_BYTES, self.timeouts
        ):
            data += piece
            if len(data) > _MAX_FIELDS_BYTES:
                raise oversized.error_for_body(
                    bytes(data[: oversized.PEEK_BYTES]), _MAX_FIELDS_BYTES
                )
        return bytes(data)

    async def _peek(self, request: Request) -> bytes:
        """The beginning of a body that is not read, as far as it has come by itself."""
        data = bytearray()
        if request.headers.get("expect", "").lower() == "100-continue":
            return b""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_PEEK_SECONDS, self.timeouts.idle)):
                async for piece in body.iter_chunks(request, sys.maxsize, self.timeouts):
                    data += piece
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
                # A file's name may come in any script of any age; what counts of a head is ASCII.
                header_charset="latin-1",
            )
            with parser:
                limit = self.photo_bytes + _MAX_FIELDS_BYTES
                async for piece in body.iter_chunks(request, limit, self.timeouts):
                    reader.feed(parser.parse(piece))
                    del piece  # or it would wait here for the next, thousands of times
        except errors.PayloadTooLarge:
            raise errors.PhotoTooLarge(limit=self.photo_bytes) from None
        except MultipartError as exc:
            raise errors.MalformedMultipart(problem=str(exc)) from exc
        fields, photo = reader.finish()
        return Form({**fields}, photo)


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
    """The fields of a form, in the encoding that its type or a field of it names."""
    try:
        if not charset:
            named = dict(_parse_pairs(data.decode("latin-1"), "latin-1"))
            charset = named.get(charsets.CHARSET_FIELD) or charsets.UTF_8
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
