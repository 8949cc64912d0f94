"""Labels as numbers: what may be predicted for each task, and what may not."""

from __future__ import annotations

import numpy as np
import polars as pl

from proml_lab.contracts import Floats, Task
from proml_lab.errors import ColumnMissingError, DataError, choose


def label_values(frame: pl.DataFrame, column: str, task: Task) -> Floats:
    """(n,) the label as numbers: 0 and 1 (binary), counts from 0, or finite values.

    Raises
    ------
    ColumnMissingError
        `frame` has no such column.
    DataError
        Nulls, text, or values that do not fit the task.
    """
    label = _column(frame, column, "label")
    empty = label.is_null() | label.is_nan() if label.dtype.is_float() else label.is_null()
    if empty.any():
        raise DataError(
            f"The label {column!r} is missing in {empty.sum():,} of {len(label):,} rows.",
            hint="leave rows without a label out of the spine.",
        )
    if not label.dtype.is_numeric() and label.dtype != pl.Boolean:
        found = ", ".join(repr(value) for value in label.unique().sort().head(3).to_list())
        raise DataError(
            f"The label {column!r} is {label.dtype} (such as {found}), not a number.",
            hint="make it true or false, or a number, in the spine.",
        )
    return _fitting(label, task)


def row_values(frame: pl.DataFrame, column: str, role: str) -> Floats:
    """(n,) a row's weight or offset as numbers; `role` says which of the two it is.

    Raises
    ------
    ColumnMissingError
        `frame` has no such column.
    DataError
        Text, nulls, NaN, infinite values, or weights that are negative or nowhere above 0.
    """
    given = _column(frame, column, role)
    if not given.dtype.is_numeric():
        raise DataError(
            f"The {role} {column!r} is {given.dtype}, not a number.",
            hint="make it a number in the spine.",
        )
    values = np.ascontiguousarray(given.cast(pl.Float64).fill_null(np.nan).to_numpy())
    wrong = ~np.isfinite(values) | ((values < 0) if role == "weight" else False)
    if wrong.any():
        wanted = "a finite number from 0 up" if role == "weight" else "a finite number"
        raise DataError(
            f"The {role} {column!r} is {given[int(wrong.argmax())]} in {wrong.sum():,} of "
            f"{len(values):,} rows; it must be {wanted}.",
            hint="leave such rows out of the spine, or give them a value.",
        )
    if role == "weight" and len(values) and not values.any():
        raise DataError(
            f"The weight {column!r} is 0 in all {len(values):,} rows.",
            hint="rows with weight 0 teach nothing: give some a weight above 0.",
        )
    return values


def quantile_of(values: Floats, weights: Floats, level: float) -> float:
    """The least of `values` (n,) up to which lies at least `level` of all weight."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order])
    place = int(np.searchsorted(upto, level * upto[-1] * (1 - 1e-12), side="left"))
    return float(values[order][min(place, len(values) - 1)])


def require_variety(values: Floats, column: str, task: Task) -> None:
    """Raise DataError if the training label `values` (n,) are all the same."""
    if values.min() == values.max():
        what = "one class only:" if task == "binary" else "always"
        raise DataError(
            f"The label {column!r} is {what} {values[0]:g} in all {len(values):,} training rows.",
            hint="choose other rows or another split: there is nothing to learn.",
        )


def _fitting(label: pl.Series, task: Task) -> Floats:
    values = label.cast(pl.Float64).to_numpy()
    match task:
        case "binary":
            wrong = (values != 0) & (values != 1)
            wanted, other = "true or false, or 0 and 1", "use task regression or count."
        case "count":
            wrong = (values < 0) | (values != np.floor(values)) | np.isinf(values)
            wanted, other = "a whole number from 0 up", "use task regression."
        case "regression" | "quantile":
            wrong = np.full(len(values), label.dtype == pl.Boolean) | np.isinf(values)
            wanted = "a finite number"
            other = "leave rows with an infinite label out of the spine."
            if label.dtype == pl.Boolean:
                other = "use task binary for true and false."
        case _:
            raise DataError(
                f"The label {label.name!r} is multiclass: a model here gives one number a row.",
                hint="use task binary: one class against the rest.",
            )
    if wrong.any():
        raise DataError(
            f"The label {label.name!r} holds {label[int(wrong.argmax())]}; "
            f"for task {task} it is {wanted}.",
            hint=other,
        )
    return np.ascontiguousarray(values)


def _column(frame: pl.DataFrame, name: str, role: str) -> pl.Series:
    if name not in frame.columns:
        raise ColumnMissingError(
            f"The data has no {role} column {name!r}.", hint=choose(name, frame.columns)
        )
    return frame[name]
