"""Features that say the same as one that is there already: by formula, by values, by words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.formula import computed, rows_of, tokens
from proml_lab.marketplace.find.index import Index
from proml_lab.marketplace.find.similar import LEAST_ALIKE, like_words
from proml_lab.marketplace.find.sketches import near_equal
from proml_lab.marketplace.find.values import Pair, beside
from proml_lab.marketplace.view import FeatureView

LEAST_MOMENTS = 20
"""Of fewer values nobody can tell whether they are the same by chance."""


@dataclass(frozen=True)
class Duplicate:
    """`feature` is like `other`, ``view.feature``; `why` says in what."""

    feature: str
    other: str
    why: str


def duplicates(
    view: FeatureView, catalog: Catalog, index: Index, folder: Path | None = None
) -> tuple[Duplicate, ...]:
    """Features of other views of `catalog` that are the same as one of `view`, or nearly so.

    The same formula over the same rows; else nearly equal values by sketches, which are kept in
    `folder`; else nearly the same name and description. Each pair is told once, by the first of
    these reasons. `index` is that of the catalogue, which need not hold `view`.

    Notes
    -----
    What counts as nearly the same: docs/method.md#similar-features.
    """
    formulas = dict.fromkeys(_same_formula(view, catalog), "the same formula over the same rows")
    words = {
        (name, other): share
        for name, feature in view.features.items()
        if feature.description
        for other, share in like_words(catalog, index, view, name)
        if other.rpartition(".")[0] != view.view
    }
    likely = sorted(words, key=lambda pair: -words[pair])
    names = [*(other for _, other in (*formulas, *likely)), *beside(catalog, view)]
    homes = dict.fromkeys(name.rpartition(".")[0] for name in names)
    others = [catalog.view(home) for home in homes if home != view.view]
    values, timed = near_equal(view, others, folder)
    found = dict(formulas)
    for pair, one in values.items():
        if one.n >= LEAST_MOMENTS:
            found.setdefault(pair, _equal(one, timed=timed))
    for pair in likely:
        if words[pair] >= LEAST_ALIKE:
            how = "the same" if words[pair] == 1 else "nearly the same"
            found.setdefault(pair, f"{how} name and description")
    return tuple(Duplicate(name, other, why) for (name, other), why in found.items())


def _equal(pair: Pair, *, timed: bool) -> str:
    """``the same values in 99.8 % of 20,000 entities``; never more than is true."""
    share = int(1000 * pair.equal) / 10
    of = "moments" if timed else "entities"
    return f"the same values in {share:g} % of {pair.n:,} {of}"


def _same_formula(view: FeatureView, catalog: Catalog) -> list[tuple[str, str]]:
    mine: dict[Hashable, list[str]] = {}
    for name in view.features:
        mine.setdefault(tokens(view.features[name], name), []).append(name)
    rows = rows_of(view)
    found = []
    for other in catalog.views:
        if other.view == view.view or rows_of(other) != rows:
            continue
        for theirs, feature in other.features.items():
            for name in mine.get(tokens(feature, theirs), ()):
                own = view.features[name]
                same = (own.type, repr(own.default)) == (feature.type, repr(feature.default))
                if same and computed(view, name) == computed(other, theirs):
                    found.append((name, f"{other.view}.{theirs}"))
    return found
