"""GAME models on disk: ``game.json`` and a folder for each effect. See docs/formats.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.learners.game.random import RandomEffect
from proml_lab.learners.linear import Linear
from proml_lab.learners.terms import Slope, from_json, to_json


def write(
    features: Sequence[str], effects: Sequence[Linear | RandomEffect], scale: float, folder: Path
) -> None:
    """Write a model into `folder`."""
    heads: list[dict[str, object]] = []
    for k, effect in enumerate(effects):
        if isinstance(effect, Linear):
            heads.append({"kind": "fixed", "base": effect.base, "terms": to_json(effect.terms)})
            continue
        heads.append(
            {
                "kind": "random",
                "intercept": effect.intercept,
                "slopes": to_json(effect.slopes),
                "spread": effect.spread.tolist(),
            }
        )
        place = folder / f"effect-{k}"
        place.mkdir()
        effect.entities.write_parquet(place / "entities.parquet")
        columns = _columns("coefficient", effect.coefficients) | _columns("error", effect.errors)
        pl.DataFrame({**columns, "rows": effect.rows}).write_parquet(place / "table.parquet")
    head = {"features": list(features), "scale": scale, "effects": heads}
    text = json.dumps(head, indent=1) + "\n"
    (folder / "game.json").write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path) -> tuple[tuple[str, ...], tuple[Linear | RandomEffect, ...], float]:
    """What `write` was given."""
    data = json.loads((folder / "game.json").read_text(encoding="utf-8"))
    effects: list[Linear | RandomEffect] = []
    for k, head in enumerate(data["effects"]):
        if head["kind"] == "fixed":
            effects.append(Linear(head["base"], from_json(head["terms"])))
            continue
        table = pl.read_parquet(folder / f"effect-{k}" / "table.parquet")
        effects.append(
            RandomEffect(
                entities=pl.read_parquet(folder / f"effect-{k}" / "entities.parquet"),
                slopes={
                    name: term
                    for name, term in from_json(head["slopes"]).items()
                    if isinstance(term, Slope)
                },
                intercept=head["intercept"],
                coefficients=_matrix("coefficient", table),
                spread=np.array(head["spread"]),
                errors=_matrix("error", table),
                rows=table["rows"].to_numpy(),
            )
        )
    return tuple(data["features"]), tuple(effects), data["scale"]


def _columns(name: str, matrix: Floats) -> dict[str, Floats]:
    return {f"{name}-{j}": column for j, column in enumerate(matrix.T)}


def _matrix(name: str, table: pl.DataFrame) -> Floats:
    names = [column for column in table.columns if column.startswith(f"{name}-")]
    return np.ascontiguousarray(table.select(names).to_numpy())
