from __future__ import annotations

import polars as pl
import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.evaluate.leakage import LeakReport
from proml_lab.leak import Leak
from proml_lab.spec import ModelSpec
from proml_lab.validation import CrossValidation
from proml_lab.validation.result import COLUMNS


def result(
    split: dict[str, object], values: list[float | None], leak: str = "warn"
) -> CrossValidation:
    spec = ModelSpec.model_validate(
        {"name": "demo", "label": "late", "spine": {"source": "s"}, "split": split}
    )
    rows = [("auc", "higher", i + 1, value, 10, 5, 0.5) for i, value in enumerate(values)]
    rows += [("log_loss", "lower", i + 1, 0.25, 10, 5, 0.5) for i in range(len(values))]
    scores = pl.DataFrame(
        {"row": [0, 1], "fold": [None, 1], "label": [0.0, 1.0], "score": [None, 0.5]},
        schema_overrides={"fold": pl.Int64},
    )
    found = ((1, Leak("LK001", "who", leak, "half of <them>", 1, 2)),)
    table = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    return CrossValidation(spec, len(values), table, scores, LeakReport(found))


def test_it_is_a_report_that_says_what_was_found() -> None:
    made = result({"by": "random"}, [0.5, 0.75, 0.7])
    assert isinstance(made, Report)
    text = str(made)
    assert text.startswith("demo (trees), 3 folds at random; 1 of 2 rows have a score of a model")
    assert (
        "auc is 0.6500 on average over 3 folds, from 0.5000 to 0.7500 (standard deviation" in text
    )
    assert "LK001 an entity on both sides: half of <them> (fold 1)" in text
    assert "auc ↑" in text
    assert "log_loss ↓" in text
    html = made._repr_mimebundle_()["text/html"]
    assert "half of &lt;them&gt;" in html
    assert "<script" not in html
    assert html.count("<svg") >= 2
    assert "LK001" not in str(result({"by": "random"}, [0.5], "pass"))


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({}, "2 folds by time, each learns from what came before it;"),
        ({"gap": "7d", "window": "30d"}, "came before it, window 30d, gap 7d;"),
        ({"by": "stratified"}, "2 folds at random, with equal shares of the label;"),
        ({"by": "entity", "entity": "user"}, "by user, none is learnt from and tested in one fold"),
    ],
)
def test_how_the_folds_were_made_is_said(split: dict[str, object], said: str) -> None:
    assert said in str(result(split, [0.5, 0.6]))


def test_metrics_that_are_not_defined_are_told() -> None:
    made = str(result({}, [None, None]))
    assert "log_loss is 0.25 on average over 2 folds, from 0.25 to 0.25" in made
    assert "auc cannot be measured: it takes labels that differ." in made
    assert "auc is 0.5 on average over 1 fold." in str(result({}, [0.5, None]))


def test_the_picture_of_a_metric() -> None:
    made = result({}, [0.5, 0.6])
    assert list(made.figure().data[1].y) == [0.5, 0.6]
    assert list(made.figure("log_loss").data[1].y) == [0.25, 0.25]
    with pytest.raises(UnknownNameError, match="'rmse'"):
        made.figure("rmse")
