"""JPEG frames: which codings are accepted, and whether a frame's scans cover all coefficients."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fatrina.domain.errors import PhotoCodingUnsupported, PhotoDamaged

# ITU-T T.81, table B.1: SOF0 to SOF15, without DHT, JPG and DAC.
FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL: Final = frozenset({0xC0, 0xC1})
_PROGRESSIVE: Final = 0xC2
_DECODABLE: Final = _SEQUENTIAL | {_PROGRESSIVE}
_CODING_NAMES: Final = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical, progressive",
    0xC7: "hierarchical, lossless",
    0xC9: "arithmetic coding",
    0xCA: "arithmetic coding, progressive",
    0xCB: "arithmetic coding, lossless",
    0xCD: "arithmetic coding, hierarchical",
    0xCE: "arithmetic coding, hierarchical, progressive",
    0xCF: "arithmetic coding, hierarchical, lossless",
}
_PRECISION: Final = 8
_HEADER_BYTES: Final = 6
"""Bytes of a frame header before its components."""
_COMPONENT_BYTES: Final = 3
_COEFFICIENTS: Final = 64
_NOT_SENT: Final = 99
"""The bit position of a coefficient that no scan has sent yet."""


class Frame(NamedTuple):
    """A frame header (T.81, B.2.2)."""

    progressive: bool
    components: tuple[int, ...]
    """The components' identifiers."""

    @classmethod
    def parse(cls, marker: int, body: bytes) -> "Frame":
        """Parse the header of a frame.

        Raises:
            errors.PhotoCodingUnsupported: browsers do not decode this coding or precision.
            errors.PhotoDamaged: the header is incomplete.
        """
        if len(body) < _HEADER_BYTES:
            raise PhotoDamaged(problem="incomplete frame header")
        precision = body[0]
        if marker not in _DECODABLE or precision != _PRECISION:
            names = [_CODING_NAMES[marker]] if marker in _CODING_NAMES else []
            coding = ", ".join([*names, f"{precision} bits"])
            raise PhotoCodingUnsupported(coding=f"JPEG ({coding})")
        count = body[_HEADER_BYTES - 1]
        identifiers = body[
            _HEADER_BYTES : _HEADER_BYTES + count * _COMPONENT_BYTES : _COMPONENT_BYTES
        ]
        return cls(marker == _PROGRESSIVE, tuple(identifiers))


NO_FRAME: Final = Frame(progressive=False, components=())


class Coverage:
    """Tracks which coefficients of a frame the scans so far contain, and with which precision."""

    def __init__(self, frame: Frame = NO_FRAME) -> None:
        """Begin before the first scan."""
        self._progressive = frame.progressive
        self._low = {name: [_NOT_SENT] * _COEFFICIENTS for name in frame.components}

    @property
    def is_complete(self) -> bool:
        """Whether every coefficient of every component is known to its last bit."""
        return bool(self._low) and not any(any(low) for low in self._low.values())

    def add_scan(self, header: Sequence[int]) -> None:
        """Add a scan by its header (T.81, B.2.3); a header that is not valid adds nothing."""
        count = header[0] if header else 0
        if len(header) < 1 + 2 * count + 3:
            return
        names = header[1 : 1 + 2 * count : 2]
        first, last, bits = header[1 + 2 * count : 4 + 2 * count]
        if not self._progressive:
            first, last, bits = 0, _COEFFICIENTS - 1, 0
        for name in names:
            low = self._low.get(name)
            if low is not None and first <= last < _COEFFICIENTS:
                low[first : last + 1] = [bits & 0x0F] * (last + 1 - first)
