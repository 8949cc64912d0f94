"""Sources in files: one, a folder, a pattern; Parquet, CSV and Arrow."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DataError, SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Source, Table, open_table
from tests.promote.stranger import open_folder, unprivileged


def opened(path: Path) -> Table:
    return open_table(path, Path(), role="The spine")


def test_the_content_is_that_of_the_table_whatever_the_file(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(1000), "b": ["x", None] * 500})
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    frame.write_parquet(one)
    frame.reverse().select("b", "a").write_parquet(
        other, row_group_size=77, compression="uncompressed"
    )
    assert opened(one).content() == opened(other).content() == fingerprint(frame)
    frame.with_columns(a=pl.col("a") + 1).write_parquet(one)
    assert opened(one).content() != fingerprint(frame)


def test_content_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match=r"The spine: .*a.parquet is not a Parquet file"):
        opened(file).content()


@pytest.mark.parametrize("place", ["closed/a.parquet", "closed", "closed/*.parquet", "a" * 300])
def test_a_place_that_the_system_does_not_give(place: str) -> None:
    with open_folder() as folder:
        (folder / "closed").mkdir(mode=0o700)
        pl.DataFrame({"a": [1]}).write_parquet(folder / "closed" / "a.parquet")
        with unprivileged(), pytest.raises(SourceError) as caught:
            said(folder, path=place).schema()
        assert str(folder / place) in caught.value.message or "closed" in caught.value.message
        assert caught.value.hint


def said(root: Path, **source: object) -> Table:
    return open_table(Source.model_validate(source), root, role="View 'a.b'")


def test_csv_with_types_from_all_rows_nulls_separators_and_quotes(tmp_path: Path) -> None:
    noon = "2024-03-01T12:00:00Z"
    text = f'id;x;s;at;day\n1;;"a;b";{noon};2024-02-29\n2;-;NA;;\n3;0.5;c;{noon};\n'
    (tmp_path / "a.csv").write_text(text)
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(text)
    for name in ("a.csv", "b.csv.gz"):
        read = said(tmp_path, path=name, separator=";", nulls=["", "-", "NA"]).read()
        assert read.schema["at"] == pl.Datetime("us", "UTC")
        assert read.schema["day"] == pl.Date
        assert read["x"].to_list() == [None, None, 0.5]
        assert read["s"].to_list() == ["a;b", None, "c"]
    assert (
        said(tmp_path, path="a.csv").content()
        != said(tmp_path, path="a.csv", separator=";").content()
    )


def test_times_without_a_zone_when_clocks_change(tmp_path: Path) -> None:
    twice, left_out = tmp_path / "twice.csv", tmp_path / "left.csv"
    twice.write_text("at\n2024-10-27T01:30:00\n2024-10-27T02:30:00\n")
    left_out.write_text("at\n2024-03-31T02:30:00\n")
    assert said(tmp_path, path="twice.csv").schema() == {"at": pl.Datetime("us")}
    read = said(tmp_path, path="twice.csv", time_zone="Europe/Berlin").read()
    assert [one.hour for one in read["at"]] == [23, 1]
    with pytest.raises(DataError, match=r"has the time 2024-03-31 02:30:00, which the clocks"):
        said(tmp_path, path="left.csv", time_zone="Europe/Berlin").read()


def test_folders_of_partitions_plain_and_hive_and_patterns(tmp_path: Path) -> None:
    plain, hive = tmp_path / "plain", tmp_path / "hive"
    for number in range(2):
        (plain / str(number)).mkdir(parents=True)
        (hive / f"day=2024-03-0{number + 1}").mkdir(parents=True)
        frame = pl.DataFrame({"x": [number]})
        frame.write_parquet(plain / str(number) / "0.parquet")
        frame.write_parquet(hive / f"day=2024-03-0{number + 1}" / "0.parquet")
    assert said(tmp_path, path="plain").read()["x"].to_list() == [0, 1]
    assert said(tmp_path, path="plain/*/0.parquet").read().height == 2
    table = said(tmp_path, path="hive")
    assert table.read().to_dict(as_series=False) == {
        "x": [0, 1],
        "day": [date(2024, 3, 1), date(2024, 3, 2)],
    }
    before = table.state, table.content()
    (hive / "day=2024-03-03").mkdir()
    pl.DataFrame({"x": [2]}).write_parquet(hive / "day=2024-03-03" / "0.parquet")
    later = said(tmp_path, path="hive")
    assert later.read().height == 3
    assert (later.state, later.content()) != before
    with pytest.raises(SourceError, match=r"no file is called .*zz-\*"):
        said(tmp_path, path="zz-*.parquet").read()


def test_files_of_one_table_with_different_columns(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "t" / "0.parquet")
    pl.DataFrame({"x": ["1"]}).write_parquet(tmp_path / "t" / "1.parquet")
    with pytest.raises(SourceError, match=r"column 'x' is String in .*1\.parquet, and Int64"):
        said(tmp_path, path="t").read()


def test_a_file_that_is_gone_after_it_was_found(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(file)
    rows = said(tmp_path, path="a.parquet")
    assert rows.n_rows() == 1
    file.unlink()
    for ask in (Table.read, Table.schema, Table.content, Table.n_rows):
        with pytest.raises(SourceError, match=r"there is no file .*a\.parquet"):
            ask(rows)


def test_arrow_and_feather(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1, 2]})
    for name in ("a.arrow", "a.feather", "a.ipc"):
        frame.write_ipc(tmp_path / name)
        assert said(tmp_path, path=name).read().equals(frame)
    (tmp_path / "b.arrow").write_bytes(b"none of the kind")
    with pytest.raises(SourceError, match=r"b\.arrow"):
        said(tmp_path, path="b.arrow").read()


def test_where_a_file_was_looked_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "sources" / "empty").mkdir(parents=True)
    for name in ("a.parquet", "no-ending", "sources/orders.csv"):
        (tmp_path / name).write_bytes(b"")
    for path, place, hint in (
        ("nope.parquet", "nope.parquet", f"{tmp_path} has a.parquet."),
        ("sources/order", "sources/order", f"did you mean 'orders.csv', in {tmp_path}/sources?"),
        (
            "sources/empty/x.pq",
            "sources/empty/x.pq",
            f"there is no Parquet, CSV or Arrow file in {tmp_path}/sources/empty.",
        ),
        ("no/x.parquet", "no/x.parquet", f"there is no folder {tmp_path}/no either."),
        ("sources/../x.parquet", "x.parquet", f"{tmp_path} has a.parquet."),
    ):
        with pytest.raises(SourceError) as caught:
            said(tmp_path, path=path).read()
        assert caught.value.message == f"View 'a.b': there is no file {tmp_path}/{place}."
        assert caught.value.hint == hint


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_separator_is_named(tmp_path: Path, sign: str) -> None:
    rows = ["id;at;x", "1;2024-01-01;2,5,6", "2;2024-01-02;3"]
    (tmp_path / "t.csv").write_text("\n".join(rows).replace(";", sign))
    with pytest.raises(SourceError) as caught:
        said(tmp_path, path="t.csv").read()
    stated = json.dumps(sign)
    assert str(caught.value).splitlines() == [
        f"View 'a.b': the columns of {tmp_path}/t.csv stand apart by {sign!r}, not by ','.",
        f"Hint: say so: source: {{path: …, separator: {stated}}}.",
    ]
    table = said(tmp_path, path="t.csv", separator=sign)
    assert table.read().columns == ["id", "at", "x"]


@pytest.mark.parametrize("folder", [False, True])
def test_bytes_that_are_no_text_are_no_csv(tmp_path: Path, folder: bool) -> None:
    frame = pl.DataFrame({"x": [1, 2]})
    (tmp_path / "t").mkdir()
    frame.write_csv(tmp_path / "t" / "0.csv")
    frame.write_parquet(tmp_path / "t" / "1.parquet")
    table = said(tmp_path, path="t" if folder else "t/1.parquet", format="csv")
    for ask in (Table.read, Table.schema, Table.content, Table.n_rows):
        with pytest.raises(SourceError) as caught:
            ask(table)
        assert str(caught.value).splitlines() == [
            f"View 'a.b': {tmp_path}/t/1.parquet is no CSV file in UTF-8: there are NUL bytes in "
            "it.",
            "Hint: leave out the format, or name that of the file: parquet or arrow; write UTF-16 "
            "again as UTF-8.",
        ]


def test_packed_csv_is_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": range(5000)})
    text = frame.write_csv().encode()
    for name, packed in (("a.csv.gz", gzip.compress(text)), ("b.csv", zlib.compress(text))):
        (tmp_path / name).write_bytes(packed)
        assert said(tmp_path, path=name).read().equals(frame)
