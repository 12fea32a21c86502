"""The pairing-friendly curve BN254 ("alt_bn128"): points, and whether a product of pairings is one.

Curve: y² = x³ + 3 over the prime field of P, with N points. Its twist is y² = x³ + 3/(9 + i) over the pairs a + b·i
(i² = -1) of that field. A point is ``(x, y)``, None the one at infinity.

The pairing is the optimal ate pairing. Its values are polynomials in w below degree 12, where w¹² = 18w⁶ - 82, so that
i is w⁶ - 9. Twelve coefficients lie side by side in one long number: one multiplication of long numbers is one
of polynomials.

Source: EIP-196, EIP-197; Vercauteren, "Optimal Pairings", 2008; for the last power Scott et al., "On the Final
Exponentiation for Calculating Pairings on Ordinary Elliptic Curves", 2009, section 5.
"""

from collections.abc import Callable, Iterable
from typing import Final

P: Final = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
N: Final = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
U: Final = 4965661367192848881
"""The number from which the curve is made: P and N are polynomials in it."""
_LOOP: Final = bin(6 * U + 2)[3:]
_SLOT: Final = 64
"""Bytes for a coefficient of a product: twelve products of two field elements."""

Pair = tuple[int, int]
"""a + b·i."""
Point = tuple[int, int] | None
TwistPoint = tuple[Pair, Pair] | None
Value = list[int]
"""Twelve coefficients, that of w⁰ first."""
_ONE: Final = [1] + [0] * 11


def is_on_curve(x: int, y: int) -> bool:
    """Tell whether a point other than infinity lies on the curve."""
    return (y * y - x * x * x - 3) % P == 0


def add(first: Point, second: Point) -> Point:
    """Return the sum of two points of the curve."""
    if first is None or second is None:
        return second if first is None else first
    (x1, y1), (x2, y2) = first, second
    if x1 != x2:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    elif (y1 + y2) % P == 0:
        return None
    else:
        slope = 3 * x1 * x1 * pow(2 * y1, -1, P) % P
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def multiply(point: Point, factor: int) -> Point:
    """Return a point added to itself so many times. On the way x and y are x/z² and y/z³, to divide but once."""
    if point is None:
        return None
    total = (1, 1, 0)
    for bit in bin(factor % N)[2:]:
        total = _double(*total)
        if bit == "1":
            total = _add_to_fraction(*total, *point)
    x, y, z = total
    if z == 0:
        return None
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def _double(x: int, y: int, z: int) -> tuple[int, int, int]:
    square = y * y % P
    shift, slope = 4 * x * square % P, 3 * x * x % P
    x3 = (slope * slope - 2 * shift) % P
    return x3, (slope * (shift - x3) - 8 * square * square) % P, 2 * y * z % P


def _add_to_fraction(x1: int, y1: int, z1: int, x2: int, y2: int) -> tuple[int, int, int]:
    """Add a point without a fraction: never the same one nor its opposite, on the way to a multiple under N."""
    if z1 == 0:
        return x2, y2, 1
    square = z1 * z1 % P
    across, up = (x2 * square - x1) % P, (y2 * square * z1 - y1) % P
    square = across * across % P
    cube, shift = across * square % P, x1 * square % P
    x3 = (up * up - cube - 2 * shift) % P
    return x3, (up * (shift - x3) - y1 * cube) % P, z1 * across % P


# Pairs a + b·i ------------------------------------------------------------------------------------------------------


def _multiply_pairs(first: Pair, second: Pair) -> Pair:
    (a, b), (c, d) = first, second
    return (a * c - b * d) % P, (a * d + b * c) % P


def _subtract_pairs(first: Pair, second: Pair) -> Pair:
    return (first[0] - second[0]) % P, (first[1] - second[1]) % P


def _invert_pair(pair: Pair) -> Pair:
    a, b = pair
    inverse = pow(a * a + b * b, -1, P)
    return a * inverse % P, -b * inverse % P


def _raise_pair(pair: Pair, exponent: int) -> Pair:
    result = (1, 0)
    for bit in bin(exponent)[2:]:
        result = _multiply_pairs(result, result)
        if bit == "1":
            result = _multiply_pairs(result, pair)
    return result


_TWIST_CONSTANT: Final = _multiply_pairs((3, 0), _invert_pair((9, 1)))
_ROOTS: Final = [_raise_pair((9, 1), place * (P - 1) // 6) for place in range(6)]
"""What w to the power of ``place`` is multiplied with by the map that raises to the power of P."""


# Points of the twist ------------------------------------------------------------------------------------------------


def compute_twist_square(x: Pair) -> Pair:
    """Return the square of y of the points of the twist with this x, if there are any."""
    a, b = _multiply_pairs(_multiply_pairs(x, x), x)
    return (a + _TWIST_CONSTANT[0]) % P, (b + _TWIST_CONSTANT[1]) % P


def is_on_twist(x: Pair, y: Pair) -> bool:
    """Tell whether a point other than infinity lies on the twist."""
    return _multiply_pairs(y, y) == compute_twist_square(x)


def _compute_slope(first: tuple[Pair, Pair], second: tuple[Pair, Pair]) -> Pair | None:
    """Return the slope of the line through two points, the tangent's if they are one; None if it is upright."""
    (x1, y1), (x2, y2) = first, second
    if x1 != x2:
        return _multiply_pairs(_subtract_pairs(y2, y1), _invert_pair(_subtract_pairs(x2, x1)))
    if y1 != y2 or y1 == (0, 0):
        return None
    a, b = _multiply_pairs(x1, x1)
    return _multiply_pairs((3 * a, 3 * b), _invert_pair((2 * y1[0], 2 * y1[1])))


def _finish_sum(first: tuple[Pair, Pair], second: tuple[Pair, Pair], slope: Pair) -> tuple[Pair, Pair]:
    """Return the sum of two points of the twist on a line of that slope."""
    (x1, y1), (x2, _) = first, second
    x3 = _subtract_pairs(_subtract_pairs(_multiply_pairs(slope, slope), x1), x2)
    return x3, _subtract_pairs(_multiply_pairs(slope, _subtract_pairs(x1, x3)), y1)


def add_on_twist(first: TwistPoint, second: TwistPoint) -> TwistPoint:
    """Return the sum of two points of the twist."""
    if first is None or second is None:
        return second if first is None else first
    slope = _compute_slope(first, second)
    return None if slope is None else _finish_sum(first, second, slope)


def is_in_subgroup(point: tuple[Pair, Pair]) -> bool:
    """Tell whether a point of the twist is one of the N that pairings are made of."""
    total: TwistPoint = None
    for bit in bin(N)[2:]:
        total = add_on_twist(total, total)
        if bit == "1":
            total = add_on_twist(total, point)
    return total is None


def _apply_frobenius(point: tuple[Pair, Pair]) -> tuple[Pair, Pair]:
    """Raise a point of the twist, seen on the curve, to the power of P."""
    (a, b), (c, d) = point
    return _multiply_pairs((a, -b), _ROOTS[2]), _multiply_pairs((c, -d), _ROOTS[3])


# Values of pairings -------------------------------------------------------------------------------------------------


def _pack(value: Value) -> int:
    return int.from_bytes(b"".join([part.to_bytes(_SLOT, "little") for part in value]), "little")


def _multiply_values(first: Value, second: Value) -> Value:
    packed = _pack(first)
    product = packed * (packed if first is second else _pack(second))
    data = product.to_bytes(24 * _SLOT, "little")
    parts = [int.from_bytes(data[place : place + _SLOT], "little") for place in range(0, 23 * _SLOT, _SLOT)]
    for place in range(22, 11, -1):
        parts[place - 6] += 18 * parts[place]
        parts[place - 12] -= 82 * parts[place]
    return [part % P for part in parts[:12]]


def _conjugate(value: Value) -> Value:
    """Raise to the power of P⁶: w becomes -w."""
    return [-part % P if place % 2 else part for place, part in enumerate(value)]


def _raise_to_p(value: Value, times: int = 1) -> Value:
    """Raise to the power of P, so many times."""
    for _ in range(times):
        result = [0] * 12
        for place in range(6):
            low, high = value[place], value[place + 6]
            a, b = _multiply_pairs((low + 9 * high, -high), _ROOTS[place])
            result[place], result[place + 6] = (a - 9 * b) % P, b
        value = result
    return value


def _invert_value(value: Value) -> Value:
    """Return the inverse: what is missing to the norm in smaller and smaller fields, over the norm."""
    missing = _conjugate(value)
    even = _multiply_values(value, missing)  # only even powers of w are left
    others = _multiply_values(_raise_to_p(even, 2), _raise_to_p(even, 4))
    norm = _multiply_values(even, others)  # only w⁰ and w⁶
    a, b = _invert_pair((norm[0] + 9 * norm[6], norm[6]))
    inverse = [a - 9 * b, 0, 0, 0, 0, 0, b, 0, 0, 0, 0, 0]
    return _multiply_values(_multiply_values(missing, others), [part % P for part in inverse])


def _raise_to_u(value: Value) -> Value:
    result = value
    for bit in bin(U)[3:]:
        result = _multiply_values(result, result)
        if bit == "1":
            result = _multiply_values(result, value)
    return result


def _raise_last(value: Value) -> Value:
    """Raise to the power of (P¹² - 1) / N, after which the value does not depend on how it was computed."""
    times = _multiply_values
    value = times(_conjugate(value), _invert_value(value))
    value = times(_raise_to_p(value, 2), value)
    first = _raise_to_u(value)
    second = _raise_to_u(first)
    third = _raise_to_u(second)
    y0 = times(times(_raise_to_p(value), _raise_to_p(value, 2)), _raise_to_p(value, 3))
    y1, y2, y3 = _conjugate(value), _raise_to_p(second, 2), _conjugate(_raise_to_p(first))
    y4, y5 = _conjugate(times(first, _raise_to_p(second))), _conjugate(second)
    y6 = _conjugate(times(third, _raise_to_p(third)))
    t0 = times(times(times(y6, y6), y4), y5)
    t1 = times(times(y3, y5), t0)
    t0 = times(t0, y2)
    t1 = times(times(t1, t1), t0)
    t1 = times(t1, t1)
    t0 = times(t1, y1)
    return times(times(t0, t0), times(t1, y0))


class _Line:
    """Goes from Q to (6U + 2)·Q and on, and tells at each step the value of the line at a point of the curve."""

    def __init__(self, point: tuple[int, int], end: tuple[Pair, Pair]) -> None:
        self._point, self.end, self._here = point, end, end

    def step(self, to: tuple[Pair, Pair] | None = None) -> Value:
        """Add a point, or double; return the line's value at the point of the curve: three of its parts are not 0."""
        here, (x, y) = self._here, self._point
        to = to or here
        slope = _compute_slope(here, to)
        assert slope is not None  # no multiple on the way is 0, for points in the subgroup
        (a, b), (c, d) = _multiply_pairs(slope, (-x, 0)), _subtract_pairs(_multiply_pairs(slope, here[0]), here[1])
        self._here = _finish_sum(here, to, slope)
        return [y, (a - 9 * b) % P, 0, (c - 9 * d) % P, 0, 0, 0, b, 0, d, 0, 0]


def is_product_one(pairs: Iterable[tuple[Point, TwistPoint]], give_way: Callable[[], None] | None = None) -> bool:
    """Tell whether the product of the pairings is one. The points are on curve and twist, those in the subgroup."""
    lines = [_Line(point, end) for point, end in pairs if point is not None and end is not None]
    value = _ONE
    for bit in _LOOP:
        value = _multiply_values(value, value)
        for line in lines:
            value = _multiply_values(value, line.step())
            if bit == "1":
                value = _multiply_values(value, line.step(line.end))
            if give_way is not None:
                give_way()
    for line in lines:
        once = _apply_frobenius(line.end)
        x, (a, b) = _apply_frobenius(once)
        value = _multiply_values(value, line.step(once))
        value = _multiply_values(value, line.step((x, (-a % P, -b % P))))
    return _raise_last(value) == _ONE
