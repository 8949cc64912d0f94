"""The regressions of a random effect: one a group, each pulled towards what is believed of all."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from proml_lab.contracts import Floats, Task
from proml_lab.learners.game.rows import LANES, GroupedRows

KINDS: dict[str, int] = {"binary": 0, "regression": 1, "count": 2, "hinge": 3}
TOLERANCE = 1e-7
MAX_STEPS = 1000
_PARTS = 8
"""Ranges of packs a thread: the last ones even out what the first ones took longer."""


@dataclass(frozen=True)
class Belief:
    """What is believed of the coefficients of a group before its rows: a normal distribution.

    Attributes
    ----------
    precision
        (d, d), the inverse of the covariance, of all groups.
    own
        (g, d) what is added to the diagonal for each group, or None.
    centre
        (g, d) the mean of each group, or None: zeros.
    """

    precision: Floats
    own: Floats | None = None
    centre: Floats | None = None


@dataclass
class Groups:
    """Coefficients of all groups, which the next `fit` starts from."""

    rows: GroupedRows
    task: Task
    _lanes: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        packs = len(self.rows.groups)
        self._lanes = np.zeros((packs, self.rows.n_columns, LANES))

    def start_at(self, table: Floats) -> None:
        """Let the next `fit` begin at the coefficients `table` (g, d)."""
        self._lanes = self.rows.to_lanes(table)

    def fit(self, offset: Floats, belief: Belief, *, scale: float = 1.0) -> int:
        """Find the coefficients, given the other coordinates' scores `offset` (n,).

        `scale` is the variance of a row's noise, of task regression. Returns how many packs of
        groups had not converged after `MAX_STEPS`.
        """
        return self._run(offset, belief, scale, np.empty((0, *self._square())), MAX_STEPS)

    def fit_unsure(self, offset: Floats, belief: Belief, *, scale: float = 1.0) -> Floats:
        """As `fit`; returns the covariance (present, d, d) of each group that has rows (Laplace).

        It is that before the last step, which gains next to nothing.
        """
        lanes = np.zeros((len(self.rows.groups), *self._square()))
        self._run(offset, belief, scale, lanes, MAX_STEPS)
        return self.rows.of_present(lanes)

    def covariances(self, offset: Floats, belief: Belief, *, scale: float = 1.0) -> Floats:
        """(g, d, d) covariance of each group's coefficients where they are (Laplace).

        Groups without rows have the covariance that is believed.
        """
        lanes = np.zeros((len(self.rows.groups), *self._square()))
        self._run(offset, belief, scale, lanes, 1)
        d = self.rows.n_columns
        table = np.broadcast_to(np.linalg.inv(belief.precision), (self.rows.n_groups, d, d)).copy()
        table[self.rows.present] = self.rows.of_present(lanes)
        return table

    def table(self) -> Floats:
        """(g, d) coefficients; zeros for groups without rows."""
        out = np.zeros((self.rows.n_groups, self.rows.n_columns))
        out[self.rows.present] = self.rows.of_present(self._lanes)
        return out

    def add_scores(self, out: Floats) -> None:
        """Into `out` (n,): the scores of the rows that stand in packs; others stay as they are."""
        from proml_lab.kernels.newton import score
        from proml_lab.kernels.packing import gather

        scores = np.empty(self.rows.packs.y.shape)
        score(self.rows.packs, self._lanes, scores)
        gather(scores.reshape(-1), self.rows.place, out)

    def _square(self) -> tuple[int, int, int]:
        return self.rows.n_columns, self.rows.n_columns, LANES

    def _run(
        self, offset: Floats, belief: Belief, scale: float, covariance: Floats, max_steps: int
    ) -> int:
        from proml_lab.kernels.newton import Prior, fit

        none = np.empty((0, self.rows.n_columns, LANES))
        prior = Prior(
            np.ascontiguousarray(belief.precision * scale),
            none if belief.own is None else self.rows.to_lanes(belief.own * scale),
            none if belief.centre is None else self.rows.to_lanes(belief.centre),
        )
        spread, kind = self.rows.spread(offset), KINDS[self.task]

        def part(first: int, last: int) -> int:
            return fit(
                self.rows.packs,
                spread,
                prior,
                kind,
                self._lanes,
                covariance,
                first,
                last,
                TOLERANCE,
                max_steps,
            )

        cuts = self._cuts()
        if len(cuts) == 2:
            unfinished = part(*cuts)
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1, "proml-game") as pool:
                unfinished = sum(pool.map(part, cuts[:-1], cuts[1:]))
        if len(covariance):
            covariance *= scale
        return unfinished

    def _cuts(self) -> list[int]:
        """Where ranges of packs begin, and the end: each has about as many rows."""
        at = self.rows.packs.at
        n_parts = min(_PARTS * (os.cpu_count() or 1), 1 + int(at[-1]) // 1024)
        cuts = np.searchsorted(at, np.linspace(0, at[-1], n_parts + 1))
        return [int(cut) for cut in np.unique([0, *cuts[1:-1], len(at) - 1])]
