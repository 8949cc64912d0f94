from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.authoring import fit
from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import ArtifactError, SourceError, UsageError
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
    with pytest.raises(UsageError, match="nothing here to keep in a file"):
        keep.write(3, tmp_path / "a")


def test_a_table_is_not_kept_under_the_name_of_another_kind_of_file(tmp_path: Path) -> None:
    rows = Rows(pl.DataFrame({"x": [1]}))
    with pytest.raises(UsageError, match=r"ends in '\.xlsx', .* as Parquet or CSV.\nHint: end the"):
        keep.write(rows, tmp_path / "a.xlsx")
    with pytest.raises(UsageError, match=r"ends in '\.csv', .* as Parquet\."):
        keep.write(Dataset(rows.frame()), tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_lists_have_no_form_in_csv(tmp_path: Path) -> None:
    rows = Rows(pl.DataFrame({"tags": [["a"], []]}))
    with pytest.raises(UsageError, match=r"A Rows has lists.*\nHint: .* ends in \.parquet"):
        keep.write(rows, tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())
    keep.write(rows, tmp_path / "a.parquet")


def test_what_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(UsageError, match="neither a spec, a dataset nor a model"):
        keep.read(tmp_path / "a.txt")
    keep.write(ModelSpec.parse(SPEC), tmp_path / "a.yaml")
    with pytest.raises(UsageError, match="is not a dataset"):
        keep.read_dataset(tmp_path / "a.yaml")


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(SourceError, match="is not a Parquet file"):
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB where this machine lets us make one, else a file, which is no folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    mounted = (
        shutil.which("mount") is not None
        and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    if not mounted:
        folder.rmdir()
        folder.touch()
    yield folder
    if mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def big(n: int = 200_000) -> Dataset:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"x": rng.normal(size=n), "late": rng.random(n) < 0.5})
    return Dataset(frame, label="late", features=("x",))


@dataclass(frozen=True)
class Rows:
    """A report of many rows."""

    rows: pl.DataFrame

    def frame(self) -> pl.DataFrame:
        return self.rows

    def figure(self) -> None:
        return None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("name", ["a.parquet", "rows.csv", "rows.parquet", "a.proml.yaml"])
def test_a_full_disk_keeps_nothing_and_says_so(small_disk: Path, name: str) -> None:
    made: dict[str, object] = {"a.parquet": big(), "a.proml.yaml": ModelSpec.parse(SPEC)}
    if small_disk.is_dir() and name == "a.proml.yaml":
        (small_disk / "full").write_bytes(bytes(1 << 20))
    before = sorted(small_disk.glob("*"))
    with pytest.raises(SourceError, match=rf"{name}' cannot be written: .+\.\nHint: free some sp"):
        keep.write(made.get(name, Rows(big().frame)), small_disk / name)
    assert sorted(small_disk.glob("*")) == before


def test_a_model_on_a_full_disk(small_disk: Path) -> None:
    spec = ModelSpec.parse(SPEC + "learner: baseline\n")
    model = fit(spec, big(100))
    if small_disk.is_dir():
        with contextlib.suppress(OSError):
            (small_disk / "full").write_bytes(bytes(2 << 20))
    before = sorted(small_disk.glob("*"))
    with pytest.raises((ArtifactError, SourceError), match=r"cannot be written.*\nHint: free some"):
        keep.write(model, small_disk / "models")
    assert sorted(small_disk.glob("*")) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=r"cannot be written: (File exists|Not a directory)"):
        keep.write(ModelSpec.parse(SPEC), tmp_path / "file" / "a.yaml")
