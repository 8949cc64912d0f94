"""Coordinate descent: the minimum of a quadratic with absolute values and bounds."""

from __future__ import annotations

from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.lanes import Floats


@kernel
def descend(
    hessian: Floats,
    slope: Floats,
    l1: Floats,
    low: Floats,
    high: Floats,
    b: Floats,
    tolerance: float,
    most: int,
) -> bool:
    """Change `b` (p,) to minimise ``1/2 b'Hb + s'b + sum_j l1_j |b_j|`` with low <= b <= high.

    Rounds over all coordinates take turns with rounds over those that are not zero.

    Parameters
    ----------
    hessian
        (p, p), both halves; a coordinate whose diagonal is 0 stays as it is.
    slope
        (p,) s.
    l1, low, high
        (p,), from 0 up, and the bounds of each coordinate.
    b
        (p,) where it begins, within the bounds.
    tolerance
        It ends when no change of a whole round would lower the value by more than half of this.
    most
        Or after so many rounds.

    Returns
    -------
    Whether it came to its end.
    """
    p = len(b)
    gradient = slope + hessian @ b
    everywhere = True
    for _ in range(most):
        gain = 0.0
        for j in range(p):
            if (b[j] == 0.0 and not everywhere) or hessian[j, j] <= 0.0:
                continue
            pull = hessian[j, j] * b[j] - gradient[j]
            size = max(abs(pull) - l1[j], 0.0) / hessian[j, j]
            value = min(max(size if pull > 0.0 else -size, low[j]), high[j])
            change = value - b[j]
            if change != 0.0:
                b[j] = value
                gain = max(gain, hessian[j, j] * change * change)
                for k in range(p):
                    gradient[k] += hessian[j, k] * change
        if gain <= tolerance:
            if everywhere:
                return True
            everywhere = True
        else:
            everywhere = False
    return False
