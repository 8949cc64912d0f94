from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Origin
from proml_lab.errors import ArtifactError
from proml_lab.model import Model
from tests.learners.conftest import make_rows

TREES = {"trees": {"n_trees": 20}}
TRANSFORMS = {"hour": "extract(hour from at)", "far": "seats * ln(2)"}


@pytest.fixture
def model(spec) -> Model:
    origin = Origin("weather", "weather.parquet", "ab", 3, ("wind",), "as of at")
    rows = replace(make_rows(), origins=(origin,))
    return learners.fit(spec("linear", transforms=TRANSFORMS), rows)


@pytest.mark.parametrize("learner", ["baseline", "linear", TREES])
def test_a_loaded_model_predicts_the_same_bits_in_a_fresh_process(
    learner: object, spec, tmp_path: Path
) -> None:
    fitted = learners.fit(spec(learner, transforms=TRANSFORMS), make_rows())
    fitted.save(tmp_path / "model")
    fitted.test.frame.write_parquet(tmp_path / "test.parquet")
    code = (
        "import polars as pl, numpy as np; from proml_lab import learners; "
        "m = learners.load('model'); np.save('p.npy', m.predict(pl.read_parquet('test.parquet')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    assert np.array_equal(np.load(tmp_path / "p.npy"), fitted.predict(fitted.test))


def test_a_loaded_model_is_the_saved_one(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "a")
    again = learners.load(str(tmp_path / "a"))
    assert again.spec == model.spec
    assert again.inputs == model.inputs
    assert (again.features, again.data, again.n_rows) == (model.features, model.data, 480)
    assert again.origins == model.origins
    assert again.test is None
    assert again.summary().equals(model.summary())
    again.save(tmp_path / "b")
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_every_type_that_models_read_survives(spec, tmp_path: Path) -> None:
    numbers = [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.Float32, pl.Float64]
    numbers += [pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64]
    moments = [pl.Date(), pl.Datetime("ms"), pl.Datetime("ns", "Europe/Berlin")]
    frame = make_rows().frame.with_columns(
        *(pl.int_range(pl.len()).mod(9).cast(kind).alias(str(kind)) for kind in numbers),
        *(pl.col("at").cast(kind).alias(f"at{i}") for i, kind in enumerate(moments)),
        pl.lit("a").cast(pl.Categorical).alias("word"),
        wait=pl.lit(timedelta(hours=1), pl.Duration("ms")),
        clock=pl.col("at").dt.time(),
    )
    transforms = {f"year{i}": f"extract(year from at{i})" for i in range(3)}
    transforms["o_clock"] = "extract(hour from clock)"
    features = (*map(str, numbers), "at0", "at1", "at2", "clock", "wait", "weekend", "word")
    data = replace(make_rows(), frame=frame, features=features)
    fitted = learners.fit(spec("linear", transforms=transforms), data)
    fitted.save(tmp_path / "model")
    again = learners.load(tmp_path / "model")
    assert again.inputs == fitted.inputs
    assert again.inputs["word"] == pl.String
    assert np.array_equal(again.predict(fitted.test), fitted.predict(fitted.test))


def test_files_beside_the_model_are_left_alone(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}")
    assert learners.load(tmp_path / "model").name == "demo"


def damage(folder: Path, **fields: object) -> None:
    head = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**head, **fields}))


def lose(folder: Path) -> None:
    (folder / "predictor" / "linear.json").unlink()


def change(folder: Path) -> None:
    path = folder / "predictor" / "linear.json"
    path.write_text(path.read_text().replace("base", "Base"))


def forge(folder: Path, text: str = "{}") -> None:
    """Change a file, and the digest that stands for it: well kept, but not a model."""
    import hashlib

    (folder / "predictor" / "linear.json").write_text(text)
    head = json.loads((folder / "model.json").read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()
    damage(folder, files={**head["files"], "predictor/linear.json": digest})


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lose, "is damaged: predictor/linear.json is lost"),
        (change, "is damaged: predictor/linear.json was changed"),
        (forge, "cannot be read: learner 'linear': KeyError: 'base'"),
        (lambda f: damage(f, learner="gone"), "cannot be read: There is no learner 'gone'"),
        (lambda f: damage(f, inputs={"x": "Matrix"}), "column type 'Matrix' is not one that"),
        (lambda f: damage(f, format=2), r"model.json is damaged: .*format: found 2, allowed are 1"),
        (lambda f: damage(f, more=1), r"model.json is damaged: .*more: unknown field"),
        (lambda f: (f / "model.json").write_text("[]"), "model.json is damaged: it is not a"),
        (lambda f: (f / "model.json").write_text("{"), "model.json is damaged: JSONDecodeError"),
        (lambda f: (f / "model.json").write_bytes(b"\xff"), "is damaged: UnicodeDecodeError"),
        (lambda f: (f / "model.json").unlink(), "is not a model folder: it has no model.json"),
    ],
)
def test_a_folder_that_is_not_whole_gives_one_line(
    harm: Callable[[Path], object], message: str, model: Model, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    harm(tmp_path / "model")
    with pytest.raises(ArtifactError, match=message) as caught:
        learners.load(tmp_path / "model")
    assert "\n" not in caught.value.message


def test_trees_of_other_features_are_refused(spec, tmp_path: Path) -> None:
    learners.fit(spec(TREES), make_rows()).save(tmp_path / "model")
    features = tmp_path / "model" / "predictor" / "features.json"
    features.write_text("{}")
    head = json.loads((tmp_path / "model" / "model.json").read_text())
    import hashlib

    digest = hashlib.sha256(b"{}").hexdigest()
    damage(tmp_path / "model", files={**head["files"], "predictor/features.json": digest})
    with pytest.raises(ArtifactError, match="do not belong together"):
        learners.load(tmp_path / "model")


def test_no_folder_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"There is no folder .*gone"):
        learners.load(tmp_path / "gone")
