from __future__ import annotations

from pathlib import Path

import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.publish.duplicates import Duplicate, duplicates
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import at


def made(name: str, features: dict[str, object], **fields: object) -> FeatureView:
    both = {"view": name, "source": "s.parquet", "entities": ["k"], "event_time": "t", **fields}
    return FeatureView.model_validate({**both, "features": features})


def look(new: FeatureView, *others: FeatureView) -> tuple[Duplicate, ...]:
    (linked,) = Catalog((new,)).views
    catalog = Catalog(others)
    return duplicates(linked, catalog, catalog.index)


def kept(folder: Path, name: str, features: dict[str, object], **columns: object) -> FeatureView:
    """A view of 40 entities, one row each, or of what `columns` have."""
    rows = {"k": range(40), "t": [at(1)] * 40, **columns}
    frame = pl.DataFrame(rows)
    frame.write_parquet(folder / f"{name}.parquet")
    timed = {"event_time": "t"} if "t" in columns else {"event_time": None}
    return made(name, features, source=f"{name}.parquet", **timed).at(folder)


def test_the_same_formula_over_the_same_rows() -> None:
    new = made("a.new", {"x": {"type": "float", "sql": "p + q > 2"}, "z": "float"})
    there = made("a.old", {"y": {"type": "float", "sql": "2 < (Q)+P".lower()}, "w": "float"})
    (found,) = look(new, there, made("a.new", {"x": "float"}))
    assert (found.feature, found.other) == ("x", "a.old.y")
    assert found.why == "the same formula over the same rows"


def test_the_same_words() -> None:
    new = made("a.new", {"x": {"type": "float", "description": "Rain of  the last hour."}})
    there = made(
        "a.old",
        {
            "x": {"type": "float", "description": "rain of the last hour."},
            "x_mm": {"type": "float", "description": "rain of the last hour"},
            "z": {"type": "float", "description": "snow on the ground"},
        },
        source="r.parquet",
    )
    found = {one.other: one.why for one in look(new, there)}
    assert found == {
        "a.old.x": "the same name and description",
        "a.old.x_mm": "nearly the same name and description",
    }


def test_a_name_alone_is_no_duplicate() -> None:
    assert look(made("a.new", {"x": "float"}), made("a.old", {"x": "float"}, source="r")) == ()


def test_other_rows_keys_or_clocks_make_another_feature() -> None:
    new = made("a.new", {"x": "float"})
    others = [
        made("a.b", {"x": "float"}, source="r.parquet"),
        made("a.c", {"x": "float"}, entities=["j"]),
        made("a.d", {"x": "float"}, known_at={"delay": "1h"}),
        made("a.e", {"x": {"type": "float", "default": 0.0}}),
        made("a.f", {"x": {"type": "float", "column": "y"}}),
        made("a.g", {"x": "integer"}),
    ]
    assert look(new, *others) == ()


def test_the_same_values(tmp_path: Path) -> None:
    """Also of another type and name; told with the share, and never more than that."""
    x = [float(i % 37) for i in range(40)]
    one_off = [*x[:-1], -1.0]
    new = kept(tmp_path, "a.new", {"x": "float", "n": "float"}, x=x, n=[1.0] * 40)
    there = kept(
        tmp_path,
        "a.old",
        {"same": "integer", "near": "float", "far": "float", "m": "float", "text": "string"},
        same=[int(i) for i in x], near=one_off, far=x[::-1], m=[1.0] * 40, text=[str(i) for i in x],
    )  # fmt: skip
    assert look(new, there) == (
        Duplicate("x", "a.old.same", "the same values in 100 % of 40 entities"),
        Duplicate("x", "a.old.near", "the same values in 97.5 % of 40 entities"),
    )


def test_values_are_those_of_one_moment(tmp_path: Path) -> None:
    """A source that is a day behind has the same feature, and other newest values."""
    n = 60
    rows = {"k": [i % 3 for i in range(n)], "t": [at(i) for i in range(n)]}
    x = [float((7 * i) % 31) for i in range(n)]
    new = kept(tmp_path, "a.new", {"x": "float"}, **rows, x=x)
    late = {**rows, "t": [at(i + 24) for i in range(n)]}
    old = kept(tmp_path, "a.old", {"y": "float"}, **rows, y=x)
    behind = kept(tmp_path, "a.late", {"y": "float"}, **late, y=x)
    found = look(new, old, behind)
    assert found == (Duplicate("x", "a.old.y", "the same values in 100 % of 146 moments"),)


def test_of_few_values_nobody_can_tell(tmp_path: Path) -> None:
    few = [1.0, 2.0, 3.0, *[None] * 37]
    new = kept(tmp_path, "a.new", {"x": "float"}, x=few)
    assert look(new, kept(tmp_path, "a.old", {"y": "float"}, y=few)) == ()


def test_a_source_that_cannot_be_read_is_not_compared(tmp_path: Path) -> None:
    x = [float(i) for i in range(40)]
    new = kept(tmp_path, "a.new", {"x": "float"}, x=x)
    (tmp_path / "gone").mkdir()
    gone = made("a.gone", {"y": "float"}, source="gone.parquet").at(tmp_path)
    old = kept(tmp_path, "a.old", {"y": "float"}, y=x)
    assert [one.other for one in look(new, gone, old)] == ["a.old.y"]
