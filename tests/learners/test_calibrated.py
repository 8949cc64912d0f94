"""Models whose probabilities are calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.calibration import calibrate
from proml_lab.contracts import Dataset
from proml_lab.errors import DataError, SpecError
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows


@pytest.mark.parametrize("kind", ["isotonic", "platt", "beta"])
def test_a_model_is_calibrated_on_rows_that_it_did_not_learn_from(
    kind: str, spec, tmp_path: Path
) -> None:
    rows = make_rows(3000)
    plain = learners.fit(spec("linear"), rows)
    model = learners.fit(spec("linear", calibrate=kind), rows)
    assert model.calibration.kind == kind
    assert (model.n_rows, model.data) == (plain.n_rows, plain.data)
    train = rows.take(np.arange(model.n_rows))
    first = train.take(np.arange(1921))  # the last of them is held out
    learnt = learners.fit(spec("linear", split={"test": 1e-4}), first)
    assert np.array_equal(model.raw(model.test), learnt.raw(model.test))
    wanted = calibrate(
        kind,
        learnt.raw(train.take(np.arange(1920, 2400))),
        train.frame["late"].cast(float).to_numpy()[1920:],
        np.ones(480),
    )
    assert np.array_equal(model.predict(model.test), wanted.apply(model.raw(model.test)))
    model.save(tmp_path / "m")
    again = learners.load(tmp_path / "m")
    assert again.calibration == model.calibration
    assert np.array_equal(again.predict(model.test.frame), model.predict(model.test))


def test_only_probabilities_are_calibrated(spec) -> None:
    with pytest.raises(SpecError, match="calibrate: is for task binary: a count model gives no"):
        ModelSpec.parse(
            "name: m\nlabel: {column: n, task: count}\nspine: {source: x}\ncalibrate: platt\n"
        )
    frame = make_rows(100).frame.with_columns(late=pl.int_range(100) == 3)
    rows = Dataset(frame, label="late", cutoff="at", features=("x",))
    message = "Of 80 training rows, the 16 rows to calibrate on have one class only"
    with pytest.raises(DataError, match=message):
        learners.fit(spec("linear", calibrate="beta"), rows)
