"""What every picture asks of the frame that it draws."""

from __future__ import annotations

import polars as pl

from proml_lab.errors import ColumnMissingError


def require(frame: pl.DataFrame, picture: str, *columns: str) -> None:
    """Raise ColumnMissingError where `frame` lacks a column that the `picture` draws."""
    for column in columns:
        if column not in frame.columns:
            raise ColumnMissingError(
                f"The {picture} needs a column {column!r}.",
                hint=f"the frame has {', '.join(frame.columns) or 'no columns'}.",
            )


def groups(frame: pl.DataFrame, by: str) -> list[tuple[object, pl.DataFrame]]:
    """(value, its rows) for each value of `by`, in order of appearance."""
    parts = frame.partition_by(by, maintain_order=True)
    return [(part[by][0], part) for part in parts]
