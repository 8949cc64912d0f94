from __future__ import annotations

import polars as pl

from proml_lab.contracts import Report
from proml_lab.evaluate.leakage import LeakReport
from proml_lab.leak import Leak

FINE = Leak("LK001", "who", "pass", "none", 0, 10)
SOME = Leak("LK001", "who", "warn", "some", 2, 10)
MORE = Leak("LK001", "who", "warn", "more", 3, 10)
LATE = Leak("LK002", "at", "fail", "late <1>", 1, 10)


def test_the_worst_of_each_check_is_told() -> None:
    report = LeakReport(((1, SOME), (2, MORE), (3, FINE), (3, LATE)))
    assert isinstance(report, Report)
    assert report.worst == ((2, MORE), (3, LATE))
    assert report.verdict == "fail"
    assert report.amiss == (
        "LK001 an entity on both sides: more (fold 2)",
        "LK002 training rows that are not earlier than the test: late <1> (fold 3)",
    )
    assert str(report).startswith("Leakage: fail\nLK001 an entity")
    html = report._repr_mimebundle_()["text/html"]
    assert "late &lt;1&gt;" in html
    assert report.figure().data[0].x == (0.3, 0.1)


def test_the_rows_are_those_that_gates_read() -> None:
    frame = LeakReport(((None, SOME),)).frame()
    assert frame.to_dicts() == [
        {
            "fold": None,
            "check": "leakage",
            "code": "LK001",
            "subject": "who",
            "verdict": "warn",
            "message": "some",
            "n_test": 2,
            "n_rows": 10,
        }
    ]
    assert LeakReport(((None, SOME),)).amiss == ("LK001 an entity on both sides: some",)


def test_nothing_checked_passes() -> None:
    empty = LeakReport(())
    assert (empty.verdict, empty.amiss, empty.frame().height) == ("pass", (), 0)
    assert empty.frame().schema["fold"] == pl.Int64
    assert "Leakage: pass" in empty._repr_mimebundle_()["text/plain"]
