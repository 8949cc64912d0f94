"""How the values of features compare, at moments that the source of one of them lends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from proml_lab.errors import ProMLError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.association import rank_correlation
from proml_lab.marketplace.view import FeatureView

N_COMPARED, N_VIEWS = 200, 20
"""Features whose values are compared, and views that they are in, at most."""
LEAST_AGREEMENT = 0.9
"""From where on values beyond chance are nearly equal."""
_DIGITS = 9


@dataclass(frozen=True)
class Pair:
    """Two columns: share of equal values among `n`, the same beyond chance, correlation of ranks.

    Moments at which both are null are not counted; `correlation` is None where it was not asked
    for, or one of the two is no number.
    """

    n: int
    equal: float
    agreement: float
    correlation: float | None = None


@dataclass(frozen=True, eq=False)
class Compared:
    """`pairs`: (feature of the view, ``view.feature``) to how they compare.

    `others` are those that could be compared, `unread` says why the values of others could not
    be had.
    """

    pairs: dict[tuple[str, str], Pair] = field(repr=False)
    others: tuple[str, ...]
    unread: dict[str, str]


def compared(
    catalog: Catalog,
    view: FeatureView,
    names: Iterable[str],
    others: Iterable[str],
) -> Compared:
    """How the values of the features `names` of `view` compare with those of the catalogue.

    Parameters
    ----------
    catalog
        Where the others are; `view` need not be in it.
    view, names
        Its source, or those of its inputs, lend up to 20,000 moments.
    others
        ``view.feature``, the likeliest first: at most 200 of them, in 20 views, whose keys those
        of `view` hold, are compared.
    """
    from proml_lab.marketplace.join.answers import Answers
    from proml_lab.marketplace.know.seen import MOMENT, moments

    own = [*names]
    try:
        spine, _ = moments(view)
        cutoff = MOMENT if MOMENT in spine.columns else None
        answers = Answers(spine, cutoff, [(view, own)], labelled=False)
        mine = {name: ready(answers.values(view, name)) for name in own}
    except ProMLError as error:
        return Compared({}, (), {f"{view.view}.{name}": error.message for name in own})
    pairs: dict[tuple[str, str], Pair] = {}
    done: dict[str, None] = {}
    unread: dict[str, str] = {}
    for home, shorts in _by_view(others).items():
        there = catalog.view(home)
        if not set(there.keys) <= set(spine.columns) or (there.timed and cutoff is None):
            continue
        try:
            answers = Answers(spine, cutoff, [(there, shorts)], labelled=False)
            for short in shorts:
                theirs = ready(answers.values(there, short))
                for name, values in mine.items():
                    if not comparable(values, theirs):
                        continue
                    done[f"{home}.{short}"] = None
                    pair = pair_of(values, theirs)
                    if pair is not None:
                        pairs[name, f"{home}.{short}"] = pair
        except ProMLError as error:
            unread |= dict.fromkeys((f"{home}.{short}" for short in shorts), error.message)
    return Compared(pairs, tuple(done), unread)


def beside(catalog: Catalog, view: FeatureView) -> Iterator[str]:
    """Every feature of a view of the same keys: its own first, then those of the same source."""
    alike = (one for one in catalog.views if set(one.keys) == set(view.keys))
    for other in sorted(alike, key=lambda one: (one.view != view.view, one.source != view.source)):
        yield from (f"{other.view}.{name}" for name in other.features)


def _by_view(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in [*dict.fromkeys(names)][:N_COMPARED]:
        home, _, short = name.rpartition(".")
        if home in found or len(found) < N_VIEWS:
            found.setdefault(home, []).append(short)
    return found


def ready(values: pl.Series) -> pl.Series:
    """The values as they are compared: numbers with nine digits."""
    if not values.dtype.is_numeric():
        return values
    return pl.select(pl.lit(values.cast(pl.Float64)).round_sig_figs(_DIGITS)).to_series()


def comparable(a: pl.Series, b: pl.Series) -> bool:
    """Whether values may be equal: not those of lists, or of different kinds."""
    return a.dtype == b.dtype and not a.dtype.is_nested()


def pair_of(a: pl.Series, b: pl.Series, *, equal_only: bool = False) -> Pair | None:
    """How two columns compare; None where both are always null.

    `equal_only`: None too where they are not nearly equal, and ranks are not looked at.
    """
    some = (a.is_not_null() | b.is_not_null()).to_numpy()
    n = int(some.sum())
    if not n:
        return None
    equal = int((a.eq_missing(b).to_numpy() & some).sum()) / n
    if equal_only and equal < LEAST_AGREEMENT:
        return None
    both = pl.DataFrame({"a": a, "b": b}).filter(pl.Series(some))
    counts = [both[side].alias("value").value_counts(name=f"n_{side}") for side in ("a", "b")]
    met = counts[0].join(counts[1], on="value", nulls_equal=True)
    chance = float(met.select((pl.col("n_a") * pl.col("n_b")).sum()).item()) / n**2
    agreement = (equal - chance) / (1 - chance) if chance < 1 else 0.0
    if equal_only:
        return Pair(n, equal, agreement) if agreement >= LEAST_AGREEMENT else None
    correlation = rank_correlation(a, b) if a.dtype.is_numeric() else float("nan")
    return Pair(n, equal, agreement, None if np.isnan(correlation) else correlation)
