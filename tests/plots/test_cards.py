from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset, Floats, Origin, Task
from proml_lab.model import Model
from proml_lab.plots import cards
from proml_lab.spec import ModelSpec

ROWS = pl.DataFrame(
    {
        "late": [True, False, False, None],
        "at": [datetime(2013, 1, day, 5, tzinfo=UTC) for day in (2, 1, 3, 4)],
        "carrier": ["AA", "UA", "<b>", None],
        "hour": [1.0, 2.0, None, 4.0],
    }
)
DATA = Dataset(
    ROWS,
    label="late",
    entities=("carrier",),
    cutoff="at",
    features=("carrier", "hour"),
    origins=(Origin("spine", "flights.parquet", "ab", 4, ("late", "carrier", "at")),),
)


class Nothing:
    def raw(self, frame: pl.DataFrame) -> Floats:
        return np.zeros(frame.height)

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        return 0.0, np.zeros((frame.height, frame.width))

    def summary(self) -> pl.DataFrame:
        return pl.DataFrame({"feature": ["<i>"], "gain": [1.0]})

    def save(self, folder: Path) -> None:
        (folder / "nothing").touch()


def model(task: Task = "binary", *, tested: bool = True) -> Model:
    spec = ModelSpec.parse(
        f"name: m\nlabel: {{column: late, task: {task}}}\nspine: {{source: s}}\nlearner: baseline"
    )
    return Model(
        spec, Nothing(), {"hour": pl.Float64()}, ("hour",), "ff", 1, fit_s=2.04,
        test=DATA if tested else None,
    )  # fmt: skip


def test_a_dataset_says_what_it_is() -> None:
    made = cards.dataset(DATA)
    lines = made["text/plain"].split("\n")
    assert lines[0] == "Dataset: 4 rows, 4 columns"
    assert dict(line.split(maxsplit=1) for line in lines[1:]) == {
        "label": "late, 33.3% are 1, 1 null",
        "entities": "carrier",
        "cutoff": "at, 2013-01-01 05:00 UTC to 2013-01-04 05:00 UTC",
        "features": "2: 1 number, 1 of other types",
        "sources": "spine (4 rows)",
        "fingerprint": DATA.fingerprint,
    }
    for column in ROWS.columns:
        assert f">{column}<" in made["text/html"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 2.0, 6.0], "mean 3, from 1 to 6"),
        ([0, 1, 1], "66.7% are 1"),
        (["a", "b", "a"], "2 values"),
        ([None, None], "0 values, 2 nulls"),
    ],
)
def test_labels_of_every_kind(values: list[object], said: str) -> None:
    data = Dataset(pl.DataFrame({"y": values}), label="y")
    assert f"label        y, {said}\n" in cards.dataset(data)["text/plain"]


def test_a_bare_dataset() -> None:
    plain = cards.dataset(Dataset(pl.DataFrame({"x": [1]})))["text/plain"]
    for said in (
        "Dataset: 1 row, 1 column",
        "label        none",
        "none: not tied to time",
        "sources      –",
    ):
        assert said in plain
    empty = ROWS.head(0)
    assert "at, no value" in cards.dataset(Dataset(empty, cutoff="at"))["text/plain"]


def test_a_model_says_what_it_is_and_what_comes_next() -> None:
    made = cards.model(model())
    lines = made["text/plain"].split("\n")
    assert lines[0] == "Model m: baseline"
    said = dict(line.strip().split("  ", maxsplit=1) for line in lines[1:])
    assert {key: value.strip() for key, value in said.items()} == {
        "predicts": "the chance that late is 1",
        "fitted on": "1 row, 1 feature",
        "tested on": "4 rows held out",
        "took": "2.0 s",
        "data": "ff",
        "next": "compare scores it on held-out rows, explain says why",
    }
    assert "&lt;i&gt;" in made["text/html"]
    assert "learner: baseline" in made["text/html"]


@pytest.mark.parametrize("task", ["binary", "regression", "count", "multiclass"])
def test_every_task_is_said(task: Task) -> None:
    plain = cards.model(model(task, tested=False))["text/plain"]
    assert "late" in plain.split("\n")[1]
    assert "no held-out rows" in plain
