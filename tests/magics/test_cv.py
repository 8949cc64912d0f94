"""``%proml cv``: the report, its rows as JSON, its file and its Python."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from proml_lab.cli import main
from proml_lab.errors import UnknownNameError
from proml_lab.magics import cv as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context
from tests.learners.conftest import make_rows
from tests.validation.test_cross_validate import spec


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from proml_lab.magics.keep import write

    monkeypatch.chdir(tmp_path)
    write(make_rows(), Path("train.parquet"))
    Path("demo.proml.yaml").write_text(spec().to_yaml())
    words = ["cv", "demo.proml.yaml", "--on", "train.parquet", "--folds", "3", "--metric", "auc"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["metric"], row["fold"]) for row in rows] == [("auc", 1), ("auc", 2), ("auc", 3)]
    assert main([*words, "-o", "folds.csv"]) == 0
    kept = pl.read_csv("folds.csv")
    assert kept["value"].to_list() == pytest.approx([row["value"] for row in rows])


def test_in_a_notebook_and_as_python() -> None:
    line = "spec --on train --folds 2 --metric log_loss --learner baseline"
    args = verbs.parser("cv", prog=verbs.NOTEBOOK).parse(line.split())
    names = {"spec": spec(), "train": make_rows()}
    found = verb.run(args, Context(names))
    made: dict[str, object] = dict(names)
    exec(verbs.code("cv", args).replace("cross_validate(spec", "found = cross_validate(spec"), made)
    assert made["found"].scores.equals(found.scores)
    assert found.spec.learner.name == "baseline"
    args.metric = ["acu"]
    with pytest.raises(UnknownNameError, match="'acu'"):
        verb.run(args, Context(names))
