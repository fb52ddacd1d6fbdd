"""The part of `multipart` that Fatrina uses; the library ships no types."""

from collections.abc import Generator
from typing import Self

class MultipartError(ValueError): ...

class MultipartSegment:
    name: str | None
    filename: str | None
    content_type: str | None
    charset: str | None
    bytes_received: int
    def header(self, name: str, default: str = ...) -> str: ...

class PushMultipartParser:
    def __init__(
        self,
        boundary: str,
        *,
        max_segment_count: int = ...,
        max_header_count: int = ...,
        header_charset: str = ...,
    ) -> None: ...
    def parse(
        self, chunk: bytes | bytearray
    ) -> Generator[MultipartSegment | bytes | bytearray | None, None, None]: ...
    def _on_segment_headerline(self, line: bytes) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *fault: object) -> None: ...

def parse_options_header(header: str) -> tuple[str, dict[str, str]]: ...
