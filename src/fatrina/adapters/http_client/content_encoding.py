"""Content codings of a response: gzip and deflate decoded within a limit, others named."""

import zlib
from collections.abc import Iterator
from typing import Final

from fatrina.domain import errors

_GZIP: Final = "gzip"
_DEFLATE: Final = "deflate"
# The IANA registry's names for codings that are not decoded. Servers also send values that are no
# codings (aws-chunked, utf-8, binary, none): those say nothing of the body and are ignored.
_UNSUPPORTED: Final = ("br", "zstd", "compress", "dcb", "dcz", "exi", "pack200-gzip")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_WINDOW_GZIP: Final = 31  # zlib's window bits: 15 with a gzip header, a zlib header, or none
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


def decode(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield a body without its coding, in pieces of 65,536 bytes at most.

    Nothing is held but one piece of input, so a caller that counts the bytes is safe from a
    decompression bomb. A body that is not what its header says (a server that sends `gzip` for a
    plain file) passes unchanged.

    Raises:
        errors.LinkInvalidResponse: the coded data is broken or incomplete.
    """
    head = next(pieces, b"")
    while len(head) < len(_GZIP_MAGIC) and (more := next(pieces, b"")):
        head += more
    window = _window_bits(head, name)
    if window is None:
        if head:
            yield head
        yield from pieces
        return
    yield from _inflate(_prepend(head, pieces), window)


def _window_bits(head: bytes, name: str) -> int | None:
    """Return zlib's window bits for a body by its first bytes; None for one that is not coded."""
    if name == _GZIP:
        return _WINDOW_GZIP if head.startswith(_GZIP_MAGIC) else None
    if name != _DEFLATE or len(head) < len(_GZIP_MAGIC):
        return None
    # RFC 9110, 8.4.1.2: the zlib format; some servers send the raw data without its header.
    is_zlib = head[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(head[:2], "big") % _ZLIB_CHECK == 0
    return _WINDOW_ZLIB if is_zlib else _WINDOW_RAW


def _prepend(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def _inflate(pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(window)
    try:
        for piece in pieces:
            data = piece
            while data:
                if inflate.eof:
                    # Several members in a row are one gzip file (RFC 1952, 2.2); padding is not.
                    if window != _WINDOW_GZIP or not data.startswith(_GZIP_MAGIC):
                        return
                    inflate = zlib.decompressobj(window)
                if made := inflate.decompress(data, _CHUNK_BYTES):
                    yield made
                data = inflate.unconsumed_tail or inflate.unused_data
        while made := inflate.decompress(inflate.unconsumed_tail, _CHUNK_BYTES):
            yield made
    except zlib.error as broken:
        raise errors.LinkInvalidResponse from broken
    if not inflate.eof:
        raise errors.LinkInvalidResponse
