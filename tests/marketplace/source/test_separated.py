"""CSV files as one table: types, columns, separators."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SourceError
from proml_lab.marketplace.source import Source, Table, open_table

VALUES = {
    "integer": ["1", "-7", "30"],
    "float": ["0.5", "-1.25", "3.0"],
    "time": ["2024-03-01T12:00:00Z", "2024-03-01T12:00:00+02:00"],
    "day": ["2024-03-01", "2024-02-29"],
    "flag": ["true", "false"],
    "text": ["a b", "c"],
}
FILES = ["x,y\n1,2\n", "x,y\n3,4\n"]


def folder(root: Path, *texts: str, end: str = "csv") -> Path:
    root.mkdir()
    for number, text in enumerate(texts):
        (root / f"{number}.{end}").write_text(text)
    return root


def read(path: Path, **more: object) -> pl.DataFrame:
    return opened(path, **more).read()


def opened(path: Path, **more: object) -> Table:
    return open_table(Source(path=str(path), **more), Path(), role="View 'a.b'")


@pytest.mark.parametrize("seed", range(25))
def test_a_table_cut_into_files_is_the_table(tmp_path: Path, seed: int) -> None:
    """Wherever it is cut, and with empty files among them."""
    rng = random.Random(seed)
    kinds = rng.choices([*VALUES], k=4)
    rate = rng.choice([0.2, 0.8])
    rows = [
        ",".join("" if rng.random() < rate else rng.choice(VALUES[kind]) for kind in kinds)
        for _ in range(12)
    ]
    head = "a,b,c,d\n"
    cuts = sorted(rng.choices(range(13), k=3))
    parts = [rows[i:j] for i, j in zip([0, *cuts], [*cuts, 12], strict=True)]
    whole = folder(tmp_path / "whole", head + "".join(f"{row}\n" for row in rows))
    many = folder(
        tmp_path / "many", *(head + "".join(f"{row}\n" for row in part) for part in parts)
    )
    one, other = read(whole / "0.csv"), read(many)
    assert other.schema == one.schema
    assert other.equals(one)
    assert opened(many).content() == opened(whole).content()


def test_integers_in_one_file_and_fractions_in_another(tmp_path: Path) -> None:
    made = folder(tmp_path / "t", "x\n1\n", "x\n1.5\n", "x\n")
    assert read(made)["x"].to_list() == [1.0, 1.5]


def test_text_in_one_file_makes_the_column_text(tmp_path: Path) -> None:
    """As in one file; who needs a number is told where the text is."""
    table = opened(folder(tmp_path / "t", "x,y\n1,1\n", "x,y\na,2\n"))
    assert table.read()["x"].to_list() == ["1", "a"]
    assert table.oddity("x") == (
        f"column 'x' is String in {tmp_path}/t/1.csv, and Int64 in {tmp_path}/t/0.csv"
    )
    assert table.oddity("y") == ""
    assert opened(tmp_path / "t" / "0.csv").oddity("x") == ""


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("x\n1\n", "column 'y' is absent in {0}/t/1.csv, and Int64 in {0}/t/0.csv"),
        ("x,y,z\n1,2,3\n", "column 'z' is Int64 in {0}/t/1.csv, and absent in {0}/t/0.csv"),
        (
            "y,x\n1,2\n",
            "the columns of {0}/t/1.csv stand in another order than those of {0}/t/0.csv",
        ),
    ],
)
def test_other_columns_are_refused_by_the_name_of_the_file(
    tmp_path: Path, second: str, said: str
) -> None:
    made = folder(tmp_path / "t", "x,y\n1,2\n", second)
    with pytest.raises(SourceError) as caught:
        read(made)
    assert str(caught.value) == (
        f"View 'a.b': {made} is not one table: {said.format(tmp_path)}.\n"
        "Hint: write the file again with the columns and types of the others."
    )


def test_tabs(tmp_path: Path) -> None:
    made = folder(tmp_path / "t", "x\ty\n1\ta,b\n", "x\ty\n\tNA\n", end="tsv")
    want = pl.DataFrame({"x": [1, None], "y": ["a,b", None]})
    assert read(made).equals(want)
    assert read(made / "0.tsv").equals(want[:1])
    with gzip.open(tmp_path / "t.tsv.gz", "wt") as file:
        file.write("x\ty\n1\ta,b\n")
    assert read(tmp_path / "t.tsv.gz").equals(want[:1])
    with pytest.raises(SourceError, match="found more fields than"):
        read(made / "0.tsv", separator=",")


def test_times_with_several_offsets_are_moments_and_mixed_ones_are_text(tmp_path: Path) -> None:
    made = folder(
        tmp_path / "t",
        "at\n2024-01-01T00:00:00Z\n2024-01-01T00:00:00+02:00\n",
        "at\n2024-01-01T00:00:00Z\n2024-01-01T00:00:00\n",
    )
    moments = read(made / "0.csv", time_zone="Europe/Berlin")["at"]
    assert moments.dtype == pl.Datetime("us", "UTC")
    assert moments.dt.strftime("%d %H").to_list() == ["01 00", "31 22"]
    assert read(made / "1.csv")["at"].dtype == pl.String
