"""Parts by file and period: the same as the whole, and only what is new is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.marketplace.know import parts as module
from proml_lab.marketplace.know.parts import by_period, by_rows, parts, unit_of
from proml_lab.marketplace.know.summary import merge, summarize
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView, at

FEATURES: dict[str, object] = {
    "x": "float", "s": "string", "twice": {"type": "float", "sql": "x * 2"},
}  # fmt: skip


def rows(seed: int, n: int = 500) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": rng.integers(0, 9, n),
            "time": [at(float(h)) for h in rng.integers(0, 24 * 60, n)],
            "x": pl.Series(rng.normal(size=n)).set(pl.Series(rng.random(n) < 0.1), None),
            "s": rng.choice(["a", "b", "c"], n),
        }
    )


def folder_view(folder: Path, n: int, **fields: object) -> FeatureView:
    (folder / "rows").mkdir(exist_ok=True)
    for i in range(n):
        rows(i).write_parquet(folder / "rows" / f"{i}.parquet")
    said = {"view": "shop.sales", "source": "rows", "entities": ["id"], "event_time": "time"}
    return FeatureView.model_validate({**said, "features": FEATURES, **fields}).at(folder)


def whole(found: list, name: str):
    return merge([one for part in found for (feature, _), one in part.found.items()
                  if feature == name])  # fmt: skip


def test_files_and_periods_together_are_the_whole(tmp_path: Path) -> None:
    view = folder_view(tmp_path, 4)
    found = parts(view, by_rows(view), unit="week")
    frame = view.table.read()
    assert len(found) == 4
    for name, column in (("x", frame["x"]), ("s", frame["s"]), ("twice", frame["x"] * 2)):
        one, want = whole(found, name), summarize(column)
        assert (one.n, one.nulls, one.n_distinct) == (2000, want.nulls, want.n_distinct)
        assert one.texts == want.texts
        np.testing.assert_array_equal(one.quantiles([0, 0.1, 0.5, 1]),
                                      want.quantiles([0, 0.1, 0.5, 1]))  # fmt: skip
    starts = {start for part in found for _, start in part.found}
    want_starts = set(frame["time"].dt.truncate("1w"))
    assert starts == want_starts


def test_sorted_or_not_and_null_times() -> None:
    frame = rows(3)
    gaps = pl.Series([None, *frame["time"].to_list()[1:]], dtype=pl.Datetime("us", "UTC"))
    for frame_, times in (
        (frame, frame["time"]), (frame.sort("time"), frame["time"].sort()), (frame, gaps),
    ):  # fmt: skip
        found = by_period({"x": frame_["x"]}, times, unit="day")
        days = times.dt.truncate("1d")
        assert {start for _, start in found} == set(days)
        for (_, start), one in found.items():
            inside = days.is_null() if start is None else days == start
            want = summarize(frame_["x"].filter(inside.fill_null(False)))
            assert (one.n, one.nulls, one.low) == pytest.approx((want.n, want.nulls, want.low))
    assert [*by_period({"x": frame["x"]}, None, unit=None)] == [("x", None)]
    assert by_period({}, None, unit=None) == {}


def test_only_new_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view, cache = folder_view(tmp_path, 3), tmp_path / "cache"
    read: list[int] = []
    real = module.summarized

    def counted(view, frame, names, *, unit):
        read.append(frame.height)
        return real(view, frame, names, unit=unit)

    monkeypatch.setattr(module, "summarized", counted)
    first = parts(view, by_rows(view), unit="week", cache=cache)
    again = parts(view, by_rows(view), unit="week", cache=cache)
    assert len(read) == 3
    for part, other in zip(first, again, strict=True):
        assert part.found.keys() == other.found.keys()
        for key, one in part.found.items():
            kept = other.found[key]
            assert (one.n, one.nulls, one.whole, one.texts) == (
                kept.n, kept.nulls, kept.whole, kept.texts,
            )  # fmt: skip
            np.testing.assert_array_equal(one.values, kept.values)
            np.testing.assert_array_equal(one.registers, kept.registers)
    rows(9, 77).write_parquet(tmp_path / "rows" / "9.parquet")
    parts(view, by_rows(view), unit="week", cache=cache)
    assert read[3:] == [77]
    kept = sorted((cache / "shop.sales").iterdir())
    assert len(kept) == 4
    kept[0].write_bytes(b"broken")
    (tmp_path / "rows" / "1.parquet").unlink()
    n_before = len(read)
    parts(view, by_rows(view), unit="week", cache=cache)
    assert len(read) - n_before <= 1
    assert len([*(cache / "shop.sales").iterdir()]) == 3
    parts(view, by_rows(view), unit="day", cache=cache)
    assert len(read) - n_before >= 3


def test_where_nothing_can_be_kept_the_result_is_the_same(tmp_path: Path) -> None:
    view = folder_view(tmp_path, 2)
    (tmp_path / "file").touch()
    found = parts(view, ["x"], unit=None, cache=tmp_path / "file")
    assert whole(found, "x").n == 1000


def test_columns_in_the_path_and_files_of_other_types_are_read_as_one(tmp_path: Path) -> None:
    for day in (1, 2):
        place = tmp_path / "rows" / f"day={day}"
        place.mkdir(parents=True)
        rows(day).write_parquet(place / "a.parquet")
    view = folder_view(tmp_path, 0, features={"day": "integer"})
    (one,) = parts(view, ["day"], unit=None)
    assert one.found["day", None].counts.tolist() == [500, 500]


def test_a_view_without_time_and_one_that_lacks_a_column(make_view: MakeView) -> None:
    view = make_view({"id": [1, 2], "x": [1.0, 2.0]}, event_time=None, features={"x": "float"})
    (one,) = parts(view, by_rows(view), unit=None)
    assert [*one.found] == [("x", None)]
    view = make_view({"id": [1]}, event_time=None, features={"x": "float"})
    with pytest.raises(ColumnMissingError, match="reads column 'x'"):
        parts(view, ["x"], unit=None)


def test_units_and_which_features_stand_in_rows(make_view: MakeView) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for days, unit in ((0.1, "hour"), (4, "day"), (28, "week"), (120, "month"), (1460, "year")):
        assert unit_of(start, start + timedelta(days=days)) == unit
    view = make_view(
        {"id": [1], "time": [at(0)], "x": [1.0]},
        features={
            "x": "float",
            "n": {"type": "integer", "aggregate": "count", "window": "1d"},
            "age": {"type": "float", "sql": "extract(epoch from cutoff)"},
        },
    )
    assert by_rows(view) == ["x"]
