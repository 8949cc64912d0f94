"""Whether a feature exists already: others of the same formula, values, or name and description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.errors import ProMLError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.association import rank_correlation
from proml_lab.marketplace.find.formula import computed, tokens
from proml_lab.marketplace.find.index import Index
from proml_lab.marketplace.find.words import telling, words
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

N_COMPARED, N_VIEWS = 200, 20
"""Features whose values are compared, and views that they are in, at most."""
_N_WORDS = 100
_ELSEWHERE, _OTHER_KEYS, _TOGETHER, _ALIKE = 0.85, 0.5, 0.9, 0.8
_LEAST_AGREEMENT, _LEAST_CORRELATION, _LEAST_ALIKE = 0.9, 0.95, 0.75
_SCHEMA = {
    "feature": pl.String(), "score": pl.Float64(), "why": pl.String(), "equal": pl.Float64(),
    "correlation": pl.Float64(), "owner": pl.String(), "status": pl.String(),
    "formula": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SimilarReport:
    """Features like `name`, the most alike first, each with its reasons.

    `n_compared` is of how many the values were compared, `unread` why those of others could not
    be: feature to reason.
    """

    name: str
    found: pl.DataFrame = field(repr=False)
    n_compared: int
    unread: dict[str, str]

    def __len__(self) -> int:
        return self.found.height

    def frame(self) -> pl.DataFrame:
        """feature, score (0 to 1), why, equal, correlation, owner, status, formula.

        ``equal`` is the share of moments with equal values, ``correlation`` that of the ranks of
        numbers; null where values were not compared.
        """
        return self.found

    def figure(self) -> go.Figure:
        """How alike they are."""
        from proml_lab.plots.bars import shares

        named = self.found.select(pl.col("feature").alias("name"), pl.col("score").alias("share"))
        return shares(named, title=self.title, what="Alike, 1: the same")

    @property
    def title(self) -> str:
        """What was found, in one line."""
        return f"{counted(len(self), 'feature')} like {self.name}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        notes = [f"Values were compared with those of {counted(self.n_compared, 'feature')}."]
        notes += [f"Not compared: {name}: {why}" for name, why in self.unread.items()]
        lines = [f"  {name}  {why}" for name, why in self.found.select("feature", "why").rows()]
        shown = self.found.select("feature", "why", "owner", "status", "formula")
        plain = "\n".join([self.title, *lines, *notes])
        return html.bundle(plain, html.table(shown, caption=self.title), *map(html.note, notes))


def similar(
    catalog: Catalog, name: str, *, index: Index | None = None, n: int = 10
) -> SimilarReport:
    """Up to `n` features of the catalogue that are like `name`, ``view.feature``.

    Formulas and words of all features are looked at. Values are compared at moments that the
    source of `name` lends, with those of at most 200 features in 20 views: the nearest by formula
    and words, then those of its own view, then others of the same keys.

    Raises
    ------
    UnknownNameError
        There is no such feature.

    Notes
    -----
    What counts as alike: docs/method.md#similar-features.
    """
    catalog.feature(name)
    home, _, short = name.rpartition(".")
    view = catalog.view(home)
    formulas = dict(_same_formula(catalog, view, short))
    alike = dict(_alike_in_words(catalog, index or catalog.index, view, short))
    others = sorted(
        (one for one in catalog.views if set(one.keys) == set(view.keys)),
        key=lambda one: (one.view != home, one.source != view.source),
    )
    beside = [
        f"{one.view}.{n}" for one in others for n in one.features if f"{one.view}.{n}" != name
    ]
    compared, unread = _compared(catalog, view, short, [*formulas, *alike, *beside])
    rows = []
    for other in dict.fromkeys([*formulas, *alike, *compared]):
        pair = compared.get(other)
        reasons = [*_reasons(formulas.get(other), alike.get(other, 0.0), pair)]
        if reasons:
            of, _, feature = other.rpartition(".")
            there = catalog.view(of)
            why = "; ".join(text for _, text in reasons)
            said = (there.owner_of(feature), there.status_of(feature), there.formula(feature))
            score = max(score for score, _ in reasons)
            rows.append(
                (
                    other,
                    score,
                    why,
                    *((pair.equal, pair.correlation) if pair else (None, None)),
                    *said,
                )
            )
    found = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    best = found.sort("score", descending=True, maintain_order=True).head(n)
    return SimilarReport(name, best, len(compared), unread)


Reason = tuple[float, str]
"""How alike by it, 0 to 1, and in words."""


def _reasons(formula: Reason | None, alike: float, pair: Pair | None) -> Iterator[Reason]:
    """All that makes a feature like another."""
    if formula is not None:
        yield formula
    if pair is not None and pair.agreement >= _LEAST_AGREEMENT:
        yield pair.agreement, f"equal values at {pair.equal:.0%} of moments"
    elif pair is not None and abs(pair.correlation or 0) >= _LEAST_CORRELATION:
        said = f"values go together, rank correlation {pair.correlation:.2f}"
        yield _TOGETHER * abs(pair.correlation or 0), said
    if alike >= _LEAST_ALIKE:
        yield _ALIKE * alike, f"{'the same' if alike == 1 else 'a like'} name and description"


def _same_formula(catalog: Catalog, view: FeatureView, name: str) -> Iterator[tuple[str, Reason]]:
    """Features of equal formulas, over the same rows or others."""
    mine = view.features[name]
    sorted_mine, made = tokens(mine, name), computed(view, name)
    for other in catalog.views:
        for short, feature in other.features.items():
            if (feature.aggregate, feature.window) != (mine.aggregate, mine.window):
                continue
            if (other.view, short) == (view.view, name) or tokens(feature, short) != sorted_mine:
                continue
            if computed(other, short) == made:
                yield f"{other.view}.{short}", _where(view, other)


def _where(view: FeatureView, other: FeatureView) -> Reason:
    if set(view.keys) != set(other.keys):
        return _OTHER_KEYS, f"the same formula for another entity, {', '.join(other.keys)}"
    if _rows(view) == _rows(other):
        return 1.0, "the same formula over the same rows"
    return _ELSEWHERE, f"the same formula over rows of {other.source or 'other views'}"


def _rows(view: FeatureView) -> tuple[object, ...]:
    """What decides which rows a label sees."""
    keys = tuple(sorted(view.keys.items()))
    clocks = view.event_time, str(view.known_at), view.ties
    return str(view.source), keys, *clocks, view.time_to_live


def _alike_in_words(
    catalog: Catalog, index: Index, view: FeatureView, name: str
) -> Iterator[tuple[str, float]]:
    """(feature of the same keys, 0 to 1) of names and descriptions with words in common."""
    about = view.features[name].description
    scores = index.scores(f"{name} {about}")
    best = np.argsort(-scores, kind="stable")[: _N_WORDS + 1]
    for row in index.said(best[scores[best] > 0]).iter_rows(named=True):
        if (row["view"], row["feature"]) == (view.view, name):
            continue
        other = catalog.view(row["view"])
        share = _common(name, row["feature"])
        theirs = other.features[row["feature"]].description
        if about or theirs:
            share = (2 * share + _common(about, theirs)) / 3
        if set(other.keys) == set(view.keys):
            yield f"{row['view']}.{row['feature']}", share


def _common(one: str, other: str) -> float:
    """Dice's share of common words."""
    a, b = set(telling(words(one))), set(telling(words(other)))
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0


@dataclass(frozen=True)
class Pair:
    """Two columns: share of equal values, the same beyond chance, and correlation of ranks."""

    equal: float
    agreement: float
    correlation: float | None


def _compared(
    catalog: Catalog, view: FeatureView, name: str, names: Iterable[str]
) -> tuple[dict[str, Pair], dict[str, str]]:
    """How the values of each feature compare, and why those of others could not be had."""
    from proml_lab.marketplace.join.answers import Answers
    from proml_lab.marketplace.know.seen import MOMENT, moments

    chosen: dict[str, list[str]] = {}
    for other in [*dict.fromkeys(names)][:N_COMPARED]:
        home, _, short = other.rpartition(".")
        if home in chosen or len(chosen) < N_VIEWS:
            chosen.setdefault(home, []).append(short)
    try:
        spine, _ = moments(view)
        cutoff = MOMENT if MOMENT in spine.columns else None
        mine = Answers(spine, cutoff, [(view, [name])], labelled=False).values(view, name)
    except ProMLError as error:
        return {}, {f"{view.view}.{name}": error.message}
    found: dict[str, Pair] = {}
    unread: dict[str, str] = {}
    for home, shorts in chosen.items():
        there = catalog.view(home)
        if not set(there.keys) <= set(spine.columns) or (there.timed and cutoff is None):
            continue
        try:
            answers = Answers(spine, cutoff, [(there, shorts)], labelled=False)
            for short in shorts:
                pair = _pair(mine, answers.values(there, short))
                if pair is not None:
                    found[f"{home}.{short}"] = pair
        except ProMLError as error:
            unread |= dict.fromkeys((f"{home}.{short}" for short in shorts), error.message)
    return found, unread


def _pair(a: pl.Series, b: pl.Series) -> Pair | None:
    """How two columns compare; None for lists and for kinds that cannot be equal.

    Moments at which both are null say nothing.
    """
    numbers = a.dtype.is_numeric() and b.dtype.is_numeric()
    if a.dtype.is_nested() or not (numbers or a.dtype == b.dtype):
        return None
    both = pl.DataFrame({"a": a, "b": b}).filter(~(pl.col("a").is_null() & pl.col("b").is_null()))
    if not both.height:
        return None
    if numbers:
        both = both.select(pl.all().cast(pl.Float64).round_sig_figs(9))
    equal = float(both.select(pl.col("a").eq_missing(pl.col("b")).mean()).item())
    counts = [both[side].alias("value").value_counts(name=f"n_{side}") for side in ("a", "b")]
    met = counts[0].join(counts[1], on="value", nulls_equal=True)
    chance = float(met.select((pl.col("n_a") * pl.col("n_b")).sum()).item()) / both.height**2
    agreement = (equal - chance) / (1 - chance) if chance < 1 else 0.0
    if not numbers:
        return Pair(equal, agreement, None)
    correlation = rank_correlation(both["a"], both["b"])
    return Pair(equal, agreement, None if np.isnan(correlation) else correlation)
