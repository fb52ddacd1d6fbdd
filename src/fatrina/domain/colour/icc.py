"""Write a minimal ICC profile for primaries and a tone curve."""

from collections.abc import Callable
from struct import pack
from typing import Final

from fatrina.domain.colour.cicp import XY, Primaries

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Curve = Callable[[float], float]

_POINTS: Final = 4096
_D50: Final = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
# Lindbloom's form of the Bradford matrix (ICC.1:2022, E.3).
_BRADFORD: Final[Matrix] = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_SMALLEST: Final = 1e-6


def coloured(primaries: Primaries, curve: Curve) -> bytes:
    """A display profile for colours.

    Raises:
        ValueError: no colours can have these primaries.
    """
    tones = _curve(curve)
    columns = zip(*_to_d50(primaries), strict=True)
    tags = [(f"{name}XYZ".encode(), _xyz(c)) for name, c in zip("rgb", columns, strict=True)]
    return _profile(b"RGB ", [*tags, *((name, tones) for name in (b"rTRC", b"gTRC", b"bTRC"))])


def grey(curve: Curve) -> bytes:
    """A display profile for grey."""
    return _profile(b"GRAY", [(b"kTRC", _curve(curve))])


def _profile(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    name = b"desc" + bytes(4) + pack(">I", 9) + b"declared\0" + bytes(78)
    tags = [
        (b"desc", name),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", _xyz(_D50)),
        *tags,
    ]
    table, body = b"", b""
    for kind, value in tags:
        at = 132 + 12 * len(tags) + len(body)
        table += kind + pack(">2I", at, len(value))
        body += value + bytes(-len(value) % 4)
    head = bytes(8) + b"\x02\x40\0\0mntr" + space + b"XYZ " + pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = (head + b"acsp" + bytes(28) + _xyz(_D50)[8:]).ljust(128, b"\0")
    whole = head + pack(">I", len(tags)) + table + body
    return pack(">I", len(whole)) + whole[4:]


def _curve(curve: Curve) -> bytes:
    points = (round(65535 * min(1.0, max(0.0, curve(at / (_POINTS - 1))))) for at in range(_POINTS))
    return b"curv" + bytes(4) + pack(f">I{_POINTS}H", _POINTS, *points)


def _xyz(values: Vector) -> bytes:
    return b"XYZ " + bytes(4) + pack(">3i", *(round(65536 * value) for value in values))


def _to_d50(primaries: Primaries) -> Matrix:
    """The matrix from linear colours to XYZ, adapted to D50 by Bradford."""
    white = _of(primaries.white)
    corners = _transposed((_of(primaries.red), _of(primaries.green), _of(primaries.blue)))
    scale = _times(_inverse(corners), white)
    cones, wanted = _times(_BRADFORD, white), _times(_BRADFORD, _D50)
    if min(map(abs, cones)) < _SMALLEST:
        raise ValueError(primaries)
    gain = tuple(b / a for a, b in zip(cones, wanted, strict=True))
    scaled = tuple(tuple(v * gain[row] for v in _BRADFORD[row]) for row in range(3))
    adapt = _product(_inverse(_BRADFORD), scaled)  # type: ignore[arg-type]
    plain = tuple(tuple(v * s for v, s in zip(row, scale, strict=True)) for row in corners)
    return _product(adapt, plain)  # type: ignore[arg-type]


def _of(xy: XY) -> Vector:
    """XYZ of a chromaticity, at a luminance of 1."""
    x, y = xy
    if y < _SMALLEST:
        raise ValueError(xy)
    return x / y, 1.0, (1 - x - y) / y


def _times(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _transposed(matrix: Matrix) -> Matrix:
    a, b, c = zip(*matrix, strict=True)
    return a, b, c


def _product(left: Matrix, right: Matrix) -> Matrix:
    a, b, c = (_times(left, column) for column in _transposed(right))
    return _transposed((a, b, c))


def _inverse(matrix: Matrix) -> Matrix:
    a, b, c = matrix
    columns = _cross(b, c), _cross(c, a), _cross(a, b)
    size = sum(x * y for x, y in zip(a, columns[0], strict=True))
    if abs(size) < _SMALLEST:
        raise ValueError(matrix)
    first, second, third = (tuple(v / size for v in column) for column in columns)
    return _transposed((first, second, third))  # type: ignore[arg-type]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
