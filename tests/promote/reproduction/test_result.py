"""The report on a reproduction."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest

from proml_lab.promote.reproduction.closeness import IDENTICAL, Closeness
from proml_lab.promote.reproduction.result import SCHEMA, Reproduction, row, worst

NEAR = Closeness("within tolerance", 1e-9, 2e-8)
FAR = Closeness("different", math.inf, math.inf, 4)


def report(*found: tuple[str, str, Closeness], warnings: tuple[str, ...] = ()) -> Reproduction:
    rows = [
        row(what, name, close, where="fit" if close is FAR else "") for what, name, close in found
    ]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    verdict = worst(table["verdict"])
    return Reproduction("x@1", verdict, "same", warnings, "2013-01-01T00:00:00+00:00", 1.5, table)


def test_identical() -> None:
    found = report(("data", "rows", IDENTICAL), ("cell", "cell 2", IDENTICAL))
    assert found
    assert str(found) == "x@1 made again in this environment: all 2 outputs are identical."
    assert found.departs == ""
    shown = found._repr_mimebundle_()["text/plain"].splitlines()[1:]
    assert [line.split() for line in shown] == [
        ["what", "output", "verdict"],
        ["data", "1", "output", "identical"],
        ["cell", "1", "output", "identical"],
    ]
    assert str(report(("data", "rows", IDENTICAL))).endswith("its one output is identical.")


def test_several_of_a_kind_are_one_line() -> None:
    found = report(("cell", "cell 2", IDENTICAL), ("cell", "cell 3", IDENTICAL))
    assert "2 outputs  identical" in found._repr_mimebundle_()["text/plain"]


def test_a_run_that_ended_early_says_why() -> None:
    apart = Closeness("different", math.inf, math.inf)
    rows = [row("run", "the notebook", apart, where="cell 3 raised.")]
    table = pl.DataFrame(rows, schema=SCHEMA)
    found = Reproduction("x@1", "different", "fresh", (), "2013-01-01T00:00:00+00:00", 1.5, table)
    assert str(found) == (
        "x@1 made again in a fresh environment: the notebook did not run to its end: cell 3 raised."
    )


def test_within_tolerance_says_how_far() -> None:
    found = report(("data", "rows", IDENTICAL), ("model", "model/x", NEAR))
    assert found
    assert "equal within tolerance, 1 not to the byte: by at most 2.0e-08" in str(found)


def test_different_names_the_first_that_departs() -> None:
    found = report(
        ("cell", "cell 2", NEAR), ("cell", "cell 4", FAR), ("model", "m", FAR), warnings=("a is b",)
    )
    assert not found
    assert "2 of 3 outputs are different, first cell 4 (fit, line 4)." in str(found)
    assert str(found).endswith("\nNote: a is b.")
    assert found.frame().row(1, named=True)["relative"] is None
    shown = found._repr_mimebundle_()
    assert "cell 4" in shown["text/plain"]
    assert "<script" not in shown["text/html"]


def test_predictions_that_differ_are_told_with_how_far() -> None:
    found = report(("model", "model/x", NEAR), ("predictions", "9 example rows", NEAR))
    said = "Predictions of 9 example rows differ by at most 1.0e-09."
    assert str(found).splitlines()[1:] == [said]
    shown = found._repr_mimebundle_()
    assert said in shown["text/html"]
    gone = report(("predictions", "9 held-out rows", FAR))
    assert str(gone).splitlines()[1:] == ["Predictions of 9 held-out rows differ (fit, line 4)."]


def test_as_json_it_has_everything() -> None:
    facts = json.loads(json.dumps(report(("cell", "cell 2", FAR)).to_dict(), allow_nan=False))
    assert facts["format"] == "proml-reproduction/1"
    assert facts["outputs"][0]["verdict"] == "different"


@pytest.mark.parametrize(
    ("verdicts", "want"),
    [
        ((), "identical"),
        (("identical", "within tolerance"), "within tolerance"),
        (("different", "identical"), "different"),
    ],
)
def test_the_worst_counts(verdicts: tuple[str, ...], want: str) -> None:
    assert worst(verdicts) == want
