"""A small data set with everything that learners meet: numbers, text, gaps, times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.spec import ModelSpec


def make_rows(n: int = 600, *, seed: int = 0) -> Dataset:
    """(n, …): `late` depends on `x` and `carrier`; `count` and `delay` likewise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    code = rng.integers(0, 4, n)
    score = x + np.array([-1.0, 0.0, 0.5, 1.0])[code]
    gap = rng.random(n) < 0.1
    frame = pl.DataFrame(
        {
            "at": [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=i) for i in range(n)],
            "carrier": [f"c{k}" for k in code],
            "x": x,
            "wind": pl.Series(rng.normal(10, 3, n)).set(pl.Series(gap), None),
            "weekend": rng.random(n) < 0.3,
            "seats": rng.integers(10, 400, n),
            "late": rng.random(n) < 1 / (1 + np.exp(-score)),
            "delay": 10 * score + rng.normal(size=n),
            "n_calls": rng.poisson(np.exp(0.5 * score)),
        }
    )
    features = ("carrier", "x", "wind", "weekend", "seats")
    return Dataset(frame, label="late", entities=("carrier",), cutoff="at", features=features)


@pytest.fixture
def rows() -> Dataset:
    return make_rows()


@pytest.fixture
def spec() -> Callable[..., ModelSpec]:
    def make(learner: object = "linear", **fields: object) -> ModelSpec:
        base: dict[str, object] = {"name": "demo", "label": "late", "spine": {"source": "flights"}}
        return ModelSpec.model_validate({**base, "learner": learner, **fields})

    return make
