from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Report
from proml_lab.errors import DataError, UnknownNameError
from proml_lab.evaluate import Comparison, compare, evaluate
from tests.evaluate.test_compare import fitted
from tests.learners.conftest import make_rows


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(fitted("baseline"), fitted(), metrics=["auc", "log_loss"], resamples=50)


@pytest.fixture(scope="module")
def values() -> Comparison:
    label = {"column": "delay", "task": "regression"}
    return compare(fitted("baseline", label=label), fitted(label=label), resamples=50)


def test_a_comparison_is_a_report(found: Comparison) -> None:
    assert isinstance(found, Report)


def test_the_frame_is_long_and_the_wide_one_has_a_row_a_model(found: Comparison) -> None:
    assert found.frame().columns == [
        "model", "learner", "metric", "group", "direction", "value", "low", "high", "difference",
        "difference_low", "difference_high", "verdict", "n_rows", "fit_s",
    ]  # fmt: skip
    wide = found.wide()
    assert wide.columns == ["model", "learner", "fit_s", "auc", "log_loss"]
    auc = found.frame().filter(metric="auc")["value"]
    assert wide["auc"].to_list() == auc.to_list()


@pytest.mark.parametrize("kind", [None, "roc", "precision_recall", "calibration", "scores"])
def test_every_picture_draws_every_model(kind: str | None, found: Comparison) -> None:
    text = found.figure(kind).to_json()
    assert '"baseline"' in text
    assert '"linear"' in text


def test_models_of_numbers_have_a_picture_too(values: Comparison) -> None:
    assert {"baseline", "linear"} <= {trace.name for trace in values.figure().data}
    with pytest.raises(UnknownNameError, match=r"no picture 'roc'.\nHint: choose one of agreement"):
        values.figure("roc")


def test_an_unknown_picture_gets_the_nearest(found: Comparison) -> None:
    with pytest.raises(UnknownNameError, match=r"no picture 'rok'.\nHint: did you mean 'roc'"):
        found.figure("rok")


def test_one_class_has_a_calibration_picture_only() -> None:
    rows = make_rows(60, seed=1)
    late = rows.take(rows.frame["late"])
    only = evaluate(fitted(), on=late, resamples=10)
    with pytest.raises(DataError, match="rows have label 1: picture 'roc' needs both"):
        only.figure()
    assert only.figure("calibration").data
    assert (
        only._repr_mimebundle_()["text/html"].count("<figcaption>") == 2
    )  # the table and a picture
    assert only.frame().filter(metric="auc")["value"].to_list() == [None]


def test_the_static_form_has_a_table_pictures_and_no_script(found: Comparison) -> None:
    bundle = found._repr_mimebundle_()
    page = bundle["text/html"]
    assert bundle["text/plain"] == str(found)
    assert "linear is best by auc and log_loss" in page
    assert page.count("<figcaption>") == 5  # the table and four pictures
    assert "<table" in page
    assert "<script" not in page
    assert len(page.encode()) < 256 * 1024


def test_groups_have_a_table_of_their_own() -> None:
    found = compare(fitted("baseline"), fitted(), metrics=["auc", "auc by carrier"], resamples=10)
    page = found._repr_mimebundle_()["text/html"]
    assert page.count("<table") == 3
    assert "<summary>By group</summary>" in page
    overall, grouped = str(found).split("\n\n")[1:]
    assert "rows" not in overall.splitlines()[0]
    assert grouped.splitlines()[1].startswith("auc ↑ (carrier = ")


def test_names_are_escaped(found: Comparison) -> None:
    page = compare(
        fitted("baseline"), fitted(), names=["<b>x</b>", "y"], metrics=["auc"], resamples=10
    )._repr_mimebundle_()["text/html"]
    assert "<b>x</b>" not in page


def test_the_page_stays_small_with_many_rows() -> None:
    rows = make_rows(30_000, seed=3)
    page = compare(fitted("baseline"), fitted(), on=rows, resamples=5)._repr_mimebundle_()
    assert len(page["text/html"].encode()) < 256 * 1024
    assert page["text/html"].count("<figcaption>") == 5


def test_json_keeps_every_digit_and_no_time(found: Comparison) -> None:
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    table = pl.DataFrame(data["metrics"])
    assert table["value"].to_list() == found.frame()["value"].to_list()
    assert data["models"][1] == {"model": "linear", "learner": "linear"}
    assert (data["n_rows"], data["resamples"], data["seed"]) == (120, 50, 7)
    assert "fit_s" not in json.dumps(data)


def test_printing_shows_no_arrays(found: Comparison) -> None:
    assert "array" not in repr(found)
    assert np.isfinite(found.y).all()
