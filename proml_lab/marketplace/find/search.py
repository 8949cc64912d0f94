"""Find features by words: ranked, forgiving of typing errors, narrowed by facets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypedDict, get_args

import numpy as np
import polars as pl

from proml_lab.errors import unknown
from proml_lab.marketplace.find.build import FACETS as BUILT
from proml_lab.marketplace.find.index import Index, Mask, Scores
from proml_lab.marketplace.find.known import Known, align
from proml_lab.marketplace.find.meaning import Meaning
from proml_lab.marketplace.find.report import SearchReport
from proml_lab.marketplace.find.synonyms import Synonyms
from proml_lab.marketplace.find.vocabulary import Ids

Sort = Literal["relevance", "name", "usage", "health", "freshness"]
SORTS: tuple[Sort, ...] = get_args(Sort)
_FRESH = {"fresh": 0, "static": 1, "stale": 2}
FACETS = (*BUILT, "freshness", "used_by")
_STEPS = 65535
"""Scores are told apart in so many steps of the best; what is nearer stands as in the catalogue."""


class Kept(TypedDict, total=False):
    """The facets that a search can be narrowed by, each to exactly one value."""

    owner: str | None
    tag: str | None
    entity: str | None
    type: str | None
    view: str | None
    source: str | None
    status: str | None
    sensitivity: str | None
    unit: str | None
    freshness: str | None
    used_by: str | None


@dataclass(frozen=True)
class Facets:
    """How many of the found features have each value of each facet, most first.

    `freshness` and `used_by` are empty where nothing is known of them.
    """

    owner: Mapping[str, int]
    tag: Mapping[str, int]
    entity: Mapping[str, int]
    type: Mapping[str, int]
    view: Mapping[str, int]
    source: Mapping[str, int]
    status: Mapping[str, int]
    sensitivity: Mapping[str, int]
    unit: Mapping[str, int]
    freshness: Mapping[str, int]
    used_by: Mapping[str, int]


def search(
    index: Index,
    text: str,
    kept: Mapping[str, str],
    *,
    synonyms: Synonyms | None = None,
    meaning: Meaning | None = None,
    known: Known | pl.DataFrame | None = None,
    sort: Sort = "relevance",
) -> SearchReport:
    """Features that match `text` and have exactly the facet values `kept`, the best first.

    Those that are only near in `meaning` come after all that have its words.
    `known`, see `known.align`, lends usage and health to the ranking. With another `sort`: by name,
    the most used, the healthiest or the freshest first, and the best first among equals.

    Raises
    ------
    UnknownNameError
        No feature at all has that value, or there is no such order.
    """
    if sort not in SORTS:
        raise unknown("order of features", sort, SORTS)
    more = align(known, index) if isinstance(known, pl.DataFrame) else known
    chosen = np.ones(len(index), np.bool_)
    for facet, value in kept.items():
        chosen &= _having(index, more, facet, value)
    asked = bool(text.strip()) and bool(len(index))
    scores = _scores(index, text, synonyms)
    matched = scores > 0
    meant = _near(meaning, text, synonyms) if meaning else None
    rows = np.flatnonzero(matched & chosen)
    if asked and (scores != 1).any():
        scores = scores * index.standing * (more.factor if more else 1)
        rows = _ranked(rows, scores)
    else:
        scores = np.zeros(len(index), np.float32)
    if meant is not None:
        others = np.flatnonzero((meant > 0) & chosen)
        matched = matched | (meant > 0)
        scores = scores + meant * index.standing * (more.factor if more else 1)
        rows = np.concatenate([rows, _ranked(others, scores)])
    rows = _sorted(rows, index, more, sort)
    return SearchReport(
        index, rows, scores[rows], text, dict(kept), len(index), more,
        near=() if matched.any() or not len(index) else index.nearest(text),
        by_meaning=None if meant is None else meant[rows] > 0,
    )  # fmt: skip


def _ranked(rows: Ids, scores: Scores) -> Ids:
    """`rows`, the best first; nearly equal ones as they stand."""
    found = scores[rows]
    step = np.round(found / max(float(found.max(initial=0)), 1e-9) * _STEPS).astype(np.uint16)
    return rows[np.argsort(_STEPS - step, kind="stable")]


def _sorted(rows: Ids, index: Index, more: Known | None, sort: Sort) -> Ids:
    """`rows`, the best first, in another order; what is not known comes last."""
    if sort == "relevance" or (sort != "name" and more is None):
        return rows
    if more is None or sort == "name":
        return rows[np.argsort(index.alphabet[rows], kind="stable")]
    values = more.column(sort, rows)
    if sort != "freshness":
        return rows[np.argsort(-values.fill_null(-1).to_numpy(), kind="stable")]
    words = values.replace_strict(_FRESH, default=len(_FRESH), return_dtype=pl.Int64)
    ages = more.column("age", rows).fill_null(np.inf)
    return rows[np.lexsort((ages.to_numpy(), words.to_numpy()))]


def facets(
    index: Index,
    text: str,
    kept: Mapping[str, str],
    *,
    synonyms: Synonyms | None = None,
    meaning: Meaning | None = None,
    known: Known | pl.DataFrame | None = None,
) -> Facets:
    """Counts per facet value among features that `search` finds with the other facets of `kept`."""
    more = align(known, index) if isinstance(known, pl.DataFrame) else known
    matched = _scores(index, text, synonyms) > 0
    if meaning:
        matched = matched | (_near(meaning, text, synonyms) > 0)
    having = {facet: _having(index, more, facet, value) for facet, value in kept.items()}
    counted = {}
    for facet in FACETS:
        among = matched.copy()
        for other, mask in having.items():
            if other != facet:
                among &= mask
        counted[facet] = _counts(index, more, facet, among)
    return Facets(**counted)


@lru_cache(maxsize=4)
def _scores(index: Index, text: str, synonyms: Synonyms | None) -> Scores:
    """The scores of the last few texts: who searches wants the facets of the same one."""
    scores = index.scores(text, synonyms)
    scores.flags.writeable = False
    return scores


@lru_cache(maxsize=4)
def _near(meaning: Meaning, text: str, synonyms: Synonyms | None) -> Scores:
    """The cosines of the features that the words of the last few texts do not find."""
    found = meaning.near(text, _scores(meaning.index, text, synonyms) > 0)
    found.flags.writeable = False
    return found


def _having(index: Index, more: Known | None, facet: str, value: str) -> Mask:
    """(n,) which features have that value of the facet; raises UnknownNameError."""
    if facet in BUILT:
        if value not in index.values[facet]:
            raise unknown(f"feature with the {facet}", value, index.values[facet])
        starts, codes = index.codes[facet]
        spots = np.flatnonzero(codes == index.values[facet].index(value))
        mask = np.zeros(len(index), np.bool_)
        mask[np.searchsorted(starts, spots, side="right") - 1] = True
        return mask
    column = more.values(facet) if more else None
    choices = [] if column is None else column.explode().drop_nulls().unique().sort().to_list()
    if column is None or value not in choices:
        raise unknown(f"feature with the {facet}", value, choices)
    hit = column.list.contains(value) if column.dtype == pl.List else column == value
    return hit.fill_null(value=False).to_numpy()


def _counts(index: Index, more: Known | None, facet: str, among: Mask) -> dict[str, int]:
    if facet in BUILT:
        starts, codes = index.codes[facet]
        every = among.all()
        sizes = np.diff(starts)
        single = len(codes) == len(sizes) and bool((sizes == 1).all())
        picked = codes if every else codes[among if single else np.repeat(among, sizes)]
        numbers = np.bincount(picked, minlength=len(index.values[facet]))
        order = np.argsort(-numbers, kind="stable")
        order = order[: int((numbers > 0).sum())]
        names = index.values[facet]
        return {names[i]: int(numbers[i]) for i in order}
    column = more.values(facet) if more else None
    if column is None:
        return {}
    there = column.filter(pl.Series(among)).explode().drop_nulls()
    counted = there.alias("value").value_counts(name="n")
    return dict(counted.sort("n", "value", descending=[True, False]).rows())
