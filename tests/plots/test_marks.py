from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import marks


def test_columns_of_every_form() -> None:
    packed = {"dtype": "f8", "bdata": "AAAAAAAA8D8AAAAAAAAAQA=="}
    assert marks.column(packed) == [1.0, 2.0]
    assert marks.column(np.array([1, 2])) == [1, 2]
    assert marks.column(pl.Series([1, 2])) == [1, 2]
    assert marks.column("a", 2) == ["a", "a"]
    assert marks.column(None, 2) == [None, None]


def test_colours_from_numbers_have_nine_steps() -> None:
    marker = {"color": list(np.linspace(0, 1, 500)), "colorscale": [(0, "#000000"), (1, "#ffffff")]}
    colours = marks.colours_of(marker, "#111111", 500)
    assert len(set(colours)) == marks.STEPS
    assert colours[0] < colours[-1]
    assert marks.colours_of({"color": ["#aaaaaa", "#bbbbbb"]}, "", 2) == ["#aaaaaa", "#bbbbbb"]
    assert marks.colours_of({}, "#cccccc", 2) == ["#cccccc", "#cccccc"]


def test_limits_of_the_scale_are_kept() -> None:
    scale = [(0, "#000000"), (1, "#ffffff")]
    marker = {"color": [0.0, 1.0], "colorscale": scale, "cmin": -100, "cmax": 100}
    assert len(set(marks.colours_of(marker, "", 2))) == 1


def test_error_bars_reach_their_bounds() -> None:
    error = {"array": [1, None], "arrayminus": [2, 1]}
    assert marks.reach(error, [10, 20]) == [8, 11]
    assert marks.reach({"array": [1]}, [10]) == [9, 11]
    assert marks.reach({"array": [1], "visible": False}, [10]) == []


def test_an_unknown_word_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"no mark 'c'\.\nHint: it knows a, b\."):
        marks.known("mark", ["a", "c"], ["b", "a"])
