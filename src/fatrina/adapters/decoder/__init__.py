"""libvips, confined: photos are decoded in processes that can only compute and answer."""

from fatrina.adapters.decoder.pool import DecoderPool
from fatrina.adapters.decoder.process import Decoder, DecoderInternalError, Handshake

__all__ = ["Decoder", "DecoderInternalError", "DecoderPool", "Handshake"]
