"""Arc tangent and sine of eight numbers, to the last bit or two of float64.

Rational approximation and polynomials with their coefficients: S. L. Moshier, Cephes
Mathematical Library, atan.c and sin.c. They are evaluated without branches: both reductions of
the arc tangent are one quotient, sine and cosine are both evaluated.
"""

from typing import Any

from numba import njit

from hwdoctor.workloads.indicators.numba_lanes.vector import absolute, floor, multiply_add, where

Number = Any
QUARTER, EIGHTH = 1.5707963267948966, 0.7853981633974483
"""Pi over 2 and over 4."""
REST = 6.123233995736765886130e-17
"""What a float64 of pi / 2 lacks."""
TAN_67_5 = 2.41421356237309504880

compiled = njit(error_model="numpy", inline="always")


@compiled  # type: ignore[untyped-decorator]
def arctan(x: Number) -> Number:
    """In radians. atan(x) = pi / 2 - atan(1 / x) = pi / 4 + atan((x - 1) / (x + 1))."""
    size = absolute(x)
    steep = size > TAN_67_5
    middle = (size > 0.66) & ~steep
    top = where(steep, -1.0, where(middle, size - 1.0, size))
    bottom = where(steep, size, where(middle, size + 1.0, 1.0))
    small = top / bottom
    square = small * small
    p = multiply_add(square, -8.750608600031904122785e-1, -1.615753718733365076637e1)
    p = multiply_add(p, square, -7.500855792314704667340e1)
    p = multiply_add(p, square, -1.228866684490136173410e2)
    p = multiply_add(p, square, -6.485021904942025371773e1)
    q = square + 2.485846490142306297962e1
    q = multiply_add(q, square, 1.650270098316988542046e2)
    q = multiply_add(q, square, 4.328810604912902668951e2)
    q = multiply_add(q, square, 4.853903996359136964868e2)
    q = multiply_add(q, square, 1.945506571482613964425e2)
    found = multiply_add(small, square * p / q, small)
    found = found + where(steep, REST, where(middle, 0.5 * REST, 0.0))
    found = found + where(steep, QUARTER, where(middle, EIGHTH, 0.0))
    return where(x < 0.0, -found, found)


@compiled  # type: ignore[untyped-decorator]
def sine(x: Number) -> Number:
    """Of radians up to some thousands, which is where the reduction in three parts ends."""
    size = absolute(x)
    eighth = floor(size * (1.0 / EIGHTH))
    eighth = eighth + (eighth - 2.0 * floor(eighth * 0.5))
    left = multiply_add(eighth, -7.85398125648498535156e-1, size)
    left = multiply_add(eighth, -3.77489470793079817668e-8, left)
    left = multiply_add(eighth, -2.69515142907905952645e-15, left)
    square = left * left
    s = multiply_add(square, 1.58962301576546568060e-10, -2.50507477628578072866e-8)
    s = multiply_add(s, square, 2.75573136213857245213e-6)
    s = multiply_add(s, square, -1.98412698295895385996e-4)
    s = multiply_add(s, square, 8.33333333332211858878e-3)
    s = multiply_add(s, square, -1.66666666666666307295e-1)
    as_sine = multiply_add(left * square, s, left)
    c = multiply_add(square, -1.13585365213876817300e-11, 2.08757008419747316778e-9)
    c = multiply_add(c, square, -2.75573141792967388112e-7)
    c = multiply_add(c, square, 2.48015872888517045348e-5)
    c = multiply_add(c, square, -1.38888888888730564116e-3)
    c = multiply_add(c, square, 4.16666666666665929218e-2)
    as_cosine = multiply_add(square * square, c, multiply_add(square, -0.5, 1.0))
    octant = eighth - 8.0 * floor(eighth * 0.125)
    below = octant >= 4.0
    octant = where(below, octant - 4.0, octant)
    found = where((octant == 1.0) | (octant == 2.0), as_cosine, as_sine)
    return where((x < 0.0) ^ below, -found, found)
