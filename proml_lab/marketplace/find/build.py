"""Make the index of views: each feature's words, by where they stand, and its facets."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.marketplace.find.index import (
    FORMULA,
    NAME,
    SAID,
    TAG,
    TEXT,
    VIEW,
    Index,
    arrow_file,
)
from proml_lab.marketplace.find.vocabulary import Vocabulary
from proml_lab.marketplace.find.words import words
from proml_lab.marketplace.view import FeatureView

FACETS = {
    "owner": "owner", "tag": "tags", "entity": "entities", "type": "type", "view": "view",
    "source": "source", "status": "status", "sensitivity": "sensitivity", "unit": "unit",
}  # fmt: skip
"""Facets, and what they count of what is said of a feature."""


def build(views: Iterable[FeatureView]) -> Index:
    """The index of all features of `views`, in their order."""
    numbers: dict[str, int] = {}
    ids, rows, places, name_sizes = array("i"), array("i"), array("B"), array("B")
    said: dict[str, list[object]] = {name: [] for name in SAID}
    meanings: dict[str, str] = {}
    for view in views:
        of_view = _of_view(view)
        meanings[view.view] = view.meaning
        for name in view.features:
            row = len(name_sizes)
            found = dict(of_view)
            for place, word in _of_feature(view, name):
                if found.get(word, -1) < place:
                    found[word] = place
            for word, place in found.items():
                ids.append(numbers.setdefault(word, len(numbers)))
                rows.append(row)
                places.append(place)
            name_sizes.append(min(len(words(name)), 255))
            for column, value in _said(view, name).items():
                said[column].append(value)
    ascending = sorted(numbers)
    rank = np.empty(len(numbers), np.int64)
    rank[[numbers[word] for word in ascending]] = np.arange(len(numbers))
    by_word = rank[np.frombuffer(ids, np.int32)]
    order = np.argsort(by_word, kind="stable")
    table = pl.DataFrame(said, schema=SAID)
    facets = {facet: _codes(table[column]) for facet, column in FACETS.items()}
    return Index(
        Vocabulary.make(ascending),
        starts=_starts(np.bincount(by_word, minlength=len(numbers))),
        rows=np.frombuffer(rows, np.int32)[order],
        places=np.frombuffer(places, np.uint8)[order],
        name_sizes=np.frombuffer(name_sizes, np.uint8),
        table=arrow_file(table.to_arrow(compat_level=pl.CompatLevel.oldest())),
        meanings=np.array([meanings[name] for name in facets["view"][1]], "S16"),
        codes={facet: codes for facet, (codes, _) in facets.items()},
        values={facet: values for facet, (_, values) in facets.items()},
    )


def _of_view(view: FeatureView) -> dict[str, int]:
    """Words that every feature of the view has, each with its most telling place."""
    texts = (
        (FORMULA, str(view.source or " ".join(one.feature for one in view.inputs.values()))),
        (TEXT, view.description),
        (TAG, " ".join([*view.entities, *view.keys, *view.tags])),
        (VIEW, view.view),
    )
    return {word: place for place, text in texts for word in words(text)}


def _of_feature(view: FeatureView, name: str) -> Iterator[tuple[int, str]]:
    feature = view.features[name]
    texts = (
        (FORMULA, feature.formula(name)),
        (TEXT, f"{feature.description} {feature.unit or ''} {feature.type}"),
        (TAG, f"{view.owner_of(name)} {' '.join(feature.tags)}"),
        (NAME, f"{name} {name.replace('_', '')}"),
    )
    for place, text in texts:
        for word in words(text):
            yield place, word


def _said(view: FeatureView, name: str) -> dict[str, object]:
    feature = view.features[name]
    return {
        "view": view.view,
        "feature": name,
        "type": feature.type,
        "owner": view.owner_of(name),
        "tags": list(view.tags_of(name)),
        "entities": list(view.entities or view.keys),
        "unit": feature.unit or "",
        "description": view.about(name),
        "formula": feature.formula(name),
        "source": str(view.source or "other views"),
        "status": view.status_of(name),
        "sensitivity": view.sensitivity_of(name),
    }


Codes = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]


def _codes(column: pl.Series) -> tuple[Codes, list[str]]:
    """((starts (n+1,), codes (m,)), what the codes mean) of a column of texts or lists of texts."""
    sizes = np.ones(len(column), np.int64)
    if isinstance(column.dtype, pl.List):
        sizes = column.list.len().to_numpy().astype(np.int64)
        flat = column.filter(sizes > 0).explode()
    else:
        sizes = (column != "").to_numpy().astype(np.int64)
        flat = column.filter(sizes > 0)
    values = flat.unique().sort()
    meant = pl.Enum(values)
    codes = flat.cast(meant).to_physical().to_numpy().astype(np.int32)
    return (np.concatenate([[0], np.cumsum(sizes)]), codes), values.to_list()


def _starts(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)])
