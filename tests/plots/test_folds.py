from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.folds import concerned, folds
from proml_lab.plots.svg import to_svg


def test_a_dot_a_fold_and_their_mean() -> None:
    made = folds(pl.DataFrame({"fold": [2, 1, 3], "value": [0.5, 0.7, None]}), metric="auc")
    mean, dots = made.data
    assert (list(dots.x), list(dots.y)) == (["1", "2"], [0.7, 0.5])
    assert list(mean.y) == pytest.approx([0.6, 0.6])
    assert "auc in each fold" in to_svg(made)


def test_without_values_there_is_no_mean() -> None:
    made = folds(
        pl.DataFrame({"fold": [1], "value": [None]}, schema_overrides={"value": pl.Float64}),
        metric="auc",
    )
    assert [len(trace.x) for trace in made.data] == [0]


def test_a_bar_a_check() -> None:
    frame = pl.DataFrame({"code": ["LK001"], "subject": ["<who>"], "share": [0.25]})
    made = concerned(frame)
    assert list(made.data[0].y) == ["LK001 &lt;who&gt;"]
    assert "25" in to_svg(made)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnMissingError, match="picture of folds needs a column 'value'"):
        folds(pl.DataFrame({"fold": [1]}), metric="auc")
    with pytest.raises(ColumnMissingError, match="picture of leaks needs a column 'share'"):
        concerned(pl.DataFrame({"code": ["a"], "subject": ["b"]}))
