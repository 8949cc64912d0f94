"""Frames for every picture, and every figure that we make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from proml_lab.plots import attribution, bars, curves

NASTY = "<b>&\"'</script>"


def calibration_frame() -> pl.DataFrame:
    at = np.linspace(0.05, 0.6, 6)
    parts = [
        {"model": model, "bin": range(6), "predicted": at, "observed": at * k, "low": at * k - 0.02,
         "high": at * k + 0.03, "n": [100] * 6}
        for model, k in (("trees", 1.0), (NASTY, 0.8))
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(part) for part in parts])


def curve_frame(x: str, y: str) -> pl.DataFrame:
    at = np.linspace(0, 1, 5000)
    return pl.concat(
        pl.DataFrame({"model": model, x: at, y: at**power})
        for model, power in ((NASTY, 0.4), ("linear", 0.6), ("baseline", 1.0))
    )


def score_frame() -> pl.DataFrame:
    rows = [
        (model, label, left / 10, left / 10 + 0.1, share)
        for model in ("trees", NASTY)
        for label in (0, 1)
        for left, share in zip(range(10), np.linspace(0.19, 0.01, 10), strict=True)
    ]
    return pl.DataFrame(rows, schema=["model", "label", "left", "right", "share"], orient="row")


def importance_frame() -> pl.DataFrame:
    size = [0.4, 0.2, 0.1]
    return pl.DataFrame(
        {"feature": ["hour", NASTY, "carrier"], "importance": size,
         "low": [s - 0.02 for s in size], "high": [s + 0.02 for s in size]}
    )  # fmt: skip


def swarm_frame(n: int = 4000) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    return pl.concat(
        pl.DataFrame(
            {
                "feature": [name] * n,
                "contribution": rng.normal(size=n),
                "value_scaled": [None] * n if name == NASTY else rng.random(n),
                "offset": rng.uniform(-0.4, 0.4, n),
            },
            schema_overrides={"value_scaled": pl.Float64},
        )
        for name in ("hour", NASTY, "wind")
    )


def waterfall_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {"feature": ["hour", NASTY, "3 other features"], "value": ["7", "<i>", None],
         "contribution": [0.5, -0.25, 0.05]}
    )  # fmt: skip


def category_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {"value": ["UA", NASTY, None], "contribution": [0.3, -0.1, 0.0], "low": [0.2, -0.2, 0.0],
         "high": [0.4, 0.0, 0.0], "n": [5, 4, 1]}
    )  # fmt: skip


def number_frame() -> pl.DataFrame:
    return pl.DataFrame({"value": np.arange(3000) % 97, "contribution": np.sin(np.arange(3000))})


def time_frame() -> pl.DataFrame:
    days = [datetime(2013, month, 1, tzinfo=UTC) for month in range(1, 13)]
    return pl.DataFrame({"value": days, "contribution": np.linspace(-1, 1, 12)})


FIGURES: dict[str, Callable[[], go.Figure]] = {
    "roc": lambda: curves.roc(curve_frame("fpr", "tpr")),
    "precision_recall": lambda: curves.precision_recall(curve_frame("recall", "precision")),
    "calibration": lambda: curves.calibration(calibration_frame()),
    "scores": lambda: curves.scores(score_frame()),
    "counts": lambda: bars.counts(pl.DataFrame({"name": ["a", NASTY], "n": [3, 1]}), title=NASTY),
    "bar": lambda: attribution.bar(importance_frame()),
    "beeswarm": lambda: attribution.beeswarm(swarm_frame()),
    "dependence of a number": lambda: attribution.dependence(
        number_frame(), feature=NASTY, trend=number_frame().head(20).sort("value"), note="a note"
    ),
    "dependence of a time": lambda: attribution.dependence(time_frame(), feature="day"),
    "dependence of a category": lambda: attribution.dependence(category_frame(), feature=NASTY),
    "waterfall": lambda: attribution.waterfall(
        waterfall_frame(), -1.0, -0.7, chances=(0.269, 0.332)
    ),
    "no features": lambda: attribution.bar(importance_frame().head(0)),
    "no dots": lambda: attribution.beeswarm(swarm_frame(1).head(0)),
    "no models": lambda: curves.scores(score_frame().head(0)),
}


@pytest.fixture(params=list(FIGURES))
def any_figure(request: pytest.FixtureRequest) -> go.Figure:
    return FIGURES[request.param]()
