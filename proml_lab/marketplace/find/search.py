"""Find features by words: ranked, forgiving of typing errors, narrowed by facets."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import unknown

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from proml_lab.marketplace.catalog import Catalog

FACETS = ("owner", "tag", "entity", "type", "view")
_WORD = re.compile(r"[a-z]+|[0-9]+[a-z]*|[^\W\d_a-z]+")
_NAME, _VIEW, _TAG, _TEXT, _FORMULA = 8.0, 5.0, 4.0, 2.0, 1.0
_EXACT, _START, _INSIDE, _NEAR = 1.0, 0.8, 0.5, 0.4
_COLUMNS = {
    "view": pl.String(), "feature": pl.String(), "type": pl.String(), "owner": pl.String(),
    "tags": pl.List(pl.String()), "entities": pl.List(pl.String()), "unit": pl.String(),
    "description": pl.String(), "formula": pl.String(), "score": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What is said of one feature; `words` gives each of its words the weight of its best place."""

    view: str
    feature: str
    type: str
    owner: str
    tags: tuple[str, ...]
    entities: tuple[str, ...]
    unit: str
    description: str
    formula: str
    words: Mapping[str, float] = field(repr=False)

    def values(self, facet: str) -> tuple[str, ...]:
        """The feature's values of one of `FACETS`."""
        match facet:
            case "tag":
                return self.tags
            case "entity":
                return self.entities
        value = str(getattr(self, facet))
        return (value,) if value else ()


@dataclass(frozen=True)
class Facets:
    """How many of the found features have each owner, tag, entity, type and view, most first."""

    owner: Mapping[str, int]
    tag: Mapping[str, int]
    entity: Mapping[str, int]
    type: Mapping[str, int]
    view: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class SearchReport:
    """Features that were found, the best first.

    `text` and `kept` are what was asked, `n_all` how many features there are in all; `near` are
    words of the catalogue to try instead, where nothing matches `text`.
    """

    found: pl.DataFrame = field(repr=False)
    text: str
    kept: Mapping[str, str]
    n_all: int
    max_rows: int = 20
    near: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.found.height

    def frame(self) -> pl.DataFrame:
        """view, feature, type, owner, tags, entities, unit, description, formula, score."""
        return self.found

    def figure(self) -> go.Figure:
        """How many were found in each view."""
        from proml_lab.plots.bars import counts

        views = self.found["view"].rename("name").value_counts(sort=True, name="n")
        return counts(views.sort("n", "name", descending=[True, False]), title=self.title)

    @property
    def title(self) -> str:
        """What was found, in one line."""
        for_text = f" for {self.text!r}" if self.text else ""
        narrowed = "".join(f", {name} {value}" for name, value in self.kept.items())
        return f"{len(self)} of {self.n_all} features{for_text}{narrowed}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        shown = self.found.select(
            pl.col("view") + "." + pl.col("feature").alias("feature"),
            "type",
            "unit",
            "owner",
            pl.col("tags").list.join(", "),
            "description",
        )
        lines = [f"  {name}  {about}" for name, about in shown.select("view", "description").rows()]
        more = [f"  and {len(self) - self.max_rows} more"] if len(self) > self.max_rows else []
        hint = [f"Hint: words to try: {', '.join(self.near)}."] if self.near else []
        plain = "\n".join([self.title, *lines[: self.max_rows], *more, *hint])
        table = shown.rename({"view": "feature"})
        parts = [html.table(table, caption=self.title, max_rows=self.max_rows)]
        return html.bundle(plain, *parts, *map(html.note, hint))


class Index:
    """The words of a catalogue's features, made once per catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self.entries = [
            _entry(catalog, view.view, name) for view in catalog.views for name in view.features
        ]

    @cached_property
    def _vocabulary(self) -> dict[str, list[tuple[int, float]]]:
        """Word to the features that have it, with its weight in each."""
        places: dict[str, list[tuple[int, float]]] = {}
        for i, entry in enumerate(self.entries):
            for word, weight in entry.words.items():
                places.setdefault(word, []).append((i, weight))
        return places

    def scores(self, text: str) -> dict[int, float]:
        """Number of each feature that matches every word of `text`, with its score.

        Where no feature matches all words, those that match some.
        """
        asked = _words(text)
        if not asked:
            return dict.fromkeys(range(len(self.entries)), 0.0)
        per_word = [self._matches(word) for word in asked]
        everywhere = set.intersection(*(set(found) for found in per_word))
        among = everywhere or set().union(*per_word)
        return {i: sum(found.get(i, 0.0) for found in per_word) for i in among}

    def nearest(self, text: str) -> tuple[str, ...]:
        """Up to five words of names, views and tags, those most like the words of `text` first."""
        places = {word: max(w for _, w in found) for word, found in self._vocabulary.items()}
        telling = [word for word, weight in places.items() if weight >= _TAG]
        near = [w for asked in _words(text) for w in difflib.get_close_matches(asked, telling, 3)]
        common = sorted(telling, key=lambda word: -len(self._vocabulary[word]))
        return tuple(dict.fromkeys(near or common))[:5]

    def _matches(self, word: str) -> dict[int, float]:
        found: dict[int, float] = {}
        for other, quality in self._alike(word).items():
            for i, weight in self._vocabulary[other]:
                found[i] = max(found.get(i, 0.0), weight * quality)
        return found

    def _alike(self, word: str) -> dict[str, float]:
        """Words of the catalogue that `word` may mean; nearly alike ones only if none has it."""
        alike: dict[str, float] = {}
        for other in self._vocabulary:
            if other == word:
                alike[other] = _EXACT
            elif other.startswith(word) or (word.startswith(other) and len(word) - len(other) < 3):
                alike[other] = _START
            elif len(word) > 3 and word in other:
                alike[other] = _INSIDE
        if not alike:
            near = difflib.get_close_matches(word, self._vocabulary, n=4, cutoff=0.7)
            alike = dict.fromkeys(near, _NEAR)
        return alike


def search(catalog: Catalog, text: str, kept: Mapping[str, str]) -> SearchReport:
    """Features that match `text` and have exactly the facet values `kept`.

    Raises
    ------
    UnknownNameError
        No feature at all has that value.
    """
    index = catalog.index
    for facet, value in kept.items():
        choices = {v for entry in index.entries for v in entry.values(facet)}
        if value not in choices:
            raise unknown(f"feature with the {facet}", value, choices)
    scores = index.scores(text)
    chosen = [i for i in scores if _has(index.entries[i], kept)]
    chosen.sort(key=lambda i: (-scores[i], i))
    rows = [
        [*(getattr(index.entries[i], name) for name in _COLUMNS if name != "score"), scores[i]]
        for i in chosen
    ]
    found = pl.DataFrame(rows, schema=_COLUMNS, orient="row")
    near = () if scores else index.nearest(text)
    return SearchReport(found, text, dict(kept), len(index.entries), near=near)


def facets(catalog: Catalog, text: str, kept: Mapping[str, str]) -> Facets:
    """Counts per facet value among features that match `text` and the other facets of `kept`."""
    index = catalog.index
    matching = [index.entries[i] for i in index.scores(text)]
    counted = {}
    for facet in FACETS:
        others = {name: value for name, value in kept.items() if name != facet}
        among = [entry for entry in matching if _has(entry, others)]
        counts = Counter(value for entry in among for value in entry.values(facet))
        counted[facet] = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return Facets(**counted)


def _has(entry: Entry, kept: Mapping[str, str]) -> bool:
    return all(value in entry.values(facet) for facet, value in kept.items())


def _entry(catalog: Catalog, view_name: str, name: str) -> Entry:
    view = catalog.view(view_name)
    feature = view.feature(name)
    owner, tags, formula = view.owner_of(name), view.tags_of(name), view.formula(name)
    places: Iterable[tuple[float, str]] = (
        (_FORMULA, f"{formula} {view.source}"),
        (_TEXT, f"{view.description} {feature.description} {feature.unit or ''} {feature.type}"),
        (_TAG, f"{owner} {' '.join(tags)} {' '.join([*view.entities, *view.keys])}"),
        (_VIEW, view_name),
        (_NAME, f"{name} {name.replace('_', '')}"),
    )
    words = {word: weight for weight, text in places for word in _words(text)}
    return Entry(
        view=view_name,
        feature=name,
        type=feature.type,
        owner=owner,
        tags=tags,
        entities=tuple(view.entities or view.keys),
        unit=feature.unit or "",
        description=view.about(name),
        formula=formula,
        words=words,
    )


def _words(text: str) -> list[str]:
    """Words and numbers in lower case, each once; ``7d`` is one, ``wind_speed`` two."""
    return list(dict.fromkeys(_WORD.findall(text.casefold())))
