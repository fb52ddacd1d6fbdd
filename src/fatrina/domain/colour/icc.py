"""Build minimal ICC profiles from primaries and a tone curve."""

from collections.abc import Callable
from struct import pack
from typing import Final

from fatrina.domain.colour.cicp import XY, Primaries

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Curve = Callable[[float], float]

_CURVE_POINTS: Final = 4096
_D50: Final = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
# Lindbloom's form of the Bradford matrix (ICC.1:2022, E.3).
_BRADFORD: Final[Matrix] = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_EPSILON: Final = 1e-6


def rgb_profile(primaries: Primaries, curve: Curve) -> bytes:
    """Return a display profile for RGB images.

    Raises:
        ValueError: no colour space can have these primaries.
    """
    tones = _curve_tag(curve)
    columns = zip(*_rgb_to_xyz_matrix(primaries), strict=True)
    tags = [(f"{name}XYZ".encode(), _xyz_tag(c)) for name, c in zip("rgb", columns, strict=True)]
    return _build_profile(
        b"RGB ", [*tags, *((name, tones) for name in (b"rTRC", b"gTRC", b"bTRC"))]
    )


def grey_profile(curve: Curve) -> bytes:
    """Return a display profile for grey images."""
    return _build_profile(b"GRAY", [(b"kTRC", _curve_tag(curve))])


def _build_profile(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    name = b"desc" + bytes(4) + pack(">I", 9) + b"declared\0" + bytes(78)
    tags = [
        (b"desc", name),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", _xyz_tag(_D50)),
        *tags,
    ]
    table, body = b"", b""
    for kind, value in tags:
        at = 132 + 12 * len(tags) + len(body)
        table += kind + pack(">2I", at, len(value))
        body += value + bytes(-len(value) % 4)
    head = bytes(8) + b"\x02\x40\0\0mntr" + space + b"XYZ " + pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = (head + b"acsp" + bytes(28) + _xyz_tag(_D50)[8:]).ljust(128, b"\0")
    whole = head + pack(">I", len(tags)) + table + body
    return pack(">I", len(whole)) + whole[4:]


def _curve_tag(curve: Curve) -> bytes:
    points = (
        round(65535 * min(1.0, max(0.0, curve(at / (_CURVE_POINTS - 1)))))
        for at in range(_CURVE_POINTS)
    )
    return b"curv" + bytes(4) + pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *points)


def _xyz_tag(values: Vector) -> bytes:
    return b"XYZ " + bytes(4) + pack(">3i", *(round(65536 * value) for value in values))


def _rgb_to_xyz_matrix(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to XYZ, adapted to D50 with the Bradford transform."""
    white = _xyz_from_chromaticity(primaries.white)
    corners = _transpose(
        (
            _xyz_from_chromaticity(primaries.red),
            _xyz_from_chromaticity(primaries.green),
            _xyz_from_chromaticity(primaries.blue),
        )
    )
    scale = _multiply_vector(_invert(corners), white)
    cones, wanted = _multiply_vector(_BRADFORD, white), _multiply_vector(_BRADFORD, _D50)
    if min(map(abs, cones)) < _EPSILON:
        raise ValueError(primaries)
    gain = tuple(b / a for a, b in zip(cones, wanted, strict=True))
    scaled = tuple(tuple(v * gain[row] for v in _BRADFORD[row]) for row in range(3))
    adapt = _multiply(_invert(_BRADFORD), scaled)  # type: ignore[arg-type]
    plain = tuple(tuple(v * s for v, s in zip(row, scale, strict=True)) for row in corners)
    return _multiply(adapt, plain)  # type: ignore[arg-type]


def _xyz_from_chromaticity(xy: XY) -> Vector:
    """Return the XYZ values of a chromaticity, at a luminance of 1."""
    x, y = xy
    if y < _EPSILON:
        raise ValueError(xy)
    return x / y, 1.0, (1 - x - y) / y


def _multiply_vector(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _transpose(matrix: Matrix) -> Matrix:
    a, b, c = zip(*matrix, strict=True)
    return a, b, c


def _multiply(left: Matrix, right: Matrix) -> Matrix:
    a, b, c = (_multiply_vector(left, column) for column in _transpose(right))
    return _transpose((a, b, c))


def _invert(matrix: Matrix) -> Matrix:
    a, b, c = matrix
    columns = _cross(b, c), _cross(c, a), _cross(a, b)
    size = sum(x * y for x, y in zip(a, columns[0], strict=True))
    if abs(size) < _EPSILON:
        raise ValueError(matrix)
    first, second, third = (tuple(v / size for v in column) for column in columns)
    return _transpose((first, second, third))  # type: ignore[arg-type]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
