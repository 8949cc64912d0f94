"""The check of a whole catalogue: every mistake, with its place."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.conftest import at

VIEW = """\
view: shop.sales
source: s.parquet
entities: [id]
event_time: time
features:
  x: float
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = {"id": [1], "time": [at(0)], "x": [1.5], "s": ["a"], "v": [[1.0]], "naive": [at(0)]}
    frame = pl.DataFrame(rows).with_columns(pl.col("naive").dt.replace_time_zone(None))
    frame.write_parquet(tmp_path / "s.parquet")
    return tmp_path


def checked(folder: Path, text: str, **more: str) -> list[tuple[str, int, str]]:
    for name, body in {"view": text, **more}.items():
        (folder / f"{name}.yaml").write_text(body, encoding="utf-8")
    files = sorted(folder.glob("*.yaml"))
    report = Catalog.read(files, root=folder).check()
    assert report.passed == (not report.found.height)
    return [
        (Path(file).name, line, problem)
        for file, line, problem in report.frame().select("file", "line", "problem").iter_rows()
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("s.parquet", "t.parquet", 2, "source: View 'shop.sales': there is no file "),
        ("[id]", "[ID]", 3, "entities.ID: View 'shop.sales': entity 'ID' reads column 'ID', which"),
        (
            "time: time",
            "time: when",
            4,
            "event_time: View 'shop.sales': event_time reads column 'w",
        ),
        ("[id]", "[x]", 3, "entities.x: View 'shop.sales': the key 'x' is Float64 in s.parquet."),
        ("[id]", "{id: v}", 3, "entities.id: View 'shop.sales': the key 'id' is List(Float64) in"),
        ("x: float", "y: {type: float, sql: x > 1}", 6, "features.y: 'y' is declared float, but x"),
        ("x: float", "y: {type: float, aggregate: last, of: x > 1, window: 1d}", 6, "features.y: "),
        ("time: time", "time: naive", 4, "event_time: View 'shop.sales' (s.parquet): column 'naiv"),
        ("time: time", "time: x", 4, "event_time: View 'shop.sales' (s.parquet): column 'x' is Fl"),
        ("x: float", "y: float", 6, "features.y: View 'shop.sales': feature 'y' reads column 'y'"),
        ("x: float", "s: float", 6, "features.s: 's' is declared float, but s is String."),
        ("x: float", "y: {type: float, sql: s}", 6, "features.y: 'y' is declared float, but s is"),
        ("x: float", "y: {type: float, sql: s - 1}", 6, "features.y: View 'shop.sales': feature '"),
        (
            "x: float",
            "y: {type: float, aggregate: mean, of: s, window: 1d}",
            6,
            "features.y: 'y' is declared float, but s is String.",
        ),
        (
            "x: float",
            "n: {type: integer, aggregate: count, where: x + 1, window: 1d}",
            6,
            "features.n: where 'x + 1' is Float64, not yes or no.",
        ),
    ],
)
def test_mistakes(folder: Path, old: str, new: str, line: int, told: str) -> None:
    ((file, where, problem),) = checked(folder, VIEW.replace(old, new))
    assert (file, where) == ("view.yaml", line)
    assert problem.startswith(told)


def test_all_mistakes_of_all_views(folder: Path) -> None:
    found = checked(
        folder,
        VIEW + "  s: float\n  v: integer\n",
        other="view: shop.other\nsource: no.parquet\nentities: [id]\nfeatures: {x: float}\n",
        derived="view: shop.derived\ninputs: {x: shop.sales.x}\n"
        "features:\n  y: {type: string, sql: x + 1}\n",
    )
    assert [(file, line) for file, line, _ in found] == [
        ("derived.yaml", 4), ("other.yaml", 2), ("view.yaml", 7), ("view.yaml", 8)
    ]  # fmt: skip
    assert found[0][2] == "features.y: 'y' is declared string, but x + 1 is Float64."


def test_what_may_be_declared(folder: Path) -> None:
    good = """\
  list: {type: 'list[float]', column: v}
  vector: {type: 'vector[1]', column: v}
  n: {type: integer, aggregate: count, of: s, window: 1d}
  late: {type: float, aggregate: mean, of: x > 1, window: 1d}
  total: {type: integer, aggregate: sum, of: x, window: 1d}
  age: {type: float, sql: extract(epoch from cutoff) - extract(epoch from time)}
  last: {type: string, aggregate: last, of: s, window: all}
"""
    assert checked(folder, VIEW + good) == []


@pytest.mark.parametrize("example", ["flights", "movies"])
def test_the_examples_pass(example: str, request: pytest.FixtureRequest) -> None:
    workspace: Workspace = request.getfixturevalue(example)
    report = workspace.catalog.check()
    assert report.passed
    assert str(report).endswith("features: all can be joined")


def test_the_report_reads_well(folder: Path) -> None:
    (folder / "view.yaml").write_text(VIEW.replace("x: float", "y: float"), encoding="utf-8")
    report = Catalog.read([folder / "view.yaml"], root=folder).check()
    assert str(report).splitlines() == [
        "1 view, 1 feature: 1 mistake",
        f"  {folder}/view.yaml:6: features.y: View 'shop.sales': feature 'y' reads column 'y', "
        "which s.parquet lacks.",
        "    choose one of id, naive, s, time, v, x.",
    ]
    shown = report._repr_mimebundle_()
    assert "shop.sales" in shown["text/html"].replace("<wbr>", "")
    assert "<script" not in shown["text/html"]
