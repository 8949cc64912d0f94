"""Predictions made from the files of a model folder alone, by the words of docs/formats.md."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset, Floats
from proml_lab.learners import fit
from proml_lab.spec import ModelSpec

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
SPEC = "{{name: m, label: {{column: y, task: {task}}}, spine: {{source: s}}, learner: {learner}, "
SPEC += "split: {{by: random, test: 0.5}}, transforms: {{twice: '2 * a'}}}}"
TASKS = ("binary", "count", "regression")


def rows(n: int, seed: int) -> pl.DataFrame:
    """Numbers, text, yes and no, spans of time, gaps; and levels that are rare."""
    rng = np.random.default_rng(seed)
    who = rng.choice(["ä", "B", "a", "z", None], n, p=[0.3, 0.3, 0.2, 0.1, 0.1])
    return pl.DataFrame(
        {
            "a": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "k": pl.Series(rng.integers(0, 9, n)).set(pl.Series(rng.random(n) < 0.1), None),
            "who": pl.Series(who.tolist(), dtype=pl.String),
            "yes": pl.Series(rng.random(n) < 0.5),
            "took": pl.Series(rng.integers(0, 10**9, n)).cast(pl.Duration("us")),
            "y": rng.integers(0, 2, n),
        }
    )


def unseen() -> pl.DataFrame:
    """Rows to score, with texts and values that were not there to learn from."""
    odd = rows(2, 5).with_columns(a=pl.Series([math.inf, -math.inf]), who=pl.Series(["new", ""]))
    return pl.concat([rows(400, 4), odd]).drop("y")


def link(raw: Floats, task: str) -> Floats:
    if task == "binary":
        return np.asarray(np.exp(-np.logaddexp(0, -raw)))
    return np.asarray(np.exp(raw)) if task == "count" else raw


def number(column: pl.Series) -> list[float]:
    if column.dtype == pl.Duration:
        return [float(value) * 1000 / 1e9 for value in column.to_physical().to_list()]
    return [math.nan if value is None else float(value) for value in column.to_list()]


def of_term(term: dict[str, Any], column: pl.Series) -> list[float]:
    """The centred effect of one feature of linear.json, row by row."""
    found = []
    if term["kind"] == "number":
        for x in number(column):
            z = (x - term["mean"]) / term["scale"]
            found.append(term["coefficient"] * z if math.isfinite(x) else term["missing"])
    else:
        known = dict(zip(term["levels"], term["coefficients"], strict=True))
        for value in column.to_list():
            text = str(value).lower() if isinstance(value, bool) else value
            found.append(term["missing"] if text is None else known.get(text, term["other"]))
    return [effect - term["centre"] for effect in found]


def of_entities(effect: dict[str, Any], folder: Path, frame: pl.DataFrame) -> Floats:
    """A random effect of game.json, row by row."""
    entities, table = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("entities", "table")
    )
    place = {entity: i for i, entity in enumerate(entities.rows())}
    asked = [place.get(entity, -1) for entity in frame.select(entities.columns).rows()]
    columns = [[1.0] * frame.height] if effect["intercept"] else []
    for name, term in effect["slopes"].items():
        z = [(x - term["mean"]) / term["scale"] for x in number(frame[name])]
        columns.append([one if math.isfinite(one) else 0.0 for one in z])
    parts = [
        [0.0 if i < 0 else table[f"coefficient-{j}"][i] * z for i, z in zip(asked, zs, strict=True)]
        for j, zs in enumerate(columns)
    ]
    return np.asarray(np.ascontiguousarray(np.array(parts).T).sum(axis=1))


def raw_scores(folder: Path, learner: str, frame: pl.DataFrame) -> Floats:
    """What `predictor/` says of features, after transforms."""
    if learner == "baseline":
        told = json.loads((folder / "baseline.json").read_text())
        return np.full(frame.height, told["raw_score"])
    if learner == "linear":
        told = json.loads((folder / "linear.json").read_text())
        effects = [of_term(term, frame[name]) for name, term in told["terms"].items()]
        return np.asarray(told["base"] + np.ascontiguousarray(np.array(effects).T).sum(axis=1))
    if learner == "game":
        told = json.loads((folder / "game.json").read_text())
        s = np.zeros(frame.height)
        for k, effect in enumerate(told["effects"]):
            if effect["kind"] == "fixed":
                parts = [of_term(term, frame[name]) for name, term in effect["terms"].items()]
                sums = np.ascontiguousarray(np.array(parts).T).sum(axis=1)
                s = s + (effect["base"] + sums)
            else:
                s = s + of_entities(effect, folder / f"effect-{k}", frame)
        return s
    levels = json.loads((folder / "features.json").read_text())
    columns = [
        number(frame[name])
        if known is None
        else [known.index(text) if text in known else math.nan for text in frame[name].to_list()]
        for name, known in levels.items()
    ]
    booster = lightgbm.Booster(model_str=(folder / "trees.txt").read_text())
    return np.asarray(booster.predict(np.array(columns).T, raw_score=True))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("learner", ["baseline", "game", "linear", "trees"])
def test_the_page_is_enough_to_predict(learner: str, task: str, tmp_path: Path) -> None:
    options = {
        "trees": "{trees: {n_trees: 9, min_level_rows: 1}}",
        "game": "{game: [{fixed: {features: [a, k, 'yes']}}, "
        "{random: {entity: who, features: [a]}}, "
        "{random: {entity: [who, k], intercept: false, features: [took, twice]}}]}",
    }.get(learner, learner)
    spec = ModelSpec.parse(SPEC.format(task=task, learner=options))
    known = ("a", "k", "who", "yes", "took")
    model = fit(spec, Dataset(rows(900, 3), label="y", features=known))
    model.save(tmp_path / "m")
    asked = unseen()
    ready = asked.with_columns(twice=2 * pl.col("a")).select(model.features)
    mine = link(raw_scores(tmp_path / "m" / "predictor", learner, ready), task)
    assert mine.tobytes() == model.predict(asked).tobytes()


def test_the_page_names_every_field_of_a_predictor(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n### A prediction")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", text))
    for learner in ("baseline", "linear"):
        spec = ModelSpec.parse(SPEC.format(task="binary", learner=learner))
        model = fit(spec, Dataset(rows(90, 3), label="y", features=("a", "who")))
        model.save(tmp_path / learner)
        path = tmp_path / learner / "predictor" / f"{learner}.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        terms = told.get("terms", {}).values()
        assert {*told, *(key for term in terms for key in term)} <= named
