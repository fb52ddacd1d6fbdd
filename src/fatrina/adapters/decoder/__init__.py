"""libvips, confined: photos are decoded in processes that can only compute and answer."""

from fatrina.adapters.decoder.pool import Decoders
from fatrina.adapters.decoder.process import Decoder, DecoderFaultError, Handshake

__all__ = ["Decoder", "DecoderFaultError", "Decoders", "Handshake"]
