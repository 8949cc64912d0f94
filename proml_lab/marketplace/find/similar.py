"""Whether a feature exists already: others of the same formula, values, or name and description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.formula import computed, rows_of, tokens
from proml_lab.marketplace.find.index import Index
from proml_lab.marketplace.find.values import LEAST_AGREEMENT, Pair, beside, compared
from proml_lab.marketplace.find.words import telling, words
from proml_lab.marketplace.sensitivity import personal
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

_N_WORDS = 100
_ELSEWHERE, _OTHER_KEYS, _TOGETHER, _ALIKE = 0.85, 0.5, 0.9, 0.8
_LEAST_CORRELATION, LEAST_ALIKE = 0.95, 0.75
_SCHEMA = {
    "feature": pl.String(), "score": pl.Float64(), "why": pl.String(), "equal": pl.Float64(),
    "correlation": pl.Float64(), "owner": pl.String(), "status": pl.String(),
    "formula": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SimilarReport:
    """Features like `name`, the most alike first, each with its reasons.

    `n_compared` is of how many the values were compared, `unread` why those of others could not
    be: feature to reason. `notes` tell which features are personal.
    """

    name: str
    found: pl.DataFrame = field(repr=False)
    n_compared: int
    unread: dict[str, str]
    notes: tuple[str, ...] = ()

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
        notes += self.notes
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
    alike = dict(like_words(catalog, index or catalog.index, view, short))
    others = [one for one in (*formulas, *alike, *beside(catalog, view)) if one != name]
    values = compared(catalog, view, [short], others)
    rows = []
    for other in dict.fromkeys([*formulas, *alike, *values.others]):
        pair = values.pairs.get((short, other))
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
    told = personal(catalog, [name, *best["feature"]])
    return SimilarReport(name, best, len(values.others), values.unread, told)


Reason = tuple[float, str]
"""How alike by it, 0 to 1, and in words."""


def _reasons(formula: Reason | None, alike: float, pair: Pair | None) -> Iterator[Reason]:
    """All that makes a feature like another."""
    if formula is not None:
        yield formula
    if pair is not None and pair.agreement >= LEAST_AGREEMENT:
        yield pair.agreement, f"equal values at {pair.equal:.0%} of moments"
    elif pair is not None and abs(pair.correlation or 0) >= _LEAST_CORRELATION:
        said = f"values go together, rank correlation {pair.correlation:.2f}"
        yield _TOGETHER * abs(pair.correlation or 0), said
    if alike >= LEAST_ALIKE:
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
    if rows_of(view) == rows_of(other):
        return 1.0, "the same formula over the same rows"
    return _ELSEWHERE, f"the same formula over rows of {other.source or 'other views'}"


def like_words(
    catalog: Catalog, index: Index, view: FeatureView, name: str
) -> Iterator[tuple[str, float]]:
    """(feature of the same keys, 0 to 1) of names and descriptions with words in common.

    `view` need not be in the catalogue.
    """
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
