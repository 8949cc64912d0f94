from __future__ import annotations

import math

import polars as pl
import pytest

from proml_lab.contracts import Task
from proml_lab.explain import words


def table(*rows: tuple[str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["feature", "importance"], orient="row")


def test_the_sample_is_said() -> None:
    assert words.sampled(2000, 54_000, 7) == "sampled 2,000 of 54,000 rows, seed 7"
    assert words.sampled(340, 340, 7) == "all 340 rows"
    assert words.sampled(1, 1, 7) == "all 1 row"


def test_the_lead_names_the_top_and_what_a_push_does() -> None:
    found = table(("hour", math.log(3)), ("wind", 0.2), ("carrier", 0.1), ("idle", 0.05))
    assert words.lead(found, "binary", "late", 0.0) == (
        "hour, wind and carrier move the chance of late most. A typical push of hour, 1.1 in "
        "log-odds, takes a row with an average score from a chance of 50.0% up to 75.0%, or "
        "down to 25.0%."
    )
    assert words.lead(table(("hour", 0.5)), "regression", "delay", 9.0) == (
        "hour moves the prediction of delay most. A typical push of hour is 0.5, up or down."
    )
    assert words.lead(table(("hour", math.log(2)), ("x", 0.0)), "count", "calls", 1.0) == (
        "hour moves the expected calls most. A typical push of hour multiplies the expected "
        "calls by 2, or divides it by as much."
    )


def test_a_model_that_reads_nothing_is_said() -> None:
    said = words.lead(table(("hour", 0.0)), "binary", "late", -1.0)
    assert said == "No feature moves the chance of late: the model says the same of every row."


@pytest.mark.parametrize("push", [0.4, -0.4, 0.0])
@pytest.mark.parametrize("task", ["binary", "count", "regression", "multiclass"])
def test_pushes_have_a_direction(task: Task, push: float) -> None:
    said = words.pushes(push, task, "late")
    assert said.endswith("up") == (push > 0)
    assert said.endswith("down") == (push < 0)
    assert words.moved(task, "late") in said
    assert words.scale_name(task, "late")


@pytest.mark.parametrize("raw", [-800.0, -1.5, 0.0, 2.0, 800.0])
def test_the_chance_of_a_log_odds(raw: float) -> None:
    chance = words.chance(raw)
    assert 0 <= chance <= 1
    if abs(raw) < 100:
        assert math.log(chance / (1 - chance)) == pytest.approx(raw)


def test_rows_without_a_value() -> None:
    assert words.without_value([]) == ""
    assert words.without_value([0.5]) == "1 row without a value: mean push +0.50"
    assert words.without_value([0.5, -1.5]) == "2 rows without a value: mean push −0.50"
