"""How our learners say what they do to features: see `proml_lab.encoding.Encoding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from proml_lab.encoding import Encoding
from proml_lab.learners.terms import Slope, Term

MEAN = "as the mean"
OWN = "has an effect of its own"


def of_terms(terms: Mapping[str, Term], part: str = "") -> list[Encoding]:
    """Those of an additive model."""
    return [_of_term(name, term, part) for name, term in terms.items()]


def of_slopes(slopes: Mapping[str, Slope], part: str) -> list[Encoding]:
    """Those of the slopes of a random effect."""
    return [
        Encoding((name,), "number", MEAN, mean=slope.mean, scale=slope.scale, part=part)
        for name, slope in slopes.items()
    ]


def of_levels(levels: Mapping[str, Sequence[str] | None]) -> list[Encoding]:
    """Those of trees: numbers as they are, and the levels of text."""
    rest = "goes with the levels that a split does not name"
    return [
        Encoding((name,), "number", "goes a way of its own at each split")
        if known is None
        else Encoding((name,), "text", rest, rest, _levels(name, known))
        for name, known in levels.items()
    ]


def of_entities(entities: pl.DataFrame, part: str) -> Encoding:
    """That of the entity of a random effect."""
    new = "as one of the middle"
    return Encoding(tuple(entities.columns), "entity", new, new, entities, part=part)


def _of_term(name: str, term: Term, part: str) -> Encoding:
    if isinstance(term, Slope):
        missing = OWN if term.missing else MEAN
        return Encoding((name,), "number", missing, mean=term.mean, scale=term.scale, part=part)
    known = _levels(name, term.levels)
    return Encoding((name,), "text", OWN, "shares one effect with rare levels", known, part=part)


def _levels(name: str, known: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(known, dtype=pl.String)})
