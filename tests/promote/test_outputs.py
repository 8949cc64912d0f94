"""Declared outputs: what is kept, under which name, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.errors import NameNotAllowedError, UsageError
from proml_lab.evaluate import compare
from proml_lab.learners import fit, load
from proml_lab.model import Model
from proml_lab.promote import record
from proml_lab.promote.recorded import Recorded
from proml_lab.spec import ModelSpec


def made(learner: str, seed: int = 7) -> Model:
    rng = np.random.default_rng(5)
    x = rng.normal(size=200)
    frame = pl.DataFrame({"x": x, "late": rng.random(200) < 1 / (1 + np.exp(-x))})
    text = f"{{name: m, label: late, spine: {{source: s}}, split: {{by: random}}, seed: {seed}}}"
    spec = ModelSpec.parse(text).but(learner=learner)
    return fit(spec, Dataset(frame, label="late", features=("x",)))


def test_outside_of_a_promotion_they_are_checked_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROML_OUTPUTS", raising=False)
    declared = record({"model": made("baseline"), "lift": 2.5, "sizes": {"a": 1, "b": 2}})
    assert declared.folder is None
    assert declared.frame().rows() == [
        ("model", "model", "baseline model of late"),
        ("lift", "metric", "2.5"),
        ("sizes", "metrics", "2 numbers"),
    ]
    assert str(declared).startswith("A promotion of this notebook records model (baseline")
    assert "2 numbers" in declared._repr_mimebundle_()["text/html"]


def test_in_a_promotion_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROML_OUTPUTS", str(tmp_path / "out"))
    model = made("linear")
    declared = record({"model": model, "lift": np.float32(2.5), "none": float("nan")})
    assert str(declared).startswith("Recorded model")
    frame = model.test
    assert frame is not None
    assert load(tmp_path / "out/model").predict(frame).tobytes() == model.predict(frame).tobytes()
    found = Recorded.read(tmp_path / "out")
    assert (found.model, found.learner) == ("m", "linear")
    assert found.numbers()["lift"] == 2.5
    assert "none" not in found.numbers()


def test_a_model_alone_is_evaluated_until_metrics_come(tmp_path: Path) -> None:
    model = made("linear")
    record({"model": model}, tmp_path)
    assert Recorded.read(tmp_path).reports == {"evaluation": "Comparison"}
    assert {m.metric for m in Recorded.read(tmp_path).own()} >= {"auc", "log_loss"}
    board = compare(made("baseline"), model, metrics=["brier"], resamples=0)
    record({"metrics": board}, tmp_path)
    found = Recorded.read(tmp_path)
    assert found.reports == {"comparison": "Comparison"}
    assert [m.metric for m in found.own()] == ["brier"]
    assert sorted(p.name for p in (tmp_path / "reports").iterdir()) == [
        *("comparison.html", "comparison.json", "comparison.svg")
    ]
    assert "fit_s" not in (tmp_path / "reports" / "comparison.json").read_text()


@pytest.mark.parametrize("first", ["model", "metrics"])
def test_the_model_is_found_by_its_scores_whatever_it_is_called(tmp_path: Path, first: str) -> None:
    one, two = made("linear"), replace(made("linear"), spec=made("linear").spec.but(seed=7))
    flat = made("baseline")
    board = compare(flat, one, names=["one", "two"], metrics=["brier"], resamples=0)
    values = {"model": two, "metrics": board}
    for name in sorted(values, key=lambda name: name != first):
        record({name: values[name]}, tmp_path)
    (own,) = Recorded.read(tmp_path).own()
    assert own.model == "two"
    assert own.value == board.frame().filter(pl.col("model") == "two")["value"][0]


def test_a_model_declared_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    record({"model": replace(made("linear"), test=None)}, tmp_path)
    record({"model": replace(made("baseline"), test=None), "lift": 1}, tmp_path)
    record({"lift": 2}, tmp_path)
    assert load(tmp_path / "model").learner == "baseline"
    assert Recorded.read(tmp_path).numbers() == {"lift": 2.0}


@pytest.mark.parametrize(("limit", "file"), [(100, "model"), (4000, "reports"), (0, "index")])
def test_what_the_disk_refuses_leaves_nothing_half_written(
    tmp_path: Path, limit: int, file: str
) -> None:
    """A limit on the size of files stands for a full disk; it holds for a whole process."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from proml_lab.errors import RunError\n"
        "from proml_lab.promote import record\n"
        "from tests.promote.test_outputs import made\n"
        "folder, limit = Path(sys.argv[1]), int(sys.argv[2])\n"
        "values = {'model': made('linear')} if limit else {'lift': 2.5}\n"
        "limit == 4000 or record(values, folder)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try:\n"
        "    record(values, folder)\n"
        "except RunError as error:\n"
        "    sys.stdout.write(str(error)); sys.stdout.flush()\n"
    )
    place = tmp_path / "out"
    command = [sys.executable, "-c", code, place, str(limit)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    fact, hint = said.splitlines()
    where = f"{place / 'model'} cannot be written: " if file == "model" else ""
    assert fact == f"What the notebook declares cannot be kept in {place}: {where}File too large."
    assert hint.startswith("Hint: free some space")
    assert [path for path in place.rglob("*") if path.is_file()] == []


def test_a_report_without_a_picture_is_kept_all_the_same(tmp_path: Path) -> None:
    model = made("baseline")
    assert model.test is not None
    one_class = model.test.take(pl.col("late"))
    record({"metrics": compare(model, on=one_class, metrics=["brier"], resamples=0)}, tmp_path)
    kept = tmp_path / "reports"
    assert json.loads((kept / "comparison.json").read_text())["n_rows"] == len(one_class)
    assert not (kept / "comparison.svg").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "No output is named"),
        ({"gbm": "model"}, r"'gbm' is a str, which cannot be recorded.\nHint: give a model, a rep"),
        ({"model": 3}, "Output 'model' is a int, not a model"),
        ({"flag": True}, "'flag' is a bool"),
        ({"sizes": {}}, "'sizes' is a dict"),
        ({"sizes": {"a": "b"}}, "'sizes' is a dict"),
    ],
)
def test_other_values_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        record(values)


def test_names_are_checked() -> None:
    with pytest.raises(
        UsageError, match=r"'gbm' is a model(.|\n)*Hint: write model=… for it: %proml output"
    ):
        record({"gbm": made("baseline")})
    with pytest.raises(NameNotAllowedError, match=r"name of the output '../x' is not allowed"):
        record({"../x": 1})
