"""How versions of a sweep differ from the best: in pairs, on the rows that both held out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from proml_lab.errors import ArtifactError
from proml_lab.promote import bundle
from proml_lab.promote.artifact import Artifact
from proml_lab.promote.paired import significance
from proml_lab.words import counted

ALIKE, WORSE = "no detectable difference", "worse by "


def beside_best(ranked: pl.DataFrame, folders: Mapping[str, str]) -> pl.Series:
    """A text for each row of `ranked`: how it differs from its first row; empty for the first.

    Those with the same first metric are compared in it, as `difference` does. `folders` says
    where the artifacts lie.
    """
    rows = measured(ranked)
    told: dict[str, str] = {}
    if rows.height > 1:
        metric = rows["metric"][0]
        first, *others = (_artifact(folders[key]) for key in rows["artifact"])
        told = {other.key: _differs(first, other, metric) for other in others}
    return pl.Series([told.get(key, "") for key in ranked["artifact"]], dtype=pl.String)


def measured(ranked: pl.DataFrame) -> pl.DataFrame:
    """Registered versions with the first metric of the first of them, best first."""
    rows = ranked.filter(pl.col("value").is_not_null(), pl.col("state") == "registered")
    return rows.filter(pl.col("metric") == rows["metric"][0]) if rows.height else rows


def verdict(rows: pl.DataFrame) -> str:
    """One sentence on `measured` rows; empty for fewer than two."""
    if rows.height < 2:
        return ""
    metric, first, others = rows["metric"][0], rows["artifact"][0], rows.tail(-1)
    if leader(rows):
        return f"{first} is the best by {metric}: on the same rows all others are worse."
    alike = others.filter(pl.col("beside_best") == ALIKE).height
    if alike:
        named = counted(alike, "other")
        return (
            f"None is the best: by {metric} there is no detectable difference between {first} "
            f"and {named}."
        )
    unknown = others.filter(~pl.col("beside_best").str.starts_with(WORSE))
    return f"Which is the best {unknown['beside_best'][0]}."


def leader(rows: pl.DataFrame) -> str | None:
    """The first of `measured` rows if all others are worse by more than chance."""
    if rows.height < 2 or not rows["beside_best"].tail(-1).str.starts_with(WORSE).all():
        return None
    return str(rows["artifact"][0])


def _artifact(folder: str) -> Artifact:
    return Artifact(Path(folder), bundle.read_manifest(Path(folder)))


def _differs(first: Artifact, other: Artifact, metric: str) -> str:
    try:
        return significance(first, other, [metric])[metric]
    except ArtifactError as error:  # the table is worth more than one damaged file
        return f"cannot be told: {error.message.rstrip('.')}"
