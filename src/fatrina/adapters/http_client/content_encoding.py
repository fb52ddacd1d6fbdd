"""Content codings of a response: decode gzip and deflate within a limit, reject others."""

import zlib
from collections.abc import Iterator
from typing import Final

from fatrina.domain import errors

_GZIP: Final = "gzip"
_DEFLATE: Final = "deflate"
# The IANA registry's names for codings that are not decoded. Servers also send values that are not
# codings (aws-chunked, utf-8, binary, none): those say nothing about the body and are ignored.
_UNSUPPORTED: Final = ("br", "zstd", "compress", "dcb", "dcz", "exi", "pack200-gzip")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_WINDOW_GZIP: Final = 31  # zlib's window bits: 15, with a gzip header, a zlib header, or no header
_WINDOW_ZLIB: Final = 15
_WINDOW_RAW: Final = -15
_CHUNK_BYTES: Final = 65_536
_ZLIB_METHOD: Final = 8
_ZLIB_CHECK: Final = 31


def parse_coding(value: str) -> str:
    """Return `gzip`, `deflate` or an empty string for the value of Content-Encoding.

    Raises:
        errors.LinkContentEncoding: the body has another coding, or more than one.
    """
    names = [name.strip().lower().removeprefix("x-") for name in value.split(",")]
    for name in names:
        if name in _UNSUPPORTED:
            raise errors.LinkContentEncoding(encoding=name)
    known = [name for name in names if name in (_GZIP, _DEFLATE)]
    if len(known) > 1:
        raise errors.LinkContentEncoding(encoding=", ".join(known))
    return known[0] if known else ""


def decode(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield a body without its coding, in chunks of at most 65,536 bytes.

    Only one chunk of input is held in memory, so a caller that counts the bytes is protected from a
    decompression bomb. A body that does not match its header (a server that sends `gzip` for a
    plain file) is not changed.

    Raises:
        errors.LinkInvalidResponse: the coded data is corrupt or incomplete.
    """
    head = next(chunks, b"")
    while len(head) < len(_GZIP_MAGIC) and (more := next(chunks, b"")):
        head += more
    window = _window_bits(head, name)
    if window is None:
        if head:
            yield head
        yield from chunks
        return
    yield from _inflate(_prepend(head, chunks), window)


def _window_bits(head: bytes, name: str) -> int | None:
    """Return zlib's window bits for a body by its first bytes; None if it is not coded."""
    if name == _GZIP:
        return _WINDOW_GZIP if head.startswith(_GZIP_MAGIC) else None
    if name != _DEFLATE or len(head) < len(_GZIP_MAGIC):
        return None
    # RFC 9110, 8.4.1.2: the zlib format; some servers send the raw data without its header.
    is_zlib = head[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(head[:2], "big") % _ZLIB_CHECK == 0
    return _WINDOW_ZLIB if is_zlib else _WINDOW_RAW


def _prepend(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _inflate(chunks: Iterator[bytes], window: int) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(window)
    try:
        for chunk in chunks:
            data = chunk
            while data:
                if decompressor.eof:
                    # Consecutive members are one gzip file (RFC 1952, 2.2); padding is ignored.
                    if window != _WINDOW_GZIP or not data.startswith(_GZIP_MAGIC):
                        return
                    decompressor = zlib.decompressobj(window)
                if output := decompressor.decompress(data, _CHUNK_BYTES):
                    yield output
                data = decompressor.unconsumed_tail or decompressor.unused_data
        while output := decompressor.decompress(decompressor.unconsumed_tail, _CHUNK_BYTES):
            yield output
    except zlib.error as exc:
        raise errors.LinkInvalidResponse from exc
    if not decompressor.eof:
        raise errors.LinkInvalidResponse
