"""An explanation in plain words: the scale, the sample, the top features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from proml_lab.contracts import Task
from proml_lab.plots.cells import signed, value_text
from proml_lab.words import counted


@dataclass(frozen=True)
class Scale:
    """What contributions are measured in, and what they move."""

    name: str
    moved: str


SCALES: dict[Task, Scale] = {
    "binary": Scale("log-odds", "the chance of {}"),
    "count": Scale("log of the count", "the expected {}"),
    "regression": Scale("units of {}", "the prediction of {}"),
    "quantile": Scale("units of {}", "the predicted quantile of {}"),
    "multiclass": Scale("raw score", "the score of {}"),
}


def scale_name(task: Task, label: str) -> str:
    """What contributions are measured in, such as ``log-odds``."""
    return SCALES[task].name.format(label)


def moved(task: Task, label: str) -> str:
    """What contributions move, such as ``the chance of late``."""
    return SCALES[task].moved.format(label)


def sampled(n_rows: int, n_all: int, seed: int) -> str:
    """``sampled 2,000 of 54,000 rows, seed 7`` or ``all 340 rows``."""
    if n_rows < n_all:
        return f"sampled {n_rows:,} of {n_all:,} rows, seed {seed}"
    return f"all {counted(n_all, 'row')}"


def lead(importance: pl.DataFrame, task: Task, label: str, base: float) -> str:
    """One or two sentences: the top features, and what such a push does to an average row."""
    top = importance.filter(pl.col("importance") > 0).head(3)
    if not top.height:
        return f"No feature moves {moved(task, label)}: the model says the same of every row."
    names = top["feature"].to_list()
    most = "moves" if len(names) == 1 else "move"
    said = f"{_and(names)} {most} {moved(task, label)} most."
    push = float(top["importance"][0])
    return f"{said} {_example(names[0], push, task, label, base)}"


def pushes(contribution: float, task: Task, label: str) -> str:
    """``pushes the chance of late up`` or ``down``, or that it does nothing."""
    if contribution == 0:
        return f"does not move {moved(task, label)}"
    return f"pushes {moved(task, label)} {'up' if contribution > 0 else 'down'}"


def without_value(pushes: list[float]) -> str:
    """What happens to rows where the feature is missing, if there are any."""
    if not pushes:
        return ""
    rows = counted(len(pushes), "row")
    return f"{rows} without a value: mean push {signed(sum(pushes) / len(pushes))}"


def in_words(feature: str, value: object) -> str:
    """``feature = value``."""
    return f"{feature} = {value_text(value)}"


def chance(raw: float) -> float:
    """Probability of a log-odds."""
    return 1.0 / (1.0 + math.exp(-raw)) if raw >= 0 else math.exp(raw) / (1.0 + math.exp(raw))


def _example(name: str, push: float, task: Task, label: str, base: float) -> str:
    """What a typical push of the top feature does."""
    match task:
        case "binary":
            before, after = chance(base), chance(base + push)
            return (
                f"A typical push of {name}, {push:.2g} in log-odds, takes a row with an average "
                f"score from a chance of {before:.1%} up to {after:.1%}, or down to "
                f"{chance(base - push):.1%}."
            )
        case "count":
            times = f"multiplies the expected {label} by {math.exp(push):.3g}"
            return f"A typical push of {name} {times}, or divides it by as much."
        case _:
            return f"A typical push of {name} is {push:.4g}, up or down."


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
