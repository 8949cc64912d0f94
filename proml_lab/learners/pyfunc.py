"""The door for MLflow: ``mlflow.pyfunc.load_model("<artifact>/model")`` comes in here.

It needs what scoring needs and nothing else: no part of the package that runs notebooks, makes
artifacts or opens registries is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import polars as pl

from proml_lab.contracts import Floats
from proml_lab.errors import DataError, ProMLError
from proml_lab.learners.folder import load
from proml_lab.model import Model, as_frame


class PyFuncModel:
    """A model as MLflow calls it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: object, params: object = None) -> Floats:
        """(n,) predictions for a pandas frame with the columns that the model reads.

        Dates, times and moments may also be text in ISO 8601, as JSON has them.

        Raises
        ------
        mlflow.exceptions.MlflowException
            A column is missing, or cannot be read as the model reads it: the words are ours, and a
            server answers them to its client, which it does with no other error.
        """
        try:
            return self.model.predict(_with_moments(as_frame(model_input), self.model.inputs))
        except ProMLError as error:
            from mlflow.exceptions import MlflowException

            raise MlflowException.invalid_parameter_value(str(error)) from error


def _load_pyfunc(path: str) -> PyFuncModel:
    """MLflow's entry: `path` is the folder that holds the ``MLmodel`` file."""
    return PyFuncModel(load(path))


def _with_moments(frame: pl.DataFrame, inputs: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """`frame` with texts read where the model reads dates, times and moments."""
    read = [
        _read(frame[name], kind)
        for name, kind in inputs.items()
        if isinstance(kind, pl.Date | pl.Datetime | pl.Time)
        and name in frame.columns
        and frame[name].dtype == pl.String
    ]
    return frame.with_columns(read)


def _read(texts: pl.Series, kind: pl.DataType) -> pl.Series:
    """ISO 8601 as dates, times, or moments in UTC."""
    aware = isinstance(kind, pl.Datetime) and kind.time_zone is not None
    made: list[date | time | datetime | None] = []
    for text in texts:
        try:
            made.append(None if text is None else _parse(text, kind, aware=aware))
        except ValueError:
            raise DataError(
                f"Column {texts.name!r} holds {text!r}, which the model cannot read as {kind}.",
                hint=f"write it in ISO 8601, such as {_example(kind, aware=aware)!r}.",
            ) from None
    if isinstance(kind, pl.Datetime):
        return pl.Series(texts.name, made, pl.Datetime("us", "UTC" if aware else None))
    return pl.Series(texts.name, made, kind)


def _parse(text: str, kind: pl.DataType, *, aware: bool) -> date | time | datetime:
    """Raises ValueError for what is no such moment, or names a zone where there can be none."""
    if isinstance(kind, pl.Date):
        return date.fromisoformat(text)
    found = (time if isinstance(kind, pl.Time) else datetime).fromisoformat(text)
    if found.tzinfo is not None and not aware:
        raise ValueError(text)
    if isinstance(found, time):
        return found
    if aware:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found


def _example(kind: pl.DataType, *, aware: bool) -> str:
    if isinstance(kind, pl.Date):
        return "2026-01-31"
    return "18:30:00" if isinstance(kind, pl.Time) else "2026-01-31T18:30:00" + "Z" * aware
