from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from proml_lab import learners
from proml_lab.errors import UnknownNameError
from proml_lab.learners.registry import get, names
from tests.learners.conftest import make_rows

LEARNER = '''
import numpy as np, polars as pl

class Sign:
    """Scores 1 where the first number is positive."""
    name, tasks = "sign", ("binary",)
    def check(self, options): return dict(options)
    def reads(self, options): return ()
    def fit(self, dataset, *, task, options, seed, progress=None): return self
    def load(self, folder): return self
    def raw(self, frame): return np.sign(frame["x"].to_numpy())
    def contributions(self, frame): return 0.0, self.raw(frame)[:, None]
    def summary(self): return pl.DataFrame({"feature": ["x"]})
    def save(self, folder): (folder / "sign.txt").write_text("sign")

class Half:
    name = "half"
'''


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution as pip leaves it on disk: a module and a dist-info with entry points."""
    module = f"sign_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text(LEARNER)
    info = tmp_path / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[proml_lab.learners]\nsign = {module}:Sign\nhalf = {module}:Half\n"
        f"gone = {module}:Gone\nlinear = {module}:Sign\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield module
    sys.modules.pop(module, None)


def test_ours_are_found_by_the_same_path_as_any() -> None:
    assert {"baseline", "linear", "trees"} <= set(names())
    assert get("linear").name == "linear"


def test_a_plug_in_fits_predicts_saves_and_loads(plug_in: str, tmp_path: Path, spec) -> None:
    assert "sign" in names()
    model = learners.fit(spec("sign"), make_rows())
    x = model.test.frame["x"].to_numpy()
    assert np.array_equal(model.raw(model.test), np.sign(x))
    model.save(tmp_path / "model")
    again = learners.load(tmp_path / "model")
    assert np.array_equal(again.predict(model.test), model.predict(model.test))


def test_an_unknown_learner_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no learner 'tres'.\nHint: did you mean 'trees'"):
        get("tres")


def test_a_broken_plug_in_gives_one_line(plug_in: str) -> None:
    message = f"Learner 'gone' of {plug_in} .*cannot be loaded: AttributeError: .*'Gone'"
    with pytest.raises(UnknownNameError, match=message):
        get("gone")


def test_a_plug_in_that_is_no_learner_gives_one_line(plug_in: str) -> None:
    with pytest.raises(UnknownNameError, match=f"'half' of {plug_in} .* is not a learner"):
        get("half")


def test_a_name_that_two_packages_offer_is_refused(plug_in: str) -> None:
    with pytest.raises(UnknownNameError, match=f"'linear' is offered twice: .*{plug_in}"):
        get("linear")
