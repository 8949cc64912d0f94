"""How much the values of a feature differ between two periods: an effect, no test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from proml_lab.marketplace.know.summary import Floats, Summary

LEAST = 200
"""Rows that each of two periods needs to be compared."""
SOME, MUCH = 0.1, 0.25
FLOOR = 0.001
"""No share counts as less: else what is new would weigh the more, the more rows there are."""
_BINS = 10

Size = Literal["none", "some", "much"]


@dataclass(frozen=True)
class Drift:
    """The values of the period that begins at `now` against those of the one at `before`.

    `psi` is the population stability index less what chance alone gives, 0 at least; `nulls` and
    `nulls_before` are the shares of rows without a value. See docs/method.md#drift.
    """

    psi: float
    before: datetime
    now: datetime
    nulls_before: float
    nulls: float

    @property
    def size(self) -> Size:
        """``none`` below 0.1, ``much`` from 0.25 on, ``some`` between."""
        return "much" if self.psi >= MUCH else "some" if self.psi >= SOME else "none"

    def __str__(self) -> str:
        """In words: ``much (0.31): 2013-12-01 against 2013-11-01``."""
        return f"{self.size} ({self.psi:.2g}): {self.now:%Y-%m-%d} against {self.before:%Y-%m-%d}"


def drift(periods: list[tuple[datetime, Summary]]) -> Drift | None:
    """The newest period with 200 rows against the one before that has as many; None without two."""
    enough = [(start, one) for start, one in periods if one.n >= LEAST]
    if len(enough) < 2:
        return None
    (before, old), (now, new) = enough[-2:]
    return Drift(psi(old, new), before, now, old.nulls / old.n, new.nulls / new.n)


def psi(old: Summary, new: Summary) -> float:
    """The population stability index of two summaries, less what chance alone gives.

    Numbers are told apart by the tenths of `old`, text by its nine most frequent values; rows
    without a value, and infinite ones, are groups of their own.
    """
    p, q = _shares(old, new)
    used = (p > 0) | (q > 0)
    p, q = p[used], q[used]
    p, q = (np.maximum(x, max(0.5 / n, FLOOR)) for x, n in ((p, old.n), (q, new.n)))
    found = float(np.sum((q - p) * np.log(q / p)))
    chance = (used.sum() - 1) * (1 / old.n + 1 / new.n)
    return max(0.0, found - float(chance))


def _shares(old: Summary, new: Summary) -> tuple[Floats, Floats]:
    """Shares of the rows of each in the same groups."""
    if old.texts is not None:
        names = old.texts[: _BINS - 1]
        groups = [_of_texts(one, names) for one in (old, new)]
    else:
        cuts = np.unique(old.quantiles([i / _BINS for i in range(1, _BINS)]))
        cuts = cuts[np.isfinite(cuts)]
        groups = [_of_points(one, cuts) for one in (old, new)]
    found = [
        np.append(group, [one.nulls, one.infinite]) / one.n
        for one, group in zip((old, new), groups, strict=True)
    ]
    return found[0], found[1]


def _of_points(one: Summary, cuts: Floats) -> Floats:
    """Rows up to each cut and past the last; a value that is a cut is a group with what is below.

    Where the values are few, each cut is one of them and equal values stay together.
    """
    if not one.counts.size:
        return np.zeros(cuts.size + 1)
    places = np.searchsorted(cuts, one.values, side="left")
    return np.bincount(places, one.counts, cuts.size + 1).astype(np.float64)


def _of_texts(one: Summary, names: tuple[str, ...]) -> Floats:
    known = dict(zip(one.texts or (), one.counts.tolist(), strict=True))
    shares = [known.get(name, 0.0) for name in names]
    return np.array([*shares, max(0.0, one.n_values - sum(shares))])
