"""Photo decoding in sandboxed worker processes, with libvips and faster codec libraries."""

from fatrina.adapters.decoder.pool import DecoderPool
from fatrina.adapters.decoder.process import Decoder, DecoderInternalError, Handshake

__all__ = ["Decoder", "DecoderInternalError", "DecoderPool", "Handshake"]
