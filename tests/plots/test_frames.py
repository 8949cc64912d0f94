from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.frames import groups, require


def test_a_missing_column_is_named_with_what_there_is() -> None:
    with pytest.raises(
        ColumnMissingError, match=r"The bar needs a column 'n'\.\nHint: .* has a, b"
    ):
        require(pl.DataFrame({"a": [1], "b": [2]}), "bar", "a", "n")
    with pytest.raises(ColumnMissingError, match="the frame has no columns"):
        require(pl.DataFrame(), "bar", "a")


def test_groups_keep_the_order_of_appearance() -> None:
    frame = pl.DataFrame({"m": ["b", "a", "b"], "x": [1, 2, 3]})
    assert [(name, part["x"].to_list()) for name, part in groups(frame, "m")] == [
        ("b", [1, 3]),
        ("a", [2]),
    ]
