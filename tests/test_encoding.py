from __future__ import annotations

import random

import polars as pl
import pytest

from proml_lab.encoding import Encoding, described, unseen


def test_each_encoding_is_a_row() -> None:
    known = pl.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    told = described(
        [
            Encoding(("n",), "number", "as the mean", mean=2.0, scale=3.0),
            Encoding(("a", "b"), "entity", "m", "o", known, part="p"),
        ]
    )
    assert told.rows() == [
        ("n", "", "number", None, 2.0, 3.0, "as the mean", ""),
        ("a, b", "p", "entity", 2, None, None, "m", "o"),
    ]
    assert described([]).columns == told.columns


@pytest.mark.parametrize("seed", range(10))
def test_rows_with_unknown_levels_are_counted(seed: int) -> None:
    draw = random.Random(seed)
    rows = [(draw.choice("abcdef"), draw.choice([1, 2, 3, None])) for _ in range(40)]
    known = {(draw.choice("abcdef"), draw.choice([1, 2, 3])) for _ in range(6)}
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    pairs = pl.DataFrame(sorted(known), schema=["a", "b"], orient="row")
    told = unseen([Encoding(("a", "b"), "entity", "m", "o", pairs)], frame)
    new = [row for row in rows if None not in row and row not in known]
    example = ", ".join(map(str, new[0])) if new else None
    assert told.rows() == [("a, b", "", len(new), len(new) / 40, len(set(new)), example)]


def test_numbers_and_missing_values_are_never_unseen() -> None:
    known = pl.DataFrame({"c": ["true"]})
    said = [Encoding(("x",), "number", "m"), Encoding(("c",), "text", "m", "o", known)]
    frame = pl.DataFrame({"x": [9.0, None], "c": [True, None]})
    assert unseen(said, frame).rows() == [("c", "", 0, 0.0, 0, None)]
    assert unseen(said, frame.head(0)).rows() == [("c", "", 0, 0.0, 0, None)]
    assert unseen([], frame).columns == ["feature", "part", "rows", "share", "levels", "example"]
