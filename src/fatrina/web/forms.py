"""A request's body into plain fields; a photo goes to disk as it arrives."""

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)
from starlette.requests import Request

from fatrina.actions.ingest import File
from fatrina.domain import errors
from fatrina.domain.photo import sniff
from fatrina.web import body
from fatrina.web.body import Pace

Value = str | int | float | bool | None
PHOTO: Final = "photo"

_SMALL: Final = 65_536
"""Most bytes of a body without a photo, and of a photo's body besides the photo."""
_LONGEST_TEXT: Final = 8_192
_MOST_PARTS: Final = 64
_MOST_HEADERS: Final = 16
_NOT_TEXT: Final = ("image/", "application/octet-stream", "video/", "binary/")
_LONGEST_NAME: Final = 100
_HEAD: Final = 512
"""Bytes by which a photo is known."""


@dataclass(slots=True)
class Form:
    """What a body holds: the fields by name, and the photo's file if one came."""

    fields: dict[str, Value | errors.FieldRefused] = field(default_factory=dict)
    """A field that cannot be read is refused only where somebody asks for it."""
    photo: File | None = None

    def shape(self) -> dict[str, str]:
        """What was sent, without what it says: each field's type, and how long its text is."""
        told = {name[:_LONGEST_NAME]: _kind(value) for name, value in self.fields.items()}
        return told | ({PHOTO: f"file, {self.photo.size} bytes"} if self.photo else {})


def _kind(value: object) -> str:
    if isinstance(value, str):
        return f"text, {len(value)} characters"
    return value.reason if isinstance(value, errors.FieldRefused) else type(value).__name__


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads bodies."""

    new_file: Callable[[], File]
    photo_bytes: int
    pace: Pace

    def must_fit(self, request: Request) -> None:
        """Pass unless the declared length is too large; asked before the body is read.

        Raises:
            errors.PhotoTooLarge: of a multipart body, where only a photo can be that large.
            errors.BodyTooLarge: of any other.
        """
        kind, _ = _content_type(request)
        size = body.declared(request)
        if kind == "multipart/form-data" and size > self.photo_bytes + _SMALL:
            raise errors.PhotoTooLarge(limit=self.photo_bytes)
        if kind != "multipart/form-data" and size > _SMALL:
            raise errors.BodyTooLarge(limit=_SMALL)

    async def read(self, request: Request, arrival: ExitStack) -> Form:
        """Read the whole body, which `must_fit`; the photo's file lives as long as `arrival`.

        Raises:
            errors.BadRequest, errors.BodyTooLarge, errors.BodyTooSlow: the body as such.
            errors.PhotoTooLarge: the photo, at once.
        """
        kind, options = _content_type(request)
        if kind == "multipart/form-data":
            return await self._multipart(request, options.get("boundary", ""), arrival)
        data = await body.whole(request, _SMALL, self.pace)
        if not data:
            return Form()
        if kind == "application/json":
            return Form(_json(data))
        if kind == "application/x-www-form-urlencoded":
            return Form(_urlencoded(data))
        raise errors.BodyTypeUnknown(type=kind or "none")

    async def _multipart(self, request: Request, boundary: str, arrival: ExitStack) -> Form:
        parts = _Parts(self.new_file, self.photo_bytes, arrival)
        try:
            parser = PushMultipartParser(
                boundary,
                max_segment_count=_MOST_PARTS,
                max_header_count=_MOST_HEADERS,
                # A file's name may come in any script of any age; what counts of a head is ASCII.
                header_charset="latin-1",
            )
            with parser:
                limit = self.photo_bytes + _SMALL
                async for piece in body.chunks(request, limit, self.pace):
                    parts.take(parser.parse(piece))
                    del piece  # or it would wait here for the next, thousands of times
        except errors.BodyTooLarge:
            raise errors.PhotoTooLarge(limit=self.photo_bytes) from None
        except MultipartError as fault:
            raise errors.MultipartBroken(problem=str(fault)) from fault
        return parts.form


class _Parts:
    """The parts of a multipart body, as the parser tells of them."""

    def __init__(self, new_file: Callable[[], File], photo_bytes: int, arrival: ExitStack) -> None:
        self.form = Form()
        self._new_file = new_file
        self._photo_bytes = photo_bytes
        self._arrival = arrival
        self._part: MultipartSegment | None = None
        self._text = bytearray()
        self._file: File | None = None

    def take(self, events: Iterable[MultipartSegment | bytes | bytearray | None]) -> None:
        """Parts begin, go on, and end."""
        for event in events:
            if isinstance(event, MultipartSegment):
                self._part, self._file = event, None
                self._text.clear()
            elif event is None:
                self._end()
            elif self._part is not None:
                self._go_on(self._part, event)

    def _go_on(self, part: MultipartSegment, data: bytes | bytearray) -> None:
        if self._file is not None:
            self._write(self._file, data)
        elif not _is_file(part):
            undecided = len(self._text) < _HEAD
            self._text += data
            if undecided and len(self._text) >= _HEAD:
                self._judge(part)
            del self._text[_LONGEST_TEXT + 1 :]
        elif part.name == PHOTO:  # other files are read and dropped, as in the real API
            self._begin(data)

    def _judge(self, part: MultipartSegment) -> None:
        """Where a client gives a photo neither a name nor a type, its head tells it from a link."""
        if part.name == PHOTO and _is_photo(bytes(self._text[:_HEAD])):
            self._begin(self._text)

    def _begin(self, data: bytes | bytearray) -> None:
        self._file = self._arrival.enter_context(self._new_file())
        self._write(self._file, data)

    def _write(self, file: File, data: bytes | bytearray) -> None:
        if file.size + len(data) > self._photo_bytes:
            raise errors.PhotoTooLarge(limit=self._photo_bytes)
        file.write(data)

    def _end(self) -> None:
        part, self._part = self._part, None
        if part is None or not part.name:
            return
        if self._file is None and len(self._text) < _HEAD:
            self._judge(part)
        if self._file is not None:
            if self.form.photo is not None:
                self.form.photo.close()  # the last of several wins, as in the real API
            self.form.photo = self._file
        elif not _is_file(part):
            self.form.fields[part.name] = _decoded(part.name, bytes(self._text))
        elif part.filename and part.name == PHOTO:  # without a name, no file was chosen
            self.form.fields[PHOTO] = errors.PhotoEmpty()


def _is_file(part: MultipartSegment) -> bool:
    """Whether a part says that it is a file, by a name or by its type."""
    return part.filename is not None or (part.content_type or "").startswith(_NOT_TEXT)


def _is_photo(head: bytes) -> bool:
    try:
        sniff(head)
    except errors.PhotoRefused:
        return False
    return True


def _content_type(request: Request) -> tuple[str, dict[str, str]]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    return kind, options


def _decoded(name: str, data: bytes) -> str | errors.FieldRefused:
    if len(data) > _LONGEST_TEXT:
        return errors.TextTooLong(name, limit=_LONGEST_TEXT)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return errors.TextBroken(name)


def _json(data: bytes) -> dict[str, Value | errors.FieldRefused]:
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise errors.JsonBroken from None
    if not isinstance(value, dict):
        raise errors.JsonBroken
    return value


def _no_constant(_: str) -> None:
    raise ValueError


def _urlencoded(data: bytes) -> dict[str, Value | errors.FieldRefused]:
    try:
        pairs = parse_qsl(
            data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARTS
        )
    except ValueError:
        raise errors.FormBroken from None
    return dict(pairs)
