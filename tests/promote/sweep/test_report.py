"""The table of a sweep: order, verdict, and what it shows of failures."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from proml_lab.errors import UsageError
from proml_lab.promote.sweep import SweepReport
from proml_lab.promote.sweep.crew import Outcome
from proml_lab.promote.sweep.report import table
from tests.promote.conftest import Promoted


def test_rows_are_ordered_by_the_first_metric_and_failures_come_last(promoted: Promoted) -> None:
    one, two, three = promoted.artifacts
    outcomes = [
        Outcome("failed", problem="no such file\nmore", seconds=1.0),
        Outcome("registered", str(one.path), seconds=2.0),
        Outcome("rejected", str(two.path), problem="gate", seconds=2.0),
        Outcome("registered", str(three.path), seconds=2.0),
    ]
    days = [dt.date(2013, 1, n) for n in range(1, 5)]
    values = [{"day": day, "value": None} for day in days]
    made = SweepReport("visits", table(values, outcomes))
    frame = made.frame()
    assert frame["state"].to_list() == ["registered", "registered", "rejected", "failed"]
    aucs = {
        artifact.key: artifact.metrics.filter(pl.col("metric") == "auc")["value"][0]
        for artifact in promoted.artifacts
    }
    first, second, third, _ = frame.rows(named=True)
    assert first["value"] == max(aucs[first["artifact"]], aucs[second["artifact"]])
    assert third["artifact"] == two.key
    assert frame["day"].to_list()[3] == "2013-01-01"
    assert frame["value (parameter)"].to_list() == ["none"] * 4
    assert made.failed == 2
    shown = made._repr_mimebundle_()["text/plain"]
    assert "no such file" in shown
    assert "more" not in shown
    assert frame["beside_best"].to_list() == ["", "no detectable difference", "", ""]
    assert "beside the best" in shown
    assert f"no detectable difference between {first['artifact']} and 1 other." in str(made)
    assert made.best is None
    assert made.figure().data[0].x == tuple(sorted((str(one.version), str(three.version))))


def test_without_a_metric_there_is_no_picture() -> None:
    made = SweepReport("tiny", table([{"depth": 1}], [Outcome("failed", problem="x")]))
    with pytest.raises(UsageError, match="No version has a metric"):
        made.figure()
    assert "<svg" not in made._repr_mimebundle_()["text/html"]
    assert str(made) == "0 of 1 versions of 'tiny' registered in 0 s."
