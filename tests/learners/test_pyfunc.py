"""The door for MLflow: what it reads, what it refuses in words, and what it does not need."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, time
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.learners.pyfunc import PyFuncModel, _load_pyfunc, _with_moments
from proml_lab.model import Model
from tests.learners.conftest import make_rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what MLflow's own imports warn of
    from mlflow.exceptions import MlflowException

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
ALONE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
import pandas as pd
from proml_lab.learners.pyfunc import _load_pyfunc

scores = _load_pyfunc(sys.argv[1]).predict(pd.read_parquet(sys.argv[2]))
assert not [name for name in sys.modules if name.startswith("proml_lab.promote")]
sys.stdout.buffer.write(scores.tobytes())
"""
HIDDEN = {
    *("alembic", "cryptography", "mlflow", "numba", "packaging", "plotly", "sqlalchemy"),
    *("threadpoolctl", "papermill", "nbformat", "IPython", "jupyter_client", "model_signing"),
}


@pytest.fixture
def model(spec) -> Model:
    return learners.fit(spec("linear", transforms={"hour": "extract(hour from at)"}), make_rows())


@pytest.mark.parametrize("learner", ["baseline", "linear", {"trees": {"n_trees": 20}}])
def test_scoring_needs_nothing_but_the_base_packages(learner, spec, tmp_path: Path) -> None:
    fitted = learners.fit(spec(learner), make_rows())
    fitted.save(tmp_path / "model")
    fitted.test.frame.write_parquet(tmp_path / "rows.parquet")
    code = f"HIDDEN = {HIDDEN!r}\n{ALONE}"
    command = [sys.executable, "-c", code, tmp_path / "model", tmp_path / "rows.parquet"]
    run = subprocess.run(command, capture_output=True, check=False)
    assert not run.returncode, run.stderr.decode()
    assert run.stdout == fitted.predict(fitted.test).tobytes()


def test_rows_as_json_has_them_give_the_same_scores(model: Model) -> None:
    rows = make_rows().frame.head(20)
    text = rows.with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    got = PyFuncModel(model).predict(text.to_pandas())
    assert got.tobytes() == model.predict(rows).tobytes()


@pytest.mark.parametrize(
    ("text", "kind", "want"),
    [
        ("2013-01-01T12:00:00Z", pl.Datetime("us", "UTC"), NOON),
        ("2013-01-01T14:00:00+02:00", pl.Datetime("ms", "UTC"), NOON),
        ("2013-01-01 12:00", pl.Datetime("ns", "UTC"), NOON),
        ("2013-01-01T12:00:00", pl.Datetime("us"), NOON.replace(tzinfo=None)),
        ("2013-01-01", pl.Date(), date(2013, 1, 1)),
        ("12:30:00.5", pl.Time(), time(12, 30, 0, 500_000)),
    ],
)
def test_moments_are_read_from_text(text: str, kind: pl.DataType, want: object) -> None:
    frame = pl.DataFrame({"x": [text, None], "more": ["2013-01-01", "y"]})
    read = _with_moments(frame, {"x": kind, "more": pl.String(), "absent": pl.Date()})
    assert read["x"].to_list() == [want, None]
    assert read["more"].to_list() == ["2013-01-01", "y"]


@pytest.mark.parametrize(
    ("text", "kind", "hint"),
    [
        ("yesterday", pl.Datetime("us", "UTC"), "such as '2026-01-31T18:30:00Z'"),
        ("2013-01-01T12:00:00Z", pl.Datetime("us"), "such as '2026-01-31T18:30:00'"),
        ("1/2/2013", pl.Date(), "such as '2026-01-31'"),
        ("noon", pl.Time(), "such as '18:30:00'"),
    ],
)
def test_what_is_no_moment_is_told(text: str, kind: pl.DataType, hint: str, model: Model) -> None:
    with pytest.raises(
        Exception, match=f"Column 'x' holds '{text}', which the model cannot r"
    ) as e:
        _with_moments(pl.DataFrame({"x": [text]}), {"x": kind})
    assert hint in str(e.value)


def test_mlflow_gets_its_own_error_in_our_words(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    loaded = _load_pyfunc(str(tmp_path / "model"))
    with pytest.raises(MlflowException) as caught:
        loaded.predict(pd.DataFrame({"carrier": ["c1"]}))
    assert caught.value.message.startswith("The frame to score lacks 5 of the 6 columns that")
    assert caught.value.get_http_status_code() == 400
