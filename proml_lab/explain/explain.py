"""Explains a model: additive contributions of every feature, checked before they are shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proml_lab.contracts import Contributions, Floats
from proml_lab.errors import DataError, ProMLError, UsageError
from proml_lab.explain.explanation import Explanation
from proml_lab.model import Model, as_frame

TOLERANCE = 1e-9


def explain(
    model: Model,
    on: object = None,
    *,
    rows: int = 2000,
    seed: int = 7,
    also: Sequence[int] = (),
) -> Explanation:
    """Why `model` predicts what it predicts.

    Parameters
    ----------
    model
        A fitted model.
    on
        Rows to explain: a Dataset or frame with the columns that the model reads; the model's
        held-out rows if None.
    rows, seed
        At most so many rows are explained; of more, a sample is drawn with `seed`.
    also
        Numbers of rows that are explained in any case.

    Raises
    ------
    UsageError
        No rows are given and the model has no held-out rows, `rows` is below one, or a row of
        `also` is not there.
    DataError
        `on` has no rows.
    ColumnMissingError
        `on` lacks a column that the model reads.
    ProMLError
        The learner's contributions do not add up to its scores (to 1e-9 of their size).
    """
    if rows < 1:
        raise UsageError(f"rows is {rows}.", hint="explain one row at least.")
    given = on if on is not None else model.test
    if given is None:
        raise UsageError(
            f"Model {model.name!r} has no held-out rows in memory.",
            hint="say which rows to explain: explain(model, on=frame).",
        )
    frame = as_frame(given)
    if not frame.height:
        raise DataError("There are no rows to explain.", hint="give a frame with rows.")
    absent = [row for row in also if not 0 <= row < frame.height]
    if absent:
        raise UsageError(
            f"There is no row {absent[0]:,}.", hint=f"rows are 0 to {frame.height - 1:,}."
        )
    chosen = np.union1d(_sample(frame.height, rows, seed), np.asarray(also, np.int64))
    part = frame if len(chosen) == frame.height else frame[chosen]
    found = model.contributions(part)
    check_additive(found, model.raw(part), model.learner)
    return Explanation(
        model=model.name,
        learner=model.learner,
        label=model.spec.label.column,
        task=model.task,
        contributions=found,
        rows=chosen,
        n_all=frame.height,
        seed=seed,
    )


def check_additive(found: Contributions, raw: Floats, learner: str) -> None:
    """Raise ProMLError unless base and contributions of every row sum to its raw score.

    The difference allowed is 1e-9 of the row's largest number (one, if that is smaller).
    """
    wanted = (len(raw), len(found.features))
    if found.values.shape != wanted:
        raise ProMLError(
            f"Learner {learner!r} gave contributions of shape {found.values.shape}, not {wanted}.",
            hint="one row a row, one column a feature.",
        )
    total = found.base + found.values.sum(axis=1)
    size = np.maximum(np.abs(found.values).max(axis=1, initial=0.0), np.abs(raw))
    size = np.maximum(size, max(1.0, abs(found.base)))
    off = np.abs(total - raw)
    wrong = ~(off <= TOLERANCE * size)
    if wrong.any():
        worst = int(np.where(wrong, np.nan_to_num(off, nan=np.inf), -1.0).argmax())
        raise ProMLError(
            f"The contributions of learner {learner!r} do not add up to its score in "
            f"{int(wrong.sum()):,} of {len(raw):,} rows: {total[worst]:.9g} is not "
            f"{raw[worst]:.9g}.",
            hint="its contributions() and raw() must agree: a fault of the learner.",
        )


def _sample(n_all: int, n_rows: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Row numbers, ascending: all, or `n_rows` of them drawn without replacement."""
    if n_all <= n_rows:
        return np.arange(n_all, dtype=np.int64)
    drawn = np.random.default_rng(seed).choice(n_all, n_rows, replace=False)
    return np.sort(drawn).astype(np.int64)
