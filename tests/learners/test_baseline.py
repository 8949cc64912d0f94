from __future__ import annotations

import math

import numpy as np
import pytest

from proml_lab import learners
from proml_lab.errors import SpecError
from tests.learners.conftest import make_rows


@pytest.mark.parametrize(
    ("task", "column"), [("binary", "late"), ("regression", "delay"), ("count", "n_calls")]
)
def test_the_baseline_predicts_the_training_mean(task: str, column: str, spec) -> None:
    told: list[tuple[float, str]] = []
    model = learners.fit(
        spec("baseline", label={"column": column, "task": task}),
        make_rows(),
        progress=lambda part, text: told.append((part, text)),
    )
    train = make_rows().frame.head(model.n_rows)
    mean = math.fsum(train[column].cast(float)) / model.n_rows
    assert np.allclose(model.predict(model.test), mean, rtol=1e-13)
    assert len(set(model.predict(model.test))) == 1
    assert model.summary()["mean"].to_list() == [mean]
    why = model.contributions(model.test)
    assert why.values.shape == (len(model.test), 5)
    assert not why.values.any()
    assert np.array_equal(why.base + why.values.sum(axis=1), model.raw(model.test))
    assert told == [(1.0, "mean of the label")]


def test_the_baseline_has_no_options(spec) -> None:
    with pytest.raises(SpecError, match=r"learner\.baseline\.l2: unknown field"):
        learners.fit(spec({"baseline": {"l2": 1}}), make_rows())
