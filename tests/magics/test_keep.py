from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import SourceError, UsageError
from proml_lab.magics import keep
from proml_lab.spec import ModelSpec

SPEC = "name: delay\nlabel: late\nspine: {source: flights}\nsplit: {by: random}\n"


@pytest.fixture
def train() -> Dataset:
    frame = pl.DataFrame(
        {
            "id": ["a", "b", None],
            "t": [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
            "x": [1.0, None, 3.0],
            "late": [True, False, True],
        }
    )
    origin = Origin("weather.hourly", "sources/w.parquet", "0" * 32, 9, ("x",), "x")
    return Dataset(
        frame, label="late", entities=("id",), cutoff="t", features=("x",), origins=(origin,)
    )


def test_a_dataset_comes_back_with_its_roles(train: Dataset, tmp_path: Path) -> None:
    keep.write(train, tmp_path / "new" / "train.parquet")
    again = keep.read(tmp_path / "new" / "train.parquet")
    assert isinstance(again, Dataset)
    assert again.frame.equals(train.frame)
    assert again.schema.equals(train.schema)
    assert (again.label, again.entities, again.cutoff) == ("late", ("id",), "t")
    assert again.origins == train.origins
    assert keep.read_dataset(tmp_path / "new" / "train.parquet").features == ("x",)


def test_a_parquet_file_of_others_is_a_dataset_without_roles(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "x.parquet")
    again = keep.read_dataset(tmp_path / "x.parquet")
    assert (again.label, again.features) == (None, ())


def test_a_spec_comes_back(tmp_path: Path) -> None:
    spec = ModelSpec.parse(SPEC)
    keep.write(spec, tmp_path / "a.proml.yaml")
    assert keep.read(tmp_path / "a.proml.yaml") == spec


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"a\.yaml' is there already"):
        keep.write(ModelSpec.parse(SPEC), tmp_path / "a.yaml")
    assert (tmp_path / "a.yaml").read_text() == "mine"


def test_what_has_no_form_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A int cannot be kept in a file"):
        keep.write(3, tmp_path / "a")


def test_what_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(UsageError, match="neither a spec, a dataset nor a model"):
        keep.read(tmp_path / "a.txt")
    keep.write(ModelSpec.parse(SPEC), tmp_path / "a.yaml")
    with pytest.raises(UsageError, match="is not a dataset"):
        keep.read_dataset(tmp_path / "a.yaml")


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        keep.read(tmp_path / "a.parquet")


def test_roles_that_are_damaged(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "a.parquet", metadata={keep.ROLES: "{"})
    with pytest.raises(SourceError, match="the roles of its columns are damaged"):
        keep.read(tmp_path / "a.parquet")


def test_readable(tmp_path: Path) -> None:
    keep.write(ModelSpec.parse(SPEC), tmp_path / "a.proml.yaml")
    (tmp_path / "gbm").mkdir()
    (tmp_path / "gbm" / "model.json").touch()
    (tmp_path / "other.txt").touch()
    names = [Path(name).name for name in keep.readable(tmp_path)]
    assert names == ["a.proml.yaml", "gbm"]
