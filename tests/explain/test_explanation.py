from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from proml_lab.contracts import Report, Task
from proml_lab.errors import UnknownNameError, UsageError
from proml_lab.explain import Explanation, explain
from proml_lab.explain.explanation import KINDS
from proml_lab.model import Model
from proml_lab.plots.svg import to_svg
from tests.explain.conftest import Additive, make_model, make_rows


@pytest.fixture
def found(model: Model) -> Explanation:
    return explain(model)


def test_it_is_a_report(found: Explanation) -> None:
    assert isinstance(found, Report)
    assert found.frame()["feature"].to_list()[0] == "hour"
    assert found.frame()["feature"].to_list()[-1] == "idle"


def test_it_is_told_without_its_tables(found: Explanation) -> None:
    assert repr(found).startswith("Explanation(model='")
    assert len(repr(found)) < 150


def test_a_row_is_told_in_words(found: Explanation) -> None:
    row = found.row(3)
    rows = make_rows().frame
    pushes = dict(row.select("feature", "contribution").iter_rows())
    assert pushes["hour"] == pytest.approx(0.2 * rows["hour"][3])
    assert row["contribution"].abs().is_sorted(descending=True)
    said = dict(row.select("feature", "words").iter_rows())
    assert said["hour"] == f"hour = {rows['hour'][3]:.0f} pushes the chance of late up"
    assert said["idle"].endswith("does not move the chance of late")
    assert said["wind"].endswith("pushes the chance of late down")


def test_a_missing_value_is_said(found: Explanation) -> None:
    gap = int(make_rows().frame["wind"].is_null().arg_max() or 0)
    row = found.row(gap)
    values = dict(row.select("feature", "value").iter_rows())
    assert values["wind"] == "missing"
    assert sum(row["contribution"]) + 1.0 == pytest.approx(
        found.contributions.base + found.contributions.values[gap].sum()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_drawn_static_too(found: Explanation, kind: str) -> None:
    drawn = ElementTree.fromstring(to_svg(found.figure(kind)))
    words = " ".join(drawn.itertext())
    assert found.figure(kind).layout.title.text in words
    assert len(list(drawn.iter())) > 20


@pytest.mark.parametrize("feature", ["hour", "wind", "idle", "carrier"])
def test_dependence_of_every_feature(found: Explanation, feature: str) -> None:
    figure = found.figure("dependence", feature=feature)
    assert figure.layout.title.text == f"How {feature} moves the prediction"
    assert ("without a value" in str(figure.layout.xaxis.title.text)) == (feature == "wind")


def test_dependence_is_a_table_too(found: Explanation) -> None:
    assert found.dependence("wind")["value"][-1] == "missing"
    assert found.dependence().equals(found.dependence("hour"))


def test_a_waterfall_ends_at_the_score_and_its_chance(found: Explanation, model: Model) -> None:
    figure = found.figure("waterfall", row=5)
    frame = make_rows().frame[5:6]
    raw, chance = model.raw(frame)[0], model.predict(frame)[0]
    base, total = figure.data[1].x
    assert base == 1.0
    assert total == pytest.approx(raw)
    first, last = (note.text for note in figure.layout.annotations)
    assert first.endswith(f"a chance of {1 / (1 + math.exp(-1)):.1%}")
    assert last.endswith(f"a chance of {chance:.1%}")


def test_a_waterfall_sums_up_the_rest(found: Explanation) -> None:
    figure = found.figure("waterfall", row=5, top=1)
    bars = figure.data[0]
    assert len(bars.x) == 2
    assert bars.y[1] == "3 other features"
    assert sum(bars.x) == pytest.approx(found.row(5)["contribution"].sum())


def test_the_default_row_is_the_highest(found: Explanation, model: Model) -> None:
    assert found.highest == int(np.argmax(model.raw(make_rows().frame)))
    assert f"row {found.highest:,}" in str(found.figure("waterfall").layout.yaxis.categoryarray)


def test_top_limits_bars_and_rows(found: Explanation) -> None:
    assert len(found.figure("bar", top=2).data[0].x) == 2
    assert len(found.figure("beeswarm", top=2).layout.yaxis.ticktext) == 2


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"kind": "beswarm"}, UnknownNameError, "no kind of picture 'beswarm'.*\n.*'beeswarm'"),
        (
            {"kind": "dependence", "feature": "hours"},
            UnknownNameError,
            "no feature 'hours'.*\n.*'hour'",
        ),
        ({"kind": "bar", "feature": "hour"}, UsageError, "A bar is of all features"),
        ({"kind": "bar", "row": 1}, UsageError, "A bar is of all rows"),
        ({"kind": "bar", "top": 0}, UsageError, "top is 0"),
        ({"kind": "waterfall", "row": 900}, UsageError, "Row 900 was not explained .all 400 rows"),
    ],
)
def test_wrong_calls(
    found: Explanation, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        found.figure(**options)


def test_a_row_outside_the_sample_names_its_neighbours() -> None:
    few = explain(make_model(), rows=10)
    absent = next(i for i in range(few.rows[0], few.rows[-1]) if i not in few.rows)
    below = few.rows[few.rows < absent].max()
    above = few.rows[few.rows > absent].min()
    with pytest.raises(UsageError, match=f"nearest are {below} and {above}; .*also=.{absent}"):
        few.row(absent)


def test_the_static_form_says_the_main_thing(found: Explanation) -> None:
    made = found._repr_mimebundle_()
    plain, page = made["text/plain"], made["text/html"]
    assert plain.startswith("Why tiny (linear) predicts what it predicts\nhour, ")
    assert "move the chance of late most." in plain
    assert "Measured in log-odds; all 400 rows." in plain
    assert "<script" not in page
    assert page.count("<svg xmlns") == 3
    assert len(page.encode()) < 256 * 1024


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("regression", "the prediction of late"),
        ("count", "the expected late"),
        ("binary", "log-odds"),
    ],
)
def test_every_task_is_told_in_its_own_words(task: Task, said: str) -> None:
    found = explain(make_model(Additive(), task=task))
    assert said in found._repr_mimebundle_()["text/plain"]
    annotations = [note.text for note in found.figure("waterfall").layout.annotations]
    assert all(("chance" in text) == (task == "binary") for text in annotations)


def test_many_rows_and_features_stay_small() -> None:
    found = explain(make_model(test=make_rows(20_000)), rows=20_000)
    for kind in KINDS:
        assert len(to_svg(found.figure(kind)).encode()) < 256 * 1024
    assert len(found._repr_mimebundle_()["text/html"].encode()) < 256 * 1024
