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
    if column not in frame.columns:
        raise ColumnMissingError(
            f"The data has no label column {column!r}.", hint=choose(column, frame.columns)
        )
    label = frame[column]
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
        case "regression":
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
