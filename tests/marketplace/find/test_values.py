"""How values compare, against counts made by hand."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find import values
from proml_lab.marketplace.find.values import Pair, beside, compared, pair_of
from proml_lab.marketplace.view import FeatureView


def view(folder: Path, name: str, key: str = "k", **columns: list[object]) -> FeatureView:
    n = len(next(iter(columns.values())))
    pl.DataFrame({key: range(n), **columns}, strict=False).write_parquet(folder / f"{name}.parquet")
    kinds = {float: "float", bool: "boolean", str: "string", list: "list[float]"}
    types = {
        column: next(kinds[type(value)] for value in some if value is not None)
        for column, some in columns.items()
    }
    said = {"view": name, "source": f"{name}.parquet", "entities": [key], "features": types}
    return FeatureView.model_validate(said).at(folder)


def by_hand(a: list[object], b: list[object]) -> tuple[int, float, float]:
    """n, the share of equal values, and that beyond chance."""
    both = [(x, y) for x, y in zip(a, b, strict=True) if x is not None or y is not None]
    equal = sum(x == y for x, y in both) / len(both)
    met = sum(x == y for x, _ in both for _, y in both) / len(both) ** 2
    return len(both), equal, (equal - met) / (1 - met) if met < 1 else 0.0


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_counts_by_hand(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    a: list[object] = [rng.choice([None, 1.0, 2.0, 3.0]) for _ in range(50)]
    b: list[object] = [x if rng.random() < 0.9 else rng.choice([None, 1.0, 4.0]) for x in a]
    catalog = Catalog((view(tmp_path, "a.a", x=a), view(tmp_path, "a.b", y=b)))
    found = compared(catalog, catalog.views[0], ["x"], ["a.b.y"])
    (pair,) = found.pairs.values()
    assert (pair.n, pair.equal, pair.agreement) == pytest.approx(by_hand(a, b))
    assert (found.others, found.unread) == (("a.b.y",), {})
    near = pair_of(pl.Series(a, dtype=pl.Float64), pl.Series(b, dtype=pl.Float64), equal_only=True)
    kept = pair.equal >= 0.9 and pair.agreement >= 0.9
    assert near == (Pair(pair.n, pair.equal, pair.agreement) if kept else None)


def test_what_cannot_be_equal_is_not_compared(tmp_path: Path) -> None:
    one = view(tmp_path, "a.a", x=[1.0, 2.0], listed=[[1.0], [2.0]])
    other = view(tmp_path, "a.b", text=["1", "2"], listed=[[1.0], [2.0]])
    elsewhere = view(tmp_path, "a.c", "j", x=[1.0, 2.0])
    catalog = Catalog((one, other, elsewhere))
    found = compared(
        catalog, catalog.views[0], ["x", "listed"], ["a.b.text", "a.b.listed", "a.c.x"]
    )
    assert (found.pairs, found.others, found.unread) == ({}, (), {})


def test_no_more_than_some_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a.v{i}" for i in range(4)]
    catalog = Catalog(tuple(view(tmp_path, name, x=[1.0, 2.0], y=[2.0, 1.0]) for name in names))
    first = catalog.views[0]
    others = [one for one in beside(catalog, first) if not one.startswith("a.v0.")]
    assert others == [f"{name}.{short}" for name in names[1:] for short in "xy"]
    monkeypatch.setattr(values, "N_VIEWS", 2)
    assert compared(catalog, first, ["x"], others).others == tuple(others[:4])
    monkeypatch.setattr(values, "N_COMPARED", 3)
    assert compared(catalog, first, ["x"], others).others == tuple(others[:3])


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    catalog = Catalog((view(tmp_path, "a.a", x=[1.0]), view(tmp_path, "a.b", x=[1.0])))
    (tmp_path / "a.b.parquet").unlink()
    found = compared(catalog, catalog.views[0], ["x"], ["a.b.x"])
    assert "a.b.parquet" in found.unread["a.b.x"]
    own = compared(catalog, catalog.views[1], ["x"], ["a.a.x"])
    assert (own.others, [*own.unread]) == ((), ["a.b.x"])


def test_the_views_of_the_same_source_come_first(tmp_path: Path) -> None:
    first, second = view(tmp_path, "a.a", x=[1.0]), view(tmp_path, "a.b", x=[1.0])
    third = first.model_copy(update={"view": "a.c"})
    catalog = Catalog((second, third, first, view(tmp_path, "a.d", "j", x=[1.0])))
    assert [*beside(catalog, catalog.view("a.a"))] == ["a.a.x", "a.c.x", "a.b.x"]
