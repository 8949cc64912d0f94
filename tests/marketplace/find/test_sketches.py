"""Sketches: the same entities and moments for every view, kept, and compared without a source."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find import sketches
from proml_lab.marketplace.find.sketches import grid, kept, near_equal, sketch
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import at

HOURS = 24 * 30


def made(
    folder: Path, name: str, rows: dict[str, object], *, timed: bool = True, **more: object
) -> FeatureView:
    pl.DataFrame(rows).write_parquet(folder / f"{name}.parquet")
    both = {"view": name, "source": f"{name}.parquet", "entities": ["k"]}
    clock = {"event_time": "t"} if timed else {}
    view = FeatureView.model_validate({**both, **clock, "features": {"x": "float"}, **more})
    return Catalog((view.at(folder),)).views[0]


def hourly(hours: Iterable[int], n: int = 3) -> dict[str, object]:
    """A value an hour and entity, which says both."""
    pairs = [(k, i) for i in hours for k in range(n)]
    return {
        "k": [k for k, _ in pairs],
        "t": [at(i) for _, i in pairs],
        "x": [float(k * 10_000 + i) for k, i in pairs],
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_grid_of_a_longer_time_is_a_part_of_that_of_a_shorter_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, short, more = (int(n) for n in rng.integers(1, 10 ** rng.integers(2, 15), 3))
    near, far = (
        grid(np.array([first, first + short])),
        grid(np.array([first + short + more, first])),
    )
    inside = far[far <= first + short]
    if near[0] != first + short and inside.size and far.size > 1:
        assert set(inside) <= set(near)
    for found, last in ((near, first + short), (far, first + short + more)):
        assert 1 <= found.size <= 64
        assert found.min() >= first
        assert found.max() <= last
        assert (np.diff(found) == np.diff(found)[0]).all() if found.size > 1 else found[0] == last


def test_at_one_moment_the_grid_is_that() -> None:
    assert grid(np.array([7, 7, 7])).tolist() == [7]
    assert grid(np.array([5, 8])).tolist() == [5, 6, 7, 8]


def test_values_are_those_of_the_moments(tmp_path: Path) -> None:
    found = sketch(made(tmp_path, "a.a", hourly(range(HOURS))))
    start = at(0)
    for k, moment, x in found.select("k", ":moment", "x").iter_rows():
        assert x == k * 10_000 + (moment - start).total_seconds() // 3600
    assert 3 * 32 < found.height <= 3 * 64


def test_the_same_entities_are_chosen_of_sources_that_share_some(tmp_path: Path) -> None:
    keys = np.arange(60_000)
    one = made(tmp_path, "a.a", {"k": keys, "x": keys * 1.0}, timed=False)
    other = made(
        tmp_path,
        "a.b",
        {"k": keys[::-1][:50_000].astype(np.int32), "x": keys[::-1][:50_000] * 1.0},
        timed=False,
    )
    a, b = sketch(one), sketch(other)
    assert (a.height, b.height) == (20_000, 20_000)
    assert a.join(b, on="k").height > 15_000
    found, timed = near_equal(one, [other], None)
    (pair,) = found.values()
    assert (pair.equal, timed) == (1.0, False)
    assert pair.n > 15_000


def test_a_source_that_has_grown_is_like_what_it_was(tmp_path: Path) -> None:
    """Of the common time the grids have moments in common, though the newest rows differ."""
    young = made(tmp_path, "a.a", hourly(range(HOURS)))
    old = made(tmp_path, "a.b", hourly(range(HOURS // 3)))
    moved = made(tmp_path, "a.c", hourly(range(1, HOURS + 1)) | {"x": hourly(range(HOURS))["x"]})
    found, timed = near_equal(young, [old, moved], None)
    assert timed
    assert [*found] == [("x", "a.b.x")]


def test_it_is_kept_by_what_the_view_means_and_its_source_is(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    view = made(tmp_path, "a.a", {"k": [1, 2], "x": [1.0, 2.0]}, timed=False)
    first = sketch(view, folder)
    (file,) = folder.iterdir()
    before = file.stat().st_mtime_ns
    assert sketch(view, folder).equals(first)
    assert file.stat().st_mtime_ns == before
    pl.DataFrame({"k": [1, 2], "x": [1.0, 3.0]}).write_parquet(tmp_path / "a.a.parquet")
    old = kept(file, view, None)
    assert old is not None
    assert old.equals(first)
    assert sorted(sketch(view, folder)["x"]) == [1.0, 3.0]
    twice = {"x": {"type": "float", "sql": "x * 2"}}
    other = made(tmp_path, "a.a", {"k": [1], "x": [1.0]}, timed=False, features=twice)
    assert sketch(other, folder)["x"].to_list() == [2.0]
    file.write_bytes(b"PAR1 no more")
    assert sketch(other, folder)["x"].to_list() == [2.0]
    assert [one.name for one in folder.iterdir()] == ["a.a.parquet"]


def test_where_nothing_can_be_kept_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    view = made(tmp_path, "a.a", {"k": [1], "x": [1.0]}, timed=False)
    assert sketch(view, tmp_path / "file")["x"].to_list() == [1.0]


def test_what_is_kept_is_compared_without_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"k": range(50), "x": [float(i) for i in range(50)]}
    views = [made(tmp_path, f"a.v{i}", rows, timed=False) for i in range(4)]
    monkeypatch.setattr(sketches, "N_MADE", 2)
    folder = tmp_path / "kept"
    others = ["a.v1.x", "a.v2.x"]
    assert [name for _, name in near_equal(views[0], views[1:], folder)[0]] == others
    for file in tmp_path.glob("a.v[123].parquet"):
        file.unlink()
    assert [name for _, name in near_equal(views[0], views[1:], folder)[0]] == others
    (tmp_path / "a.v0.parquet").unlink()
    assert near_equal(views[0], views[1:], folder) == ({}, False)


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    rows = {"k": range(30), "t": [at(1)] * 30, "x": [float(i) for i in range(30)]}
    static, timed = made(tmp_path, "a.a", rows, timed=False), made(tmp_path, "a.b", rows)
    texts = made(tmp_path, "a.c", {**rows, "k": [str(i) for i in range(30)]})
    lists = {"x": {"type": "list[float]"}}
    listed = made(tmp_path, "a.d", {**rows, "x": [[1.0]] * 30}, timed=False, features=lists)
    assert near_equal(static, [timed, texts, listed], None) == ({}, False)
    found, in_time = near_equal(timed, [static, texts, listed], None)
    assert ([*found], in_time) == ([("x", "a.a.x")], True)
