from __future__ import annotations

import polars as pl
import pytest

from proml_lab.evaluate import compare, evaluate
from proml_lab.evaluate.measure import ALIKE, BEST, WORSE
from proml_lab.evaluate.words import conclusion, heading, measured, shown
from tests.evaluate.test_compare import fitted


def test_a_comparison_says_what_is_best() -> None:
    found = compare(fitted("baseline"), fitted(), metrics=["auc", "pr_auc"], resamples=100)
    assert conclusion(found.frame()) == "linear is best by auc and pr_auc."
    lines = str(found).splitlines()
    assert lines[0] == (
        "2 models on 120 rows, label 'late' (binary); 95 % intervals from 100 resamples. "
        "↑ higher is better, ↓ lower."
    )
    assert lines[3].split()[:2] == ["metric", "model"]
    assert lines[4].startswith("auc ↑")
    assert lines[4].split()[2] == "linear"
    assert lines[5].split()[0] == "baseline"
    assert lines[5].endswith("worse")


def test_it_says_where_no_difference_can_be_told() -> None:
    found = compare(fitted(), fitted(), names=["a", "b"], metrics=["auc"], resamples=20)
    text = "a is best by auc; no difference can be detected between b and a by auc."
    assert conclusion(found.frame()) == text


def test_one_model_says_its_values() -> None:
    found = evaluate(fitted(), metrics=["auc", "log_loss"], resamples=0)
    auc, loss = found.frame()["value"]
    assert conclusion(found.frame()) == f"auc {auc:.4f} and log_loss {loss:.4f}."
    assert heading(found).startswith("Model 'demo' on 120 rows, label 'late' (binary). ↑")
    assert "verdict" not in str(found)


def test_each_pair_that_cannot_be_told_apart_is_named_with_its_leader() -> None:
    table = pl.DataFrame(
        {
            "model": ["a", "b", "c", "a", "b", "c"],
            "metric": ["auc"] * 3 + ["brier"] * 3,
            "group": pl.Series([None] * 6, dtype=pl.String),
            "value": [0.7] * 6,
            "verdict": [BEST, ALIKE, WORSE, ALIKE, BEST, ALIKE],
        }
    )
    assert conclusion(table) == (
        "a is best by auc; b is best by brier; no difference can be detected between b and a by "
        "auc; no difference can be detected between a and b by brier; no difference can be "
        "detected between c and b by brier."
    )


def test_metrics_by_group_alone_are_said() -> None:
    found = evaluate(fitted(), metrics=["auc by carrier", "brier by weekend"], resamples=0)
    said = "Measured in groups only: auc by carrier and brier by weekend."
    assert conclusion(found.frame()) == said


def test_nothing_defined_is_said() -> None:
    table = evaluate(fitted(), metrics=["auc"], resamples=0).frame()
    table = table.with_columns(value=pl.lit(None, pl.Float64))
    assert conclusion(table) == (
        "auc cannot be measured on these rows: it takes labels that differ."
    )
    assert conclusion(table.with_columns(group=pl.lit("UA"))) == (
        "No metric is defined on these rows."
    )
    assert shown(table, repeat=True)["value"].to_list() == ["–"]


def test_what_is_not_defined_is_said_beside_what_is() -> None:
    table = evaluate(fitted(), metrics=["auc", "brier"], resamples=0).frame()
    auc = pl.col("metric") == "auc"
    table = table.with_columns(value=pl.when(~auc).then("value"))
    said = conclusion(table)
    assert said.startswith("brier 0.")
    assert said.endswith(". auc cannot be measured on these rows: it takes labels that differ.")


@pytest.mark.parametrize("repeat", [True, False])
def test_a_metric_is_named_in_every_row_or_once(repeat: bool) -> None:
    found = compare(fitted("baseline"), fitted(), metrics=["auc"], resamples=10)
    names = shown(found.frame(), repeat=repeat)["metric"].to_list()
    assert names == (["auc ↑", "auc ↑"] if repeat else ["auc ↑", ""])


def test_groups_are_named_with_their_rows() -> None:
    found = evaluate(fitted(), metrics=["auc", "auc by carrier"], resamples=0)
    table = shown(found.frame(), repeat=True)
    assert table["metric"][1].startswith("auc ↑ (carrier = c")
    assert table["rows"].to_list()[0] == 120
    assert measured(found.frame())["metric"].to_list() == ["auc"]


def test_differences_have_signs_and_as_many_decimals_as_values() -> None:
    found = compare(fitted("baseline"), fitted(), metrics=["log_loss"], resamples=50)
    row = found.frame().filter(model="baseline").row(0, named=True)
    cell = shown(found.frame(), repeat=True)["to the best"][1]
    low, high = row["difference_low"], row["difference_high"]
    assert cell == f"{row['difference']:+.4f} ({low:+.4f} to {high:+.4f})"
