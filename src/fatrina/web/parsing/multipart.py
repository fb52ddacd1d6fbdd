"""Multipart bodies: write a photo to disk as it arrives, and keep text fields in memory."""

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Final

from multipart import MultipartSegment, PushMultipartParser

from fatrina.actions.receiving import File
from fatrina.domain import errors, link
from fatrina.domain.photo import is_base64_image, is_image
from fatrina.web.parsing import charsets

PHOTO: Final = "photo"
ORIGINAL: Final = "original"
_PHOTO_FIELDS: Final = (PHOTO, ORIGINAL)
FILE_TYPE_PREFIXES: Final = ("image/", "application/octet-stream", "video/", "binary/")
"""Prefixes of the content types of files."""
_MAX_TEXT_BYTES: Final = 4 * link.MAX_LENGTH  # UTF-8 has at most 4 bytes per character
_SNIFF_BYTES: Final = 512
"""First bytes of a part that are enough to detect a photo."""
_CONTENT_LENGTH: Final = b"content-length"
_CONTENT_LENGTH_SIZE: Final = len(_CONTENT_LENGTH)
_QUOTED_STRING: Final = re.compile(r'"(?:\\.|[^"\\])*"')
_EXTENDED_FILENAME: Final = re.compile(r";\s*filename\*[0-9*]*\s*=", re.IGNORECASE)


class Parser(PushMultipartParser):
    """A parser that ignores the Content-Length of a part (RFC 7578, section 4.8).

    Some clients count characters instead of bytes.
    """

    def _on_segment_headerline(self, line: bytes) -> None:
        if line[:_CONTENT_LENGTH_SIZE].lower() == _CONTENT_LENGTH:
            line = b"X-" + line
        super()._on_segment_headerline(line)


class MultipartReader:
    """Collects the fields and the photo from the events of the parser."""

    def __init__(self, new_file: Callable[[], File], photo_bytes: int, stack: ExitStack) -> None:
        self._fields: dict[str, str | errors.FieldError] = {}
        self._photo: File | None = None
        self._new_file = new_file
        self._photo_bytes = photo_bytes
        self._stack = stack
        self._part: MultipartSegment | None = None
        self._text = bytearray()
        self._texts: list[tuple[str, bytes, str]] = []
        self._file: File | None = None
        self._has_photo = False
        self.discarded: list[str] = []
        """Names of file parts other than the photo."""

    def finish(self) -> tuple[dict[str, str | errors.FieldError], File | None]:
        """Return the fields and the photo's file; call it after the last event.

        Text is decoded here, because the field that specifies its encoding may be the last one.
        """
        declared = [data for name, data, _ in self._texts if name == charsets.CHARSET_FIELD]
        default = declared[-1].decode("latin-1") if declared else ""
        for name, data, charset in self._texts:
            self._fields[name] = _decode_text(name, data, charset or default or charsets.UTF_8)
        return self._fields, self._photo

    def feed(self, events: Iterable[MultipartSegment | bytes | bytearray | None]) -> None:
        """Process events of the parser: the head of a part, its data, and None at its end."""
        for event in events:
            if isinstance(event, MultipartSegment):
                self._part, self._file = event, None
                self._text.clear()
            elif event is None:
                self._end_part()
            elif self._part is not None:
                self._on_data(self._part, event)

    def _on_data(self, part: MultipartSegment, data: bytes | bytearray) -> None:
        if self._file is not None:
            self._write(self._file, data)
        elif not _is_file(part):
            undecided = len(self._text) < _SNIFF_BYTES
            self._text += data
            if undecided and len(self._text) >= _SNIFF_BYTES:
                self._detect_photo(part)
            del self._text[_MAX_TEXT_BYTES + 1 :]
        elif part.name == PHOTO:  # other files are discarded, as in the real API
            self._begin_photo(data)

    def _detect_photo(self, part: MultipartSegment) -> None:
        """Detect a photo without file name and type by its first bytes; it could be a link."""
        if part.name == PHOTO and is_image(bytes(self._text[:_SNIFF_BYTES])):
            self._begin_photo(self._text)

    def _begin_photo(self, data: bytes | bytearray) -> None:
        self._check_single_photo()
        self._file = self._stack.enter_context(self._new_file())
        self._write(self._file, data)

    def _write(self, file: File, data: bytes | bytearray) -> None:
        if file.size + len(data) > self._photo_bytes:
            raise errors.PhotoTooLarge(limit=self._photo_bytes)
        file.write(data)

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is None or not part.name:
            return
        if self._file is None and len(self._text) < _SNIFF_BYTES:
            self._detect_photo(part)
        if self._file is not None:
            self._photo = self._file
        elif not _is_file(part):
            self._texts.append((part.name, bytes(self._text), part.charset or ""))
        elif (
            part.filename and part.name == PHOTO
        ):  # an empty file name means that no file was selected
            self._check_single_photo()
            self._fields[PHOTO] = errors.PhotoEmpty()
        elif part.name != PHOTO:
            self.discarded.append(part.name)

    def _check_single_photo(self) -> None:
        """Raise errors.MultiplePhotos if this is the second photo file: the choice is ambiguous."""
        if self._has_photo:
            raise errors.MultiplePhotos
        self._has_photo = True


def _is_file(part: MultipartSegment) -> bool:
    """Return True if a part is a file according to its file name or content type."""
    if part.filename is not None or (part.content_type or "").startswith(FILE_TYPE_PREFIXES):
        return True
    # RFC 7578, section 4.2, forbids `filename*`, but some clients send only that for Arabic names.
    disposition = _QUOTED_STRING.sub('""', str(part.header("Content-Disposition", "")))
    return _EXTENDED_FILENAME.search(disposition) is not None


def _decode_text(name: str, data: bytes, charset: str) -> str | errors.FieldError:
    if len(data) > _MAX_TEXT_BYTES:
        if name in _PHOTO_FIELDS and is_base64_image(data.decode("latin-1")):
            return errors.PhotoEncoded(name)
        if name in _PHOTO_FIELDS:
            return errors.LinkTooLong(name, limit=link.MAX_LENGTH)
        return errors.TextTooLong(name, limit=_MAX_TEXT_BYTES)
    try:
        return charsets.decode(name, data, charset)
    except errors.FieldError as exc:
        return exc
