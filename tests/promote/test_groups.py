"""Groups of a declared model: which columns, what is kept, and what is read of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.learners import fit
from proml_lab.model import Model
from proml_lab.promote import groups
from proml_lab.promote.gates import held_out
from proml_lab.spec import ModelSpec

N = 4000


def made(evaluate: Sequence[str] = (), task: str = "binary", *, bare: bool = False) -> Model:
    """A model that sees `x` alone, which says nothing of the rows of shop b."""
    rng = np.random.default_rng(5)
    x, shop = rng.normal(size=N), rng.choice(["a", "b", "c"], N)
    slope = np.where(shop == "b", 0.0, 3.0)
    y = rng.random(N) < 1 / (1 + np.exp(-slope * x))
    frame = pl.DataFrame(
        {
            "x": x,
            "shop": shop,
            "user": rng.integers(0, 900, N),
            "page": [f"p{i}" for i in rng.integers(0, 400, N)],
            "same": ["one"] * N,
            "new": rng.random(N) < 0.5,
            "week": rng.integers(0, 3, N),
            "late": y if task == "binary" else slope * x,
        }
    )
    spec = ModelSpec.model_validate(
        {
            "name": "m",
            "label": {"column": "late", "task": task},
            "spine": {"source": "s"},
            "split": {"by": "random", "test": 0.5},
            "learner": "linear",
            "evaluate": tuple(evaluate),
        }
    )
    if bare:
        return fit(spec, Dataset(frame, label="late", features=("x",)))
    features = ("x", "shop", "page", "same", "new", "week")
    return fit(spec, Dataset(frame, label="late", entities=("user",), features=features))


def kept(model: Model, folder: Path) -> groups.Groups | None:
    """What a bundle has of `model`."""
    held_out.keep(model, folder)
    groups.keep(model, folder)
    groups.store(folder / held_out.FOLDER, folder / "bundle")
    return groups.read(folder / "bundle")


def test_columns_of_few_values_part_the_rows(tmp_path: Path) -> None:
    found = kept(made(), tmp_path)
    assert found is not None
    assert (found.metric, found.direction, found.least_rows) == ("auc", "higher", 200)
    assert found.table["column"].unique(maintain_order=True).to_list() == ["shop", "new"]
    assert found.crowded == ("user", "page")
    assert found.worse.select("column", "group").rows() == [("shop", "b")]
    assert found.small.is_empty()
    assert found.judged.height == 5


def test_what_the_spec_asks_for_comes_first(tmp_path: Path) -> None:
    found = kept(made(["calibration", "log_loss", "auc by week"]), tmp_path)
    assert found is not None
    assert found.metric == "log_loss"
    assert found.table["column"][0] == "week"
    assert found.worse["difference"][0] > 0


def test_numbers_are_grouped_too(tmp_path: Path) -> None:
    found = kept(made(task="regression"), tmp_path)
    assert found is not None
    assert found.metric == "rmse"
    assert "b" in found.worse["group"].to_list()


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        kept(made(), tmp_path / name)
        texts.append((tmp_path / name / "bundle" / groups.KEPT).read_bytes())
    assert texts[0] == texts[1]
    assert set(json.loads(texts[0])) == {
        *("metric", "direction", "least_rows", "crowded", "groups")
    }


def test_nothing_is_kept_where_there_is_nothing_to_measure(tmp_path: Path) -> None:
    model = made()
    assert kept(replace(model, test=None), tmp_path / "without") is None
    assert kept(made(bare=True), tmp_path / "numbers") is None


def test_a_model_declared_again_replaces_what_was_kept(tmp_path: Path) -> None:
    model = made()
    held_out.keep(model, tmp_path)
    groups.keep(model, tmp_path)
    held_out.keep(replace(model, test=None), tmp_path)
    groups.store(tmp_path / held_out.FOLDER, tmp_path / "bundle")
    assert groups.read(tmp_path / "bundle") is None


@pytest.mark.parametrize("falling", [True, False])
def test_the_worst_comes_first(falling: bool) -> None:
    direction = "lower" if falling else "higher"
    table = pl.DataFrame({"difference": [0.1, -0.3, 0.2], "worse": [True, True, None]})
    found = groups.Groups("auc", direction, 200, (), table)
    assert found.worse["difference"].to_list() == ([0.1, -0.3] if falling else [-0.3, 0.1])
    assert found.small.height == 1
