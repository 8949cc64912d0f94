"""What a model does to each feature before it is learnt from, and which values it never learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

_ENCODING = {
    "feature": pl.String,
    "part": pl.String,
    "type": pl.String,
    "levels": pl.Int64,
    "mean": pl.Float64,
    "scale": pl.Float64,
    "missing": pl.String,
    "other": pl.String,
}
_UNSEEN = {
    "feature": pl.String,
    "part": pl.String,
    "rows": pl.Int64,
    "share": pl.Float64,
    "levels": pl.Int64,
    "example": pl.String,
}


@dataclass(frozen=True, eq=False)
class Encoding:
    """What is done to one feature, or to the columns that name an entity together.

    Attributes
    ----------
    features
        One name; several for an entity of several columns.
    type
        ``number``, ``text`` or ``entity``.
    missing
        What a missing value counts as, in words.
    other
        What a level that is not `known` counts as, in words; empty for numbers.
    known
        (levels, k) the levels that have an effect of their own, with the types in which they are
        compared; None for numbers.
    mean, scale
        What a number is standardised by: ``(x - mean) / scale``; None where it is taken as it is.
    part
        The part of the model that reads it, where there are several, such as ``fixed``.
    """

    features: tuple[str, ...]
    type: Literal["number", "text", "entity"]
    missing: str
    other: str = ""
    known: pl.DataFrame | None = None
    mean: float | None = None
    scale: float | None = None
    part: str = ""


def described(encodings: Sequence[Encoding]) -> pl.DataFrame:
    """A row an encoding: ``feature``, ``part``, ``type``, ``levels``, ``mean`` … ``other``."""
    rows = [
        (
            *(", ".join(one.features), one.part, one.type),
            None if one.known is None else one.known.height,
            *(one.mean, one.scale, one.missing, one.other),
        )
        for one in encodings
    ]
    return pl.DataFrame(rows, schema=_ENCODING, orient="row")


def unseen(encodings: Sequence[Encoding], frame: pl.DataFrame) -> pl.DataFrame:
    """A row a feature with levels: how many rows of `frame` have one that is not known.

    ``rows`` and their ``share``, how many different ``levels`` they are, and the first as an
    ``example``. A missing value is not one of them.
    """
    rows = []
    for one in encodings:
        if one.known is None:
            continue
        kinds = one.known.schema.items()
        asked = frame.select(pl.col(name).cast(kind) for name, kind in kinds).drop_nulls()
        new = asked.join(one.known, on=one.known.columns, how="anti", maintain_order="left")
        example = ", ".join(map(str, new.row(0))) if new.height else None
        share = new.height / frame.height if frame.height else 0.0
        told = (new.height, share, new.n_unique() if new.height else 0, example)
        rows.append((", ".join(one.features), one.part, *told))
    return pl.DataFrame(rows, schema=_UNSEEN, orient="row")
