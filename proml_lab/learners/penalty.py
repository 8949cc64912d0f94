"""What holds the coefficients of a linear model back: ridge, lasso and bounds; and its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proml_lab.contracts import Floats

_ROUNDS = 100_000


@dataclass(frozen=True)
class Penalty:
    """``sum_j l1_j |b_j| + l2_j / 2 b_j^2`` for low <= b <= high, each (p,)."""

    l2: Floats
    l1: Floats
    low: Floats
    high: Floats

    @property
    def is_smooth(self) -> bool:
        """Whether it is the ridge penalty alone."""
        free = np.isneginf(self.low).all() and np.isposinf(self.high).all()
        return bool(free) and not self.l1.any()

    def of(self, b: Floats) -> float:
        """What the coefficients `b` (p,) cost."""
        return float(self.l1 @ np.abs(b) + 0.5 * (self.l2 @ b**2))

    def within(self, b: Floats) -> Floats:
        """(p,) the nearest coefficients that keep the bounds."""
        return np.asarray(np.clip(b, self.low, self.high))

    def gain(self, b: Floats, move: Floats, gradient: Floats) -> float:
        """How fast the penalised loss falls at first on the way from `b` to ``b - move``.

        `gradient` (p,) is that of the loss alone.
        """
        fall = float((gradient + self.l2 * b) @ move)
        return fall + float(self.l1 @ (np.abs(b) - np.abs(b - move)))

    def step(self, hessian: Floats, gradient: Floats, b: Floats) -> Floats:
        """(p,) what to subtract from `b` to minimise the loss, taken as a quadratic, and this.

        `hessian` (p, p) holds both halves; both are of the loss alone.
        """
        from proml_lab.kernels.descent import descend

        whole = hessian + np.diag(self.l2)
        slope = gradient - hessian @ b
        found = b.copy()
        room = max(1.0, float(np.abs(np.diag(whole)).max()))
        for tolerance in (1e-9, 1e-18):
            descend(whole, slope, self.l1, self.low, self.high, found, tolerance * room, _ROUNDS)
            exact = self._solved(whole, slope, found)
            if exact is not None:
                found = exact
        return b - found

    def _solved(self, whole: Floats, slope: Floats, b: Floats) -> Floats | None:
        """`b` with those solved for that are neither zero by l1 nor at a bound; None: not so."""
        free: npt.NDArray[np.bool_] = (b > self.low) & (b < self.high) & (np.diag(whole) > 0)
        free &= (b != 0) | (self.l1 == 0)
        out = b.copy()
        rest = slope[free] + self.l1[free] * np.sign(b[free])
        rest += whole[np.ix_(free, ~free)] @ b[~free]
        try:
            out[free] = np.linalg.solve(whole[np.ix_(free, free)], -rest)
        except np.linalg.LinAlgError:
            return None
        kept = (self.l1[free] == 0) | (np.sign(out[free]) == np.sign(b[free]))
        inside = (out >= self.low) & (out <= self.high)
        return out if kept.all() and inside.all() else None
