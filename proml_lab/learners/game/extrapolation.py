"""Where sweeps lead to, told from the last few (Anderson's acceleration)."""

from __future__ import annotations

from collections import deque

import numpy as np

from proml_lab.contracts import Floats

MEMORY = 7
"""Sweeps that are looked at, the last one with them."""
WORSE = 2.0
"""Where a sweep moves so many times further than the one before, what is remembered is dropped."""


class Extrapolation:
    """Remembers where sweeps began and ended. Equations: docs/method.md#game."""

    def __init__(self) -> None:
        self._ends: deque[Floats] = deque(maxlen=MEMORY)
        self._moves: deque[Floats] = deque(maxlen=MEMORY)

    def start(self, before: Floats, after: Floats) -> Floats:
        """(k,) where to start the next sweep, if the last went from `before` (k,) to `after`.

        Of all weighted sums of the last ends, weights adding up to 1, it is that whose sweeps, were
        they linear, would move least.
        """
        move = after - before
        if self._moves and _product(move, move) > WORSE**2 * _product(
            self._moves[-1], self._moves[-1]
        ):
            self._ends.clear()
            self._moves.clear()
        self._ends.append(after)
        self._moves.append(move)
        if len(self._moves) == 1:
            return after
        ways = [other - move for other in list(self._moves)[:-1]]
        gram = np.array([[_product(a, b) for b in ways] for a in ways])
        right = np.array([_product(a, move) for a in ways])
        gram[np.diag_indices(len(gram))] *= 1 + 1e-10
        gram[np.diag_indices(len(gram))] += np.finfo(float).tiny
        shares = np.linalg.lstsq(gram, -right, rcond=1e-12)[0]
        found = after.copy()
        for share, end in zip(shares, list(self._ends)[:-1], strict=True):
            found += share * (end - after)
        return found


def _product(a: Floats, b: Floats) -> float:
    return float(np.einsum("i,i->", a, b))
